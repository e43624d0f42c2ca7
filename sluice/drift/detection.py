"""Finding drift: what differs between what a stack owns and what is live, field by field.

The quick comparison names suspects; whether one has drifted the API server
decides, by what the object would be if it were applied again (a dry run).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sluice.backend.secret_values import is_secret
from sluice.drift.fields import ABSENT, compared, suspects
from sluice.drift.live import Listing, list_live, place
from sluice.drift.owned import OwnedObject, declared_objects, state_of, with_secrets
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.managed_fields import Path, fields_of, foreign, owner, shown
from sluice.stack.stack import Stack

__all__ = ["Drift", "Look", "Why", "drift", "look"]

_MASK = "[secret]"
_AT_ONCE = 4
_REPLICAS: Path = ("spec", "replicas")
Why = Literal["edited", "removed", "deleted", "foreign"]


@dataclass(frozen=True)
class Drift:
    """A field, or an object, that is not as it is declared.

    Attributes:
        component: the component that declares the object.
        api_version: the object's API version.
        kind: its kind.
        namespace: its namespace; empty where it has none.
        name: its name.
        path: the field: `spec.template.spec.containers[0].image`; empty for the whole object.
        declared: the declared value; None where nothing is declared; `[secret]` for a secret.
        live: the live value; None where there is none; `[secret]` for a secret.
        manager: the field manager that wrote the live value; empty where it is not known.
        why: `edited`, `removed` (the field), `deleted` (the object) or `foreign` (added by
            somebody else).

    """

    component: str
    api_version: str
    kind: str
    namespace: str
    name: str
    path: str
    declared: Any
    live: Any
    manager: str
    why: Why
    owned: OwnedObject = field(repr=False, compare=False)
    where: Path = field(repr=False, compare=False)


def drift(stack: Stack, *, strict: bool = False) -> list[Drift]:
    """Return what has drifted in a stack; what is suspended is left out.

    With `strict`, also what others have added to maps that the stack owns.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    return look(stack).drift(strict=strict)


def look(stack: Stack) -> Look:
    """Return what a stack owns beside what is live."""
    cluster = stack.cluster()
    suspended = [entry.component for entry in stack.suspensions()]
    owned = [] if "" in suspended else declared_objects(state_of(stack), cluster, without=suspended)
    return Look(stack, cluster, owned, list_live(cluster, owned))


@dataclass(frozen=True)
class Look:
    """What a stack owns, beside what is live.

    Attributes:
        stack: the stack.
        cluster: its cluster.
        declared: what it owns.
        live: the live objects of those kinds, by API version and kind.

    """

    stack: Stack
    cluster: Cluster
    declared: Sequence[OwnedObject]
    live: Mapping[tuple[str, str], Listing]

    def drift(self, *, strict: bool = False) -> list[Drift]:
        """Return what has drifted."""
        return self.drift_of(self.declared, strict=strict)

    def drift_of(self, declared: Iterable[OwnedObject], *, strict: bool = False) -> list[Drift]:
        """Return what has drifted of some of the objects."""
        found: list[Drift] = []
        suspected: list[tuple[OwnedObject, Object, list[Path]]] = []
        for each in declared:
            live = self.live_of(each)
            if live is None:
                found += [] if _cleans_up(each) else [_deleted(each)]
                continue
            own = fields_of(live, each.managers)
            paths = [
                path for path in suspects(each.manifest, live, own) if self._counts(each, path)
            ]
            if paths:
                suspected.append((each, live, paths))
            if strict:
                found += [
                    _drift(each, live, path, ABSENT, _value(live, path), manager)
                    for path, manager in foreign(each.manifest, live, each.managers)
                    if self._counts(each, path)
                ]
        return [*found, *self._decided(suspected)]

    def live_of(self, declared: OwnedObject) -> Object | None:
        """Return an object as it is live; None where it is not there, or on its way out."""
        listing = self.live[declared.api_version, declared.kind]
        live = listing.objects.get(place(self.cluster, declared))
        return None if live is None or live["metadata"].get("deletionTimestamp") else live

    def manifest_of(self, declared: OwnedObject) -> Mapping[str, Any]:
        """Return what is to be applied of an object: what is left to others stays as it is."""
        live = self.live_of(declared)
        manifest = {key: value for key, value in declared.manifest.items() if key != "status"}
        applied: Mapping[str, Any] = (
            manifest if live is None else self._with_others(manifest, live, declared, ())
        )
        return applied

    def _with_others(self, value: Any, live: Any, declared: OwnedObject, path: Path) -> Any:
        if path and not self._counts(declared, path):
            return live
        if isinstance(value, Mapping):
            inside = {
                key: self._with_others(inner, _value(live, (key,)), declared, (*path, key))
                for key, inner in value.items()
            }
            return {key: inner for key, inner in inside.items() if inner is not ABSENT}
        if isinstance(value, list):
            items = [
                self._with_others(inner, _value(live, (index,)), declared, (*path, index))
                for index, inner in enumerate(value)
            ]
            return [inner for inner in items if inner is not ABSENT]
        return value

    def _counts(self, declared: OwnedObject, path: Path) -> bool:
        if declared.ignores(path) or _is_aggregated(declared, path):
            return False
        target = (declared.kind, place(self.cluster, declared)[0], declared.name)
        return path != _REPLICAS or target not in self._autoscaled

    @cached_property
    def _autoscaled(self) -> Collection[tuple[str, str, str]]:
        """Kind, namespace and name of what an autoscaler gives its number of replicas."""
        namespaces = {place(self.cluster, each)[0] for each in self.declared} - {""}
        scalers = self.cluster.list_in("autoscaling/v2", "HorizontalPodAutoscaler", namespaces)
        return {
            (target["kind"], scaler["metadata"]["namespace"], target["name"])
            for scaler in scalers
            for target in [scaler["spec"]["scaleTargetRef"]]
        }

    def _decided(self, suspected: Sequence[tuple[OwnedObject, Object, list[Path]]]) -> list[Drift]:
        if not suspected:
            return []
        hidden = [each for each, _, _ in suspected if _has_hidden(each.manifest)]
        plain = with_secrets(hidden, self.stack) if hidden else []
        revealed = {each.urn: each for each in plain}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            decided = pool.map(
                lambda suspect: self._decide(revealed.get(suspect[0].urn, suspect[0]), *suspect),
                suspected,
            )
            return [each for found in decided for each in found]

    def _decide(
        self, plain: OwnedObject, declared: OwnedObject, live: Object, paths: Sequence[Path]
    ) -> list[Drift]:
        manifest = self.manifest_of(plain)
        try:
            wanted, _ = self.cluster.dry_run(manifest)
        except ApiError as error:
            if not error.status:
                raise
            # What cannot be applied, such as a field that may not change, is as it was suspected.
            return [
                _drift(declared, live, path, _value(manifest, path), _value(live, path))
                for path in paths
            ]
        return [
            _drift(declared, live, path, one, other)
            for path, one, other in compared(wanted, live)
            if self._counts(declared, path)
        ]


