"""What an update that was killed or failed leaves in a stack's state, and how it is mended.

Pulumi keeps a creation that was interrupted as a pending operation, for ever:
it cannot know the name that a cloud gives. A Kubernetes object's name is in
its inputs. So it is put into the state as if it were there, and the refresh
that follows finds out: it is kept and updated, or dropped and made anew. That
way what was made but never recorded is found even where it is declared no more.

Everything here is a function from one deployment, as `pulumi stack export`
writes it, to the next.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sluice.backend.secret_values import RELEASE, SECRET, Entry

__all__ = [
    "Deployment",
    "Installed",
    "as_made",
    "has_pending",
    "needs_repair",
    "release_id",
    "releases",
    "repaired",
    "with_begun",
    "with_release",
]

Deployment = Mapping[str, Any]

_OURS = "kubernetes:"
# What the provider needs to read a release, and nothing that may be secret.
_IDENTIFYING = ("name", "namespace", "timeout", "atomic")


@dataclass(frozen=True)
class Installed:
    """What Helm has recorded of a release that is deployed.

    Attributes:
        version: its chart's version.
        values: what it was given over the chart's own values.
        same_chart: whether its chart is the declared one, in whatever version.

    """

    version: str
    values: Mapping[str, Any] = field(repr=False)
    same_chart: bool = True


def has_pending(deployment: Deployment) -> bool:
    """Whether an update was interrupted while it changed something."""
    return bool(_pending(deployment))


def needs_repair(deployment: Deployment, unfinished: Collection[str]) -> bool:
    """Whether there is something that `repaired` would change."""
    failed = any(_is_failed(entry) for entry in _resources(deployment))
    return has_pending(deployment) or failed or bool(unfinished)


def repaired(deployment: Deployment, unfinished: Collection[str]) -> Deployment:
    """Return the deployment without pending operations, with what was being created in it.

    A release that failed, was interrupted or is among the `unfinished`, by URN, is
    updated by the next run even where its inputs are the same.
    """
    interrupted = {entry["urn"] for entry in _pending(deployment)}
    known = [
        _to_redo(entry)
        if _is_failed(entry) or entry["urn"] in interrupted or entry["urn"] in unfinished
        else entry
        for entry in _resources(deployment)
    ]
    others = [op for op in _operations(deployment) if op not in _of_kubernetes(deployment)]
    resources = [*known, *_created(deployment).values()]
    return {**deployment, "resources": resources, "pending_operations": others}


def with_begun(deployment: Deployment, begun: Sequence[Entry]) -> Deployment:
    """Return the deployment with what a killed update had begun to make: pending operations.

    What hangs on something that is neither there nor begun is left out.
    """
    urns = {entry["urn"] for entry in _resources(deployment)}
    resources, pending = _resources(deployment), _operations(deployment)
    for entry in begun:
        needed = {entry.get("parent", ""), _provider(entry)} - {""}
        if entry["urn"] in urns or not needed <= urns:
            continue
        if entry["type"].startswith(_OURS):
            pending.append({"resource": entry, "type": "creating"})
        else:
            resources.append(entry)
            urns.add(entry["urn"])
    return {**deployment, "resources": resources, "pending_operations": pending}


def releases(deployment: Deployment) -> list[Entry]:
    """Return the Helm releases in the state or about to be."""
    known = {entry["urn"]: entry for entry in (*_pending(deployment), *_resources(deployment))}
    return [entry for entry in known.values() if entry["type"] == RELEASE]


def release_id(entry: Entry) -> str:
    """Return a Helm release's `namespace/name`."""
    return f"{entry['inputs']['namespace']}/{entry['inputs']['name']}"


def with_release(
    deployment: Deployment,
    release: Entry,
    installed: Installed | None = None,
    above: Sequence[Entry] = (),
) -> Deployment | None:
    """Return the deployment with a release that it does not know; None where it cannot be.

    By what is `installed` the next update tells whether there is anything to
    upgrade; without it, it upgrades. `above` are the resources that the release
    hangs on, its provider among them, which are put in where they are not there.
    It cannot be while its parent is neither in the state nor among them, or where
    another resource of the stack is that very release.
    """
    urns = {entry["urn"] for entry in _resources(deployment)}
    missing = [entry for entry in above if entry["urn"] not in urns]
    is_placed = release["parent"] in urns | {entry["urn"] for entry in missing}
    if not is_placed or any(_is_same(release, each) for each in releases(deployment)):
        return None
    made = _as_installed(release, installed) if installed else _as_created(release)
    return {**deployment, "resources": [*_resources(deployment), *missing, made]}


