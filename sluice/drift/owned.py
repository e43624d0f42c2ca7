"""What a stack owns on its cluster: the objects of its state, and its Helm releases' children."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.base.ignore import Ignore
from components.lib.manifests import documents
from components.lib.manifests.empty import with_empty_values, without_nulls
from sluice.backend.secret_values import RELEASE, holds_secret, is_secret, plain_text
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import deployed_manifests
from sluice.kubernetes.managed_fields import below, fields_of
from sluice.stack.own_cluster import on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["HELM_MANAGERS", "OwnedObject", "declared_objects", "state_of", "with_secrets"]

HELM_MANAGERS = frozenset(
    {"Helm", "helm", "helm-controller", "pulumi-resource-kubernetes", "sluice"}
)
"""Who writes a Helm release's children: Helm by itself, in Flux and in Pulumi, a correction."""

Entry = Mapping[str, Any]
_GROUPS = "kubernetes:"


@dataclass(frozen=True)
class OwnedObject:
    """An object that a stack owns.

    Attributes:
        component: the component that declares it.
        manifest: what is declared of it; secrets as the state keeps them.
        sent: what of it is sent to the API server: Pulumi leaves out most of what is empty.
        managers: the field managers that are the stack's own.
        ignored: the component's rules for it.
        urn: Pulumi's name of it, or of its Helm release.
        release: its Helm release, `namespace/name`; empty for an object of its own.

    """

    component: str
    manifest: Mapping[str, Any]
    sent: Mapping[str, Any]
    managers: frozenset[str]
    ignored: Sequence[Ignore]
    urn: str
    release: str = ""

    @property
    def api_version(self) -> str:
        """Its API version."""
        return str(self.manifest["apiVersion"])

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest["kind"])

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it is in none or in the default one."""
        return str(self.manifest["metadata"].get("namespace") or "")

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    def ignores(self, path: Sequence[str | int]) -> bool:
        """Whether a rule leaves a field to others."""
        return any(rule.covers(path) for rule in self.ignored)


def state_of(stack: Stack) -> Sequence[Entry]:
    """Return what a stack's state holds of its own cluster, secrets still encrypted."""
    entries = stack.state().entries()
    return on_own_cluster(entries, lambda each: str(each["urn"]).rpartition("::")[2], stack.name)


def declared_objects(
    state: Sequence[Entry], cluster: Cluster, *, without: Iterable[str] = ()
) -> list[OwnedObject]:
    """Return what the stack owns, without the components that are named.

    Raises:
        ApiError: where Helm's records cannot be read.

    """
    left_out = set(without)
    entries = {entry["urn"]: entry for entry in state if not entry.get("delete")}
    owned = [
        (entry, component)
        for entry in entries.values()
        if entry.get("custom") and not entry.get("external") and _is_kubernetes(entry)
        for component in [_component(entry, entries)]
        if component["urn"].rpartition("::")[2] not in left_out
    ]
    plain = [_plain(entry, component) for entry, component in owned if entry["type"] != RELEASE]
    releases = [(entry, component) for entry, component in owned if entry["type"] == RELEASE]
    return [*plain, *_children(releases, cluster)]


def with_secrets(declared: Collection[OwnedObject], stack: Stack) -> list[OwnedObject]:
    """Return the objects, of which what is sent has its secrets in plain text, in memory only."""
    hidden = {each.urn for each in declared if not each.release and holds_secret(each.sent)}
    if not hidden:
        return list(declared)
    from sluice.stack.tool_environment import enter  # noqa: PLC0415 - only where Pulumi is asked

    enter(stack.repository)
    entries = stack.state().revealed()
    revealed = {entry["urn"]: entry["inputs"] for entry in entries if entry["urn"] in hidden}
    return [
        replace(each, sent=plain_text(_manifest(revealed[each.urn])))
        if each.urn in revealed
        else each
        for each in declared
    ]


