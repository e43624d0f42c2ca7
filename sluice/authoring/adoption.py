"""What was changed by hand on a component's objects, as patches that keep it.

The server says what a reconciliation would put back: the live object and the
one that applying the declaration would leave differ in just that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.lib.manifests.difference import difference
from components.lib.manifests.identity import Identity, identify
from components.lib.manifests.schema import schema_of
from components.runtime.answers import LockedNames
from sluice.authoring.python import Call
from sluice.backend.secret_values import RELEASE
from sluice.declaration.program import declaration
from sluice.declaration.records import SECRET, Declaration, Declared
from sluice.declaration.rendering import release_of
from sluice.errors import RepositoryError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.managed_fields import Fields, below, is_whole, item
from sluice.stack.stack import Stack

__all__ = ["Adoption", "adoption", "unknown_releases"]

# Who writes for the stack, or for Kubernetes.
_NOT_BY_HAND = (
    "sluice",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
)


@dataclass(frozen=True)
class Adoption:
    """What was changed by hand on a component.

    Attributes:
        patches: a `Patch(…)` for each object that was changed.
        refusals: a sentence for each change that a patch cannot keep.

    """

    patches: list[Call]
    refusals: list[str]


def unknown_releases(stack: Stack, component: str) -> list[str]:
    """Return the Helm releases that a component declares and the stack's state has not.

    Each as `namespace/name`.
    """
    made = declaration(stack, LockedNames(stack.repository.root, stack.name))
    known = {each.name for each in stack.state().resources() if each.type == RELEASE}
    declared = [each for each in made.resources if each.type == RELEASE]
    unknown = [each for each in declared if each.component == component]
    return [release_of(each) for each in unknown if each.name not in known]


def adoption(stack: Stack, component: str) -> Adoption:
    """Compare a component's objects with the live ones.

    Raises:
        RepositoryError: where the stack declares no such component, or none
            whose objects can be patched.
        ApiError: where the cluster cannot be asked, or refuses what is declared.

    """
    made = declaration(stack, LockedNames(stack.repository.root, stack.name))
    state = {(each.type, each.name): each.inputs for each in stack.state().resources()}
    cluster = stack.cluster()
    patches: list[Call] = []
    refusals: list[str] = []
    for declared in _objects(made, stack.name, component):
        deployed = state.get((declared.type, declared.name))
        if deployed is None:
            continue
        identity = identify(declared.revealed)
        live = cluster.get(identity.api_version, identity.kind, identity.namespace, identity.name)
        if live is None:
            refusals.append(f"{identity} was deleted: take it out of {component} to keep it so")
            continue
        found = _changes(cluster, declared, live, deployed)
        kept = {} if identity.kind == "Secret" else _without_secrets(found, declared.inputs)
        if kept != found:
            refusals.append(
                f"a secret value of {identity} was changed: set it in the stack's encrypted "
                f"config (`pulumi config set --stack {stack} --secret`)"
            )
        if kept:
            patches.append(_patch(identity, kept, made))
    return Adoption(patches, refusals)


def _changes(
    cluster: Cluster, declared: Declared, live: Mapping[str, Any], deployed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the patch from what is declared to what was changed by hand."""
    applied, _ = cluster.dry_run(declared.revealed)
    schema = schema_of(str(live["apiVersion"]), str(live["kind"]))
    found = difference(_comparable(applied), _comparable(live), schema)
    return _by_hand(found, _written_by_others(live), deployed)


def _objects(made: Declaration, stack: str, component: str) -> list[Declared]:
    declared = [each for each in made.resources if each.component == component]
    named = [each for each in made.components if each.name == component]
    if not named:
        known = ", ".join(sorted({each.name for each in made.components}))
        raise RepositoryError(f"{stack} declares no component {component!r}; there are: {known}")
    objects = [each for each in declared if "kind" in each.revealed]
    if any(each.type == RELEASE for each in declared):
        where = next(each.where for each in named if type(each).__name__ == "HelmRelease")
        raise RepositoryError(
            f"{component} is a Helm release, whose objects a patch cannot change: set the chart's "
            f"values at {where}, or let the fix go with `sluice resume {stack} {component}`"
        )
    if not objects:
        raise RepositoryError(f"{component} makes no object that could be changed")
    return objects


def _comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody declares of an object, without what the server keeps of it."""
    metadata = manifest["metadata"]
    annotations = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if not key.startswith("pulumi.com/")
    }
    kept = {"labels": metadata.get("labels") or {}, "annotations": annotations}
    rest = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
    return {"metadata": kept, **rest}


def _by_hand(patch: Mapping[str, Any], written: Sequence[Fields], deployed: Any) -> dict[str, Any]:
    """Return the fields of a patch that somebody else has written, or taken out since.

    What Git alone has changed since it was deployed is left out.
    """
    before = deployed if isinstance(deployed, Mapping) else {}
    kept: dict[str, Any] = {}
    for key, value in patch.items():
        inside = below(written, key)
        if isinstance(value, Mapping):
            within: Any = _by_hand(value, inside, before.get(key))
        elif isinstance(value, list) and not is_whole(inside):
            within = _items_by_hand(value, inside, before.get(key))
        else:
            changed = before.get(key) is not None if value is None else bool(inside)
            kept |= {key: value} if changed else {}
            continue
        kept |= {key: within} if within else {}
    return kept


def _items_by_hand(items: list[Any], written: Sequence[Fields], deployed: Any) -> list[Any]:
    kept = []
    for each in items:
        if not isinstance(each, Mapping):
            continue
        name = next(iter(each), "")  # the merge key is first
        others = deployed if isinstance(deployed, list) else []
        before = next((other for other in others if other.get(name) == each.get(name)), None)
        if "$patch" in each:
            kept += [each] if before is not None else []
        elif within := _by_hand(each, item(written, each), before):
            kept.append({name: each[name], **within})
    return kept


def _written_by_others(live: Mapping[str, Any]) -> list[Fields]:
    return [
        entry["fieldsV1"]
        for entry in live["metadata"].get("managedFields") or ()
        if entry["manager"] not in _NOT_BY_HAND and entry.get("subresource") != "status"
    ]


def _without_secrets(patch: Mapping[str, Any], declared: Any) -> dict[str, Any]:
    """Return the patch without the fields that are declared secret."""
    known = declared if isinstance(declared, Mapping) else {}
    kept: dict[str, Any] = {}
    for key, value in patch.items():
        beside = known.get(key)
        if beside == SECRET:
            continue
        if isinstance(value, Mapping):
            within: Any = _without_secrets(value, beside)
        elif isinstance(value, list):
            within = [left for each in value if (left := _item_without_secrets(each, beside))]
        else:
            within = value
        if within == value or within:
            kept[key] = within
    return kept


def _item_without_secrets(each: Any, declared: Any) -> Any:
    if not isinstance(each, Mapping) or not isinstance(declared, list):
        return each
    name = next(iter(each), "")
    beside = next((other for other in declared if other.get(name) == each.get(name)), None)
    kept = _without_secrets(each, beside)
    return kept if len(kept) > 1 or kept == each else None


def _patch(identity: Identity, merge: Mapping[str, Any], made: Declaration) -> Call:
    alike = [each for each in map(_identity, made.resources) if each and _alike(each, identity)]
    keywords: dict[str, Any] = {"kind": identity.kind, "name": identity.name}
    if len(alike) > 1:
        keywords["namespace"] = identity.namespace
    return Call("Patch", keywords={**keywords, "merge": merge})


def _identity(declared: Declared) -> Identity | None:
    return identify(declared.revealed) if "kind" in declared.revealed else None


def _alike(one: Identity, other: Identity) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)