def _cleans_up(declared: OwnedObject) -> bool:
    """Whether an object that is gone has been removed by Kubernetes itself, as it was told."""
    spec = declared.manifest.get("spec") or {}
    return declared.kind == "Job" and spec.get("ttlSecondsAfterFinished") is not None


def _is_aggregated(declared: OwnedObject, path: Path) -> bool:
    """Whether Kubernetes fills in a cluster role's rules from those of others."""
    return path[0] == "rules" and "aggregationRule" in declared.manifest


def _deleted(declared: OwnedObject) -> Drift:
    return Drift(
        component=declared.component,
        api_version=declared.api_version,
        kind=declared.kind,
        namespace=declared.namespace,
        name=declared.name,
        path="",
        declared=None,
        live=None,
        manager="",
        why="deleted",
        owned=declared,
        where=(),
    )


def _drift(
    declared: OwnedObject, live: Object, path: Path, one: Any, other: Any, manager: str = ""
) -> Drift:
    why: Why = "removed" if other is ABSENT else "foreign" if one is ABSENT else "edited"
    secret = _is_secret_field(declared, path)
    one, other = (None if value is ABSENT else _MASK if secret else value for value in (one, other))
    return Drift(
        component=declared.component,
        api_version=declared.api_version,
        kind=declared.kind,
        namespace=live["metadata"].get("namespace", ""),
        name=declared.name,
        path=shown(path),
        declared=one,
        live=other,
        manager=manager or owner(live, path),
        why=why,
        owned=declared,
        where=path,
    )


def _is_secret_field(declared: OwnedObject, path: Path) -> bool:
    """Whether a field is shown masked: anything of a Secret but its labels, or secret in the state.

    An annotation can hold all of an object: kubectl's last applied configuration.
    """
    if declared.kind == "Secret":
        return path[:2] != ("metadata", "labels")
    values = [_value(declared.manifest, path[:end]) for end in range(1, len(path) + 1)]
    return any(is_secret(value) for value in values) or _has_hidden(values[-1])


def _value(manifest: Any, path: Path) -> Any:
    for part in path:
        if isinstance(part, int):
            inside = isinstance(manifest, list) and part < len(manifest)
        else:
            inside = isinstance(manifest, Mapping) and part in manifest
        if not inside:
            return ABSENT
        manifest = manifest[part]
    return manifest


def _has_hidden(value: Any) -> bool:
    if isinstance(value, Mapping):
        return is_secret(value) or any(_has_hidden(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_hidden(inner) for inner in value)