def _is_kubernetes(entry: Entry) -> bool:
    inputs = entry.get("inputs") or {}
    group, _, kind = str(entry["type"]).removeprefix(_GROUPS).partition(":")
    is_object = kind == inputs.get("kind") and (inputs.get("metadata") or {}).get("name")
    return (
        str(entry["type"]).startswith(_GROUPS)
        and bool(group)
        and bool(is_object or entry["type"] == RELEASE)
    )


def _component(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """Return the component that an object belongs to, or itself where there is none."""
    above = entry
    while above := entries.get(above.get("parent", ""), {}):
        if above["type"].startswith("sluice:"):
            return above
    return entry


def _plain(entry: Entry, component: Entry) -> OwnedObject:
    outputs = entry.get("outputs") or {}
    managers = frozenset({str(outputs.get("__fieldManager") or "sluice")})
    sent = _with_keys(_manifest(entry["inputs"]), outputs, managers)
    manifest = with_empty_values(sent, _empty_values(entry, component), opaque=is_secret)
    return _declared((manifest, sent), component, entry, managers)


def _empty_values(entry: Entry, component: Entry) -> Mapping[str, Any]:
    """Return what is declared of an object as empty, which its component has noted."""
    noted = (component.get("outputs") or {}).get("emptyValues") or {}
    key = f"{entry['type']}::{entry['urn'].rpartition('::')[2]}"
    values: Mapping[str, Any] = json.loads(noted.get(key, "{}"))
    return values


def _with_keys(
    manifest: Mapping[str, Any], outputs: Mapping[str, Any], managers: frozenset[str]
) -> Mapping[str, Any]:
    """Return a Secret with its keys, which the state hides, from what was owned once applied."""
    if manifest["kind"] != "Secret" or not is_secret(manifest.get("data")):
        return manifest
    applied = below(fields_of(outputs, managers), "data") if outputs.get("metadata") else []
    keys = [key.removeprefix("f:") for fields in applied for key in fields if key != "."]
    return {**manifest, "data": dict.fromkeys(keys, manifest["data"])} if keys else manifest


def _manifest(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def _declared(
    content: tuple[Mapping[str, Any], Mapping[str, Any]],
    component: Entry,
    entry: Entry,
    managers: frozenset[str],
    release: str = "",
) -> OwnedObject:
    manifest, sent = content
    kind, name = str(manifest["kind"]), str(manifest["metadata"]["name"])
    rules = [Ignore.of(rule) for rule in (component.get("inputs") or {}).get("ignore") or ()]
    ignored = [rule for rule in rules if rule.matches(kind, name)]
    title = component["urn"].rpartition("::")[2].partition(":")[0]
    return OwnedObject(title, manifest, sent, managers, ignored, entry["urn"], release)


def _children(releases: Sequence[tuple[Entry, Entry]], cluster: Cluster) -> Iterator[OwnedObject]:
    by_id = {
        f"{entry['inputs']['namespace']}/{entry['inputs']['name']}": (entry, component)
        for entry, component in releases
    }
    if not by_id:
        return
    for release, text in deployed_manifests(cluster, by_id):
        entry, component = by_id[release]
        for document in documents.load_all(text, where=f"release {release}"):
            for manifest in _objects(document):
                child = _as_helm_makes_it(manifest, release, cluster)
                content = (child, without_nulls(child))
                yield _declared(content, component, entry, HELM_MANAGERS, release)


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(document, Mapping):
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        yield from document["items"]
    else:
        yield document


def _as_helm_makes_it(
    manifest: Mapping[str, Any], release: str, cluster: Cluster
) -> Mapping[str, Any]:
    namespace, _, name = release.partition("/")
    metadata = dict(manifest["metadata"])
    if cluster.namespaced(str(manifest["apiVersion"]), str(manifest["kind"])):
        metadata["namespace"] = metadata.get("namespace") or namespace
    # By these Helm knows its own: without them it refuses to upgrade.
    metadata["labels"] = {
        **(metadata.get("labels") or {}),
        "app.kubernetes.io/managed-by": "Helm",
    }
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        "meta.helm.sh/release-name": name,
        "meta.helm.sh/release-namespace": namespace,
    }
    return {**manifest, "metadata": metadata}
