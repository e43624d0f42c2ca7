"""New releases that Helm has already: an update takes them over, and does not make them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.errors import SluiceError
from sluice.backend.secret_values import RELEASE
from sluice.declaration.desired import DesiredState
from sluice.declaration.records import Declared
from sluice.declaration.rendering import release_of
from sluice.diff.change import Change, FieldDifference, VersionChange
from sluice.diff.difference import field_differences
from sluice.diff.masking import AFTER, BEFORE
from sluice.kubernetes.helm_records import HelmRecord, newest_record
from sluice.recovery.release_recovery import is_same_chart, other_owner
from sluice.stack.own_cluster import is_on_own_cluster

__all__ = ["with_existing"]


def with_existing(
    desired: DesiredState, changes: Sequence[Change]
) -> tuple[list[Change], Mapping[str, str]]:
    """Return the changes, a release that is there as an update of it; and what is to be said of it.

    By URN. A release that the account may not ask for is left as one that is made.
    """
    new = {each.component for each in changes if _is_new(each)}
    if not new:
        return list(changes), {}
    declared = {each.name: each for each in _releases(desired) if each.component in new}
    found = {name: record for name, each in declared.items() if (record := _record(desired, each))}
    shown: list[Change] = []
    notes: dict[str, str] = {}
    for change in changes:
        name = change.urn.rpartition("::")[2]
        if not _is_new(change) or name not in found:
            shown.append(change)
            continue
        owner = other_owner(desired.stack, release_of(declared[name]))
        if owner:
            shown.append(change)
            notes[change.urn] = f"the stack {owner} has this release, and an update leaves it to it"
            continue
        fields = tuple(_fields(desired, declared[name], found[name]))
        versions = tuple(_versions(change, found[name]))
        shown.append(replace(change, operation="update", fields=fields, versions=versions))
        notes[change.urn] = _note(found[name], is_changed=bool(fields))
    return shown, notes


def _is_new(change: Change) -> bool:
    is_release = f"{RELEASE}::" in change.urn
    return change.operation == "create" and is_release and is_on_own_cluster(change.component)


def _releases(desired: DesiredState) -> Iterator[Declared]:
    return (each for each in desired.declaration.resources if each.type == RELEASE)


def _record(desired: DesiredState, declared: Declared) -> HelmRecord | None:
    try:
        return newest_record(desired.cluster, release_of(declared))
    except SluiceError:
        return None


def _fields(
    desired: DesiredState, declared: Declared, record: HelmRecord
) -> Iterator[FieldDifference]:
    """Yield what makes Helm upgrade the release; of its values, which ones."""
    inputs = declared.revealed
    if not is_same_chart(desired.stack.repository.root, {"inputs": inputs}, record):
        yield FieldDifference("chart", record.chart[0], inputs["chart"])
    if record.chart[1] != inputs["version"]:
        yield FieldDifference("version", record.chart[1], inputs["version"])
    if record.status != "deployed":
        yield FieldDifference("status", record.status, "deployed")
    if inputs.get("postrender"):
        yield FieldDifference("postrender", None, inputs["postrender"])
    before, after = (
        _plain({"values": each or {}}) for each in (record.values, inputs.get("values"))
    )
    for path, *_ in field_differences(before, after):
        # Helm does not say which of them are secret.
        yield FieldDifference(path, BEFORE, AFTER)


def _plain(values: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(values))


def _versions(change: Change, record: HelmRecord) -> Iterator[VersionChange]:
    name, version = record.chart
    for each in change.versions:
        if each.what != "chart" or each.after != version:
            before = version if each.what == "chart" and each.name == name else each.before
            yield replace(each, before=before)


def _note(record: HelmRecord, *, is_changed: bool) -> str:
    becomes = "upgraded" if is_changed else "stays as it is"
    return (
        f"Helm has this release already, as revision {record.revision} of "
        f"{'-'.join(record.chart)}: it is taken over, and {becomes}"
    )
