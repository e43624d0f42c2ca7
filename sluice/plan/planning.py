"""What an update of a stack would do, object by object, inside Helm releases too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.lib.manifests.schema import ANY, schema_of
from sluice.declaration.desired import DesiredState
from sluice.diff.change import Change, FieldDifference, PlannedChange, component_kind_of
from sluice.diff.danger import interruption, loss, urgency
from sluice.diff.difference import Difference
from sluice.diff.masking import BEFORE, Masks
from sluice.diff.versions import version_changes
from sluice.engine.engine import Engine
from sluice.engine.values import overlap
from sluice.errors import DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.plan.existing_releases import with_existing
from sluice.plan.stack_diff import differences
from sluice.stack.own_cluster import is_on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["Plan", "in_urgency", "of_difference", "plan", "unserved"]

_HELM = "HelmRelease"
_MARKS = "pulumi.com/"


@dataclass(frozen=True)
class Plan:
    """What an update of a stack would do.

    Attributes:
        changes: the objects that change, what loses data first; those of a
            Helm release follow it.
        notes: what is left out or not shown, a sentence each.

    """

    changes: list[PlannedChange]
    notes: list[str]


def plan(desired: DesiredState) -> Plan:
    """Return what `up` would do to a stack now; what is suspended is left out.

    Raises:
        DeploymentError: with each reason for which it would fail.
        DeclarationError: where a declaration is wrong, or Helm refuses a release.
        ApiError: where the cluster cannot be asked.

    """
    stack = desired.stack
    suspended = {each.component: each for each in stack.suspensions()}
    notes = [f"{name or stack.name}: left out, {each}" for name, each in suspended.items()]
    if "" in suspended:
        return Plan([], notes)
    changes, existing = with_existing(desired, _changes(stack, suspended, notes))
    found, unknown = _compared(desired, changes)
    changes, there = there_already(changes, found, unknown)
    existing = {**existing, **there}
    notes += [f"{each} is not compared with the cluster: {why}" for each, why in unknown.items()]
    rows = in_urgency(_grouped(stack.name, changes, found, existing))
    notes += unserved(changes, rows, desired.cluster)
    return Plan(_masked(desired.secrets, rows), notes)


def unserved(
    changes: Sequence[Change], planned: Sequence[PlannedChange], cluster: Cluster
) -> list[str]:
    """Return a sentence for each new object whose kind the cluster does not know, nor will then."""
    brought = {
        row.name.partition(".")[2] for row in planned if row.kind == "CustomResourceDefinition"
    }
    return [
        f"{change.kind} {change.namespace}/{change.name}: the cluster does not serve "
        f"{api_version}, and nothing in this stack brings its definition"
        for change in changes
        for api_version in [_api_version(change.urn)]
        if change.operation == "create"
        and "." in api_version
        and schema_of(api_version, change.kind) is ANY
        and api_version.partition("/")[0] not in brought
        and not cluster.serves(api_version, change.kind)
    ]


def in_urgency(groups: list[list[PlannedChange]]) -> list[PlannedChange]:
    """Return the groups, each a release with its objects, by the most urgent of each."""
    groups.sort(key=lambda group: min(urgency(row.operation, row.kind) for row in group))
    return [row for group in groups for row in group]


def of_difference(stack: str, component_kind: str, found: Difference) -> PlannedChange:
    """Return the record of an object that was found to differ."""
    return PlannedChange(
        *(stack, found.operation, found.component, component_kind, found.release),
        *(found.identity.kind, found.identity.namespace, found.identity.name),
        [FieldDifference(*each) for each in found.fields],
        list(version_changes(found.before, found.after)),
        *(found.loss, found.note),
        list(found.warnings),
        found.refusal,
    )


def _api_version(urn: str) -> str:
    """Return `keda.sh/v1alpha1` of a URN with `kubernetes:keda.sh/v1alpha1:ScaledObject`."""
    kind = urn.rpartition("::")[0].rpartition("kubernetes:")[2]
    return kind.rpartition(":")[0]


def _changes(stack: Stack, suspended: Collection[str], notes: list[str]) -> Sequence[Change]:
    try:
        return Engine(stack).preview(exclude=suspended).changes
    except DeploymentError as error:
        failed = [change for change in error.changes if change.error]
        if not failed or any(change.operation != "replace" for change in failed):
            raise
        # The object is still there in a preview, where an update has deleted it first.
        notes += [
            f"{change.kind} {change.name}: a dry run cannot replace it, so what waits for it is "
            "not shown; an update can"
            for change in failed
        ]
        return error.changes


def _compared(
    desired: DesiredState, changes: Sequence[Change]
) -> tuple[Sequence[Difference], Mapping[str, str]]:
    # The engine shows neither what is in a release, nor what the cluster warns of.
    touched = (
        each
        for each in changes
        if each.operation not in ("delete", "move", "orphan") or _is_opaque(each)
    )
    asked = dict.fromkeys(each.component for each in touched if is_on_own_cluster(each.component))
    if not asked:
        return [], {}
    # An object may have a name of its own, which is no component's.
    state = desired.stack.state()
    compared, unknown = differences(desired, state, tuple(asked), missing_ok=True)
    return compared.differences, unknown


def there_already(
    changes: Sequence[Change], found: Sequence[Difference], unknown: Collection[str]
) -> tuple[list[Change], Mapping[str, str]]:
    """Return the changes, a new object that the cluster has as an update of it; and what is said.

    By URN. `found` are the objects that differ from the cluster, `unknown` the names of
    those that were not compared.
    """
    differing = {_place(each): each for each in found if not each.release}
    shown: list[Change] = []
    notes: dict[str, str] = {}
    for change in changes:
        it = differing.get((change.kind, change.namespace, change.name))
        is_there = it.operation == "update" if it else not _is_among(unknown, change)
        is_new = change.operation == "create" and change.kind != "Release"
        if is_new and is_there and is_on_own_cluster(change.component):
            told = (FieldDifference(*each) for each in it.fields) if it else ()
            fields = tuple(each for each in told if not _is_mark(each))
            versions = tuple(version_changes(it.before, it.after)) if it else ()
            shown.append(replace(change, operation="update", fields=fields, versions=versions))
            becomes = "changed" if fields else "gets no more than Pulumi's annotations"
            notes[change.urn] = f"it is there already: it is taken over, and {becomes}"
        else:
            shown.append(change)
    return shown, notes


def _is_mark(field: FieldDifference) -> bool:
    """Whether a field is no more than what Pulumi notes on each object."""
    if field.path == "metadata.annotations" and not field.before:
        return all(key.startswith(_MARKS) for key in field.after or ())
    return field.path.startswith(f'metadata.annotations["{_MARKS}')


def _is_among(names: Collection[str], change: Change) -> bool:
    path = f"{change.namespace}/{change.name}" if change.namespace else change.name
    return f"{change.kind} {path}" in names


def _grouped(
    stack: str,
    changes: Sequence[Change],
    found: Sequence[Difference],
    existing: Mapping[str, str],
) -> list[list[PlannedChange]]:
    inside: dict[str, list[PlannedChange]] = {}
    for each in found:
        if each.release:
            inside.setdefault(each.component, []).append(of_difference(stack, _HELM, each))
    for rows in inside.values():
        rows.sort(key=lambda row: urgency(row.operation, row.kind))
    outside = {_place(each): each for each in found if not each.release}
    return [
        [
            _row(
                *(stack, change, outside.get((change.kind, change.namespace, change.name))),
                existing.get(change.urn, ""),
            ),
            *(inside.get(change.component, ()) if change.kind == "Release" else ()),
        ]
        for change in changes
    ]


def _is_opaque(change: Change) -> bool:
    """Whether the engine does not say what changes: inside a release, or beside a secret."""
    if change.kind == "Release":
        return True
    return change.kind != "Secret" and any(field.before == BEFORE for field in change.fields)


def _place(found: Difference) -> tuple[str, str, str]:
    return found.identity.kind, found.identity.namespace, found.identity.name


def _row(stack: str, change: Change, found: Difference | None, existing: str) -> PlannedChange:
    fields, versions = list(change.fields), list(change.versions)
    if found is not None and _is_opaque(change):
        told = [FieldDifference(*each) for each in found.fields]
        # What was changed by hand differs, too, and is no change of the declaration's.
        fields = [
            each for each in told if any(overlap(each.path, field.path) for field in change.fields)
        ] or fields
        versions = list(version_changes(found.before, found.after))
    note = existing or change.note or interruption(change.operation, change.kind)
    note = note or (found.note if found else "")
    return PlannedChange(
        *(stack, change.operation, change.component, component_kind_of(change), ""),
        *(change.kind, change.namespace, change.name),
        *(fields, versions),
        *(loss(change.operation, change.kind), note),
        list(found.warnings) if found else [],
        found.refusal if found else "",
        change.moved_from,
    )


def _masked(secrets: Mapping[str, str], rows: Sequence[PlannedChange]) -> list[PlannedChange]:
    """Hide the configuration's secrets where the program has put them in plain."""
    if not secrets:
        return list(rows)
    masks = Masks(secrets.values())
    return [
        replace(row, fields=[_masked_field(masks, field) for field in row.fields]) for row in rows
    ]


def _masked_field(masks: Masks, field: FieldDifference) -> FieldDifference:
    sides: Sequence[Mapping[str, Any]] = [
        {} if value is None else {"value": value} for value in (field.before, field.after)
    ]
    pair = masks.pair(*sides)
    return FieldDifference(field.path, pair.before.get("value"), pair.after.get("value"))