def as_made(release: Entry, above: Sequence[Entry]) -> tuple[Entry, list[Entry]]:
    """Return a release and what it hangs on as they are once they are made.

    Those are components, which have no more than their names, and its provider.
    """
    provider = _provider(release)
    made: list[Entry] = [
        {**each, "custom": True, "id": str(uuid4()), "outputs": each["inputs"]}
        if each["urn"] == provider
        else {**each, "custom": False}
        for each in above
    ]
    ids = [f"{provider}::{each['id']}" for each in made if each["urn"] == provider]
    return {**release, "provider": next(iter(ids), release["provider"])}, made


def _is_same(one: Entry, other: Entry) -> bool:
    places = [(release_id(each), _provider(each)) for each in (one, other)]
    return places[0] == places[1]


def _provider(entry: Entry) -> str:
    """Return the URN of a resource's provider, without its id."""
    return str(entry.get("provider", "")).rpartition("::")[0]


def _resources(deployment: Deployment) -> list[Entry]:
    return list(deployment.get("resources") or ())


def _operations(deployment: Deployment) -> list[Entry]:
    return list(deployment.get("pending_operations") or ())


def _of_kubernetes(deployment: Deployment) -> list[Entry]:
    operations = _operations(deployment)
    return [op for op in operations if op["resource"]["type"].startswith(_OURS)]


def _pending(deployment: Deployment) -> list[Entry]:
    return [operation["resource"] for operation in _of_kubernetes(deployment)]


def _created(deployment: Deployment) -> Mapping[str, Entry]:
    known = {entry["urn"] for entry in _resources(deployment)}
    return {
        operation["resource"]["urn"]: _as_created(operation["resource"])
        for operation in _of_kubernetes(deployment)
        if operation["type"] == "creating" and operation["resource"]["urn"] not in known
    }


def _as_created(entry: Entry) -> Entry:
    if entry["type"] == RELEASE:
        return {**entry, **_release(entry["inputs"]), "custom": True, "id": release_id(entry)}
    inputs = entry["inputs"]
    name, namespace = inputs["metadata"]["name"], inputs["metadata"].get("namespace")
    return {**entry, "outputs": inputs, "id": f"{namespace}/{name}" if namespace else name}


def _release(declared: Mapping[str, Any]) -> Entry:
    # Its values come from the cluster with the refresh, and are as secret as is said here.
    inputs = {key: declared[key] for key in _IDENTIFYING if key in declared}
    inputs["values"] = {**SECRET, "plaintext": "{}"}
    remembered = {**SECRET, "plaintext": json.dumps(inputs)}
    return {"inputs": inputs, "outputs": {**inputs, "__inputs": remembered}}


def _as_installed(release: Entry, installed: Installed) -> Entry:
    """Return a release as the provider would have left it that had installed what is there."""
    # Its values may be secret, and Helm does not say which.
    values = {**SECRET, "plaintext": json.dumps(installed.values)}
    inputs = {**release["inputs"], "version": installed.version, "values": values}
    plain = {**SECRET, "plaintext": json.dumps({**inputs, "values": installed.values})}
    # Helm records no post-renderer: one that is declared is taken for a new one.
    outputs = {**inputs, "postrender": "", "__inputs": plain}
    if not installed.same_chart:
        del outputs["chart"]
    made = {"inputs": inputs, "outputs": outputs, "custom": True}
    return {**release, **made, "id": release_id(release)}


def _is_failed(entry: Entry) -> bool:
    return entry["type"] == RELEASE and bool(entry.get("initErrors"))


def _to_redo(entry: Entry) -> Entry:
    if entry["type"] != RELEASE:
        return entry
    # A refresh takes values and version from the cluster, which may be the declared ones
    # already, and forgets the failure; the chart it only fills in where there is none.
    outputs = {key: value for key, value in entry["outputs"].items() if key != "chart"}
    return {**entry, "outputs": outputs}
