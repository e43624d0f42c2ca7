"""What differs between a stack in Git and its cluster: what `diff` shows, and `preview` of Helm."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pulumi.runtime import rpc

from components.lib.manifests.identity import identify
from sluice.backend.secret_values import Entry
from sluice.declaration.helm import capabilities
from sluice.declaration.program import declaration
from sluice.declaration.records import named
from sluice.declaration.rendering import RELEASE, rendering
from sluice.diff.difference import Comparison
from sluice.engine.engine import Engine
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import records
from sluice.plan.comparison import Owned, compare
from sluice.stack.own_cluster import is_on_own_cluster, on_own_cluster
from sluice.stack.repository import Repository
from sluice.stack.stack import locked_charts, secret_settings

__all__ = ["differences"]


_SECRET_NUMBER: Final = 1000


def differences(
    repository: Repository,
    stack: str,
    components: tuple[str, ...] = (),
    *,
    checkout: Repository | None = None,
    missing_ok: bool = False,
) -> tuple[Comparison, Mapping[str, str]]:
    """Compare a stack, or the named components of it, with its cluster.

    With `missing_ok`, names that no component has are left out. What is declared
    is read from `checkout`, by default the repository's working tree. Returns the
    comparison, and what is not in it, with the reason: releases that could not be
    rendered (`namespace/name`), and objects that may not be read.

    Raises:
        RepositoryError: where neither the stack nor its state has a named component, unless
            that is in order.
        DeclarationError: where a declaration is wrong, or Helm refuses a release.
        ApiError: where the cluster cannot be asked.
        DeploymentError: where the state cannot be read.

    """
    source = checkout or repository
    cluster = Cluster.of(source, stack)
    entries = Engine(repository, stack).state_in_clear()
    state = on_own_cluster(
        filter(_is_object, entries), lambda each: each["urn"].rpartition("::")[2], stack
    )
    settings = secret_settings(source, stack)
    found = declaration(
        source,
        stack,
        locked_charts(source, stack),
        read=lambda kind, path: cluster.get("v1", kind, *path.split("/", 1)),
        config=settings,
    )
    own = [each for each in found.resources if is_on_own_cluster(each.name)]
    found = replace(found, resources=own)
    known = [*(each.title for each in found.components), *map(_component, state)]
    if missing_ok:
        components = tuple(each for each in components if each in known)
        if not components:
            return Comparison([], [], 0), {}
    chosen = named(components, known, stack)
    owned = [each for each in state if not chosen or _component(each) in chosen]
    installed = {release: _component(each) for each in owned if (release := _release(each))}
    recorded, unread = records(cluster, installed)
    rendered = rendering(
        source,
        found,
        capabilities(cluster),
        components=chosen,
        installed=lambda release: release in recorded or release in unread,
        secrets={*settings.values(), *_secrets(state)},
    )
    objects = [each for each in map(_owned, owned) if each]
    shown = [each for each in rendered.manifests if each.release not in unread]
    compared = compare(cluster, replace(rendered, manifests=shown), objects, recorded)
    return compared, {**rendered.unknown, **unread, **compared.unread}


def _is_object(entry: Entry) -> bool:
    is_kubernetes = str(entry["type"]).startswith("kubernetes:")
    return is_kubernetes and bool(entry.get("custom")) and not entry.get("external")


def _component(entry: Entry) -> str:
    return str(entry["urn"]).rpartition("::")[2].partition(":")[0]


def _release(entry: Entry) -> str:
    inputs = entry.get("inputs") or {}
    return f"{inputs['namespace']}/{inputs['name']}" if entry["type"] == RELEASE else ""


def _owned(entry: Entry) -> Owned | None:
    inputs = entry.get("inputs") or {}
    if "kind" not in inputs:
        return None
    return Owned(_component(entry), identify(inputs), bool(entry.get("retainOnDelete")))


def _secrets(state: Iterable[Entry]) -> Iterator[str]:
    """Yield what the state keeps secret; a Secret's own values are hidden by their place."""
    for entry in state:
        inputs = entry.get("inputs") or {}
        if inputs.get("kind") != "Secret":
            yield from _marked(inputs)


def _marked(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:  # noqa: SLF001
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
