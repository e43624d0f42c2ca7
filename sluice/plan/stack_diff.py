"""What differs between a stack in Git and its cluster: what `diff` shows, and `preview` of Helm."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from components.lib.manifests.identity import identify
from components.lib.state.deployed import Deployed, ObjectKey, placed
from sluice.backend.secret_values import RELEASE, Entry, is_secret
from sluice.backend.state import StackState
from sluice.declaration.desired import DesiredState
from sluice.declaration.helm import capabilities
from sluice.declaration.records import Declared, named
from sluice.declaration.rendering import release_of, rendering
from sluice.diff.change import component_title
from sluice.diff.difference import Comparison, Move
from sluice.engine.holders import Holder, holders, identity_of
from sluice.kubernetes.helm_records import records
from sluice.plan.comparison import Owned, compare
from sluice.stack.own_cluster import is_on_own_cluster, on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["differences"]

_SECRET_NUMBER: Final = 1000


def differences(
    desired: DesiredState,
    state: StackState,
    components: tuple[str, ...] = (),
    *,
    missing_ok: bool = False,
) -> tuple[Comparison, Mapping[str, str]]:
    """Compare what a stack declares, or the named components of it, with its cluster.

    With `missing_ok`, names that no component has are left out. Returns the
    comparison, and what is not in it, with the reason: releases that could not be
    rendered (`namespace/name`), and objects that may not be read.

    Raises:
        RepositoryError: where neither the stack nor its state has a named component, unless
            that is in order.
        DeclarationError: where a declaration is wrong, or Helm refuses a release.
        ApiError: where the cluster cannot be asked.
        DeploymentError: where the state cannot be read.

    """
    stack, cluster = desired.stack, desired.cluster
    objects = filter(_is_object, state.revealed())
    deployed = on_own_cluster(objects, lambda each: each["urn"].rpartition("::")[2], stack.name)
    found = desired.declaration
    own = [each for each in found.resources if is_on_own_cluster(each.name)]
    found = replace(found, resources=own)
    known = [*(each.title for each in found.components), *map(_component, deployed)]
    if missing_ok:
        components = tuple(each for each in components if each in known)
        if not components:
            return Comparison([], [], 0), {}
    chosen = named(components, known, stack.name)
    owned = [each for each in deployed if not chosen or _component(each) in chosen]
    installed = {release: _component(each) for each in owned if (release := _release(each))}
    # A release that Helm has already is taken over, so its record counts before that.
    new = {
        release_of(each): each.component
        for each in found.resources
        if each.type == RELEASE and (not chosen or each.component in chosen)
    }
    recorded, hidden = records(cluster, {**new, **installed})
    unread = {release: why for release, why in hidden.items() if release in installed}
    rendered = rendering(
        stack.repository,
        found,
        capabilities(cluster),
        components=chosen,
        installed=lambda release: release in recorded or release in unread,
        secrets={*desired.secrets.values(), *_secrets(deployed)},
    )
    declared = {placed(identity_of(each)) for each in own if each.type.startswith("kubernetes:")}
    held = _held(stack, owned, {*declared, *(placed(each.identity) for each in rendered.manifests)})
    applied = [each for each in (_owned(entry, held) for entry in owned) if each]
    # What moves to a component that is not asked for is not gone.
    gone = [each for each in applied if placed(each.identity) not in declared]
    shown = [each for each in rendered.manifests if each.release not in unread]
    compared = compare(cluster, replace(rendered, manifests=shown), gone, recorded)
    compared = replace(compared, moves=list(_moves(deployed, own, chosen)))
    return compared, {**rendered.unknown, **unread, **compared.unread}


def _is_object(entry: Entry) -> bool:
    is_kubernetes = str(entry["type"]).startswith("kubernetes:")
    return is_kubernetes and bool(entry.get("custom")) and not entry.get("external")


def _component(entry: Entry) -> str:
    return str(entry["urn"]).rpartition("::")[2].partition(":")[0]


def _release(entry: Entry) -> str:
    inputs = entry.get("inputs") or {}
    return f"{inputs['namespace']}/{inputs['name']}" if entry["type"] == RELEASE else ""


def _owned(entry: Entry, held: Mapping[str, Holder]) -> Owned | None:
    inputs = entry.get("inputs") or {}
    if "kind" not in inputs:
        return None
    kept = "its component does not prune" if entry.get("retainOnDelete") else ""
    holder = str(held[entry["urn"]]) if entry["urn"] in held else ""
    return Owned(_component(entry), identify(inputs), kept, holder)


def _moves(
    deployed: Sequence[Entry], declared: Sequence[Declared], chosen: Collection[str]
) -> Iterator[Move]:
    """Yield what the state has in another component than declares it now."""
    objects = Deployed.of(deployed).objects.values()
    before = {each.key: component_title(each.urn) for each in objects}
    for each in declared:
        if not each.type.startswith("kubernetes:"):
            continue
        identity = identity_of(each)
        former = before.get(placed(identity), "")
        kind, name = each.owner
        title = f"{kind.rpartition(':')[2].lower()}/{name}"
        touched = {each.component, former.partition("/")[2]}
        if former and former != title and (not chosen or touched & set(chosen)):
            yield Move(identity, former, title)


def _held(
    stack: Stack, owned: Sequence[Entry], declared: Collection[ObjectKey]
) -> Mapping[str, Holder]:
    """Return who has what is declared no more, by its URN."""
    state = Deployed.of(owned)
    going = [
        each for each in state.objects.values() if each.key not in declared and not each.retained
    ]
    return holders(stack, state, going)


def _secrets(state: Iterable[Entry]) -> Iterator[str]:
    """Yield what the state keeps secret; a Secret's own values are hidden by their place."""
    for entry in state:
        inputs = entry.get("inputs") or {}
        if inputs.get("kind") != "Secret":
            yield from _marked(inputs)


def _marked(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if is_secret(value):
            yield from _texts(json.loads(value["plaintext"]))
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _marked(item)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a secret.

    The provider's state has all of an object's `spec` as one where a part of it is:
    a container's image and a small number are none.
    """
    if isinstance(value, Mapping):
        container = "name" in value and isinstance(value.get("image"), str)
        value = [item for key, item in value.items() if not (container and key == "image")]
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) or (isinstance(value, int) and abs(value) >= _SECRET_NUMBER):
        yield str(value)
