"""What the stack's state says is deployed, each object known by what it is in its cluster.

Pulumi knows a resource by its place in the program. A program that has moved,
renamed or raised the API version of an object gets the object's former place
here, as an alias, so that it is changed in place and never deleted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from components.lib.manifests.identity import Identity

__all__ = [
    "ANSWER",
    "ASKS",
    "DEPLOYED",
    "PRUNING",
    "STATE",
    "Deployed",
    "DeployedObject",
    "ObjectKey",
    "cluster_key",
    "placed",
]

STATE: Final = "SLUICE_STATE"
"""The variable that names the state's file, where whoever runs the program has one."""

PRUNING: Final = "SLUICE_PRUNING"
"""The variable that names the file by which the program asks `sluice` what may be deleted.

It writes JSON: `undeclared`, the URNs that it would delete, and `taken`, the keys of
objects that it declares itself, each with the URN of the release that has applied it
until now. Then it logs `ASKS`, and goes on once the file's name with `ANSWER` is there:
`true`, or `false` where the state has to be another one first.
"""

ASKS: Final = "sluice is asked what may be deleted"
ANSWER: Final = ".answer"

ObjectKey = tuple[str, str, str, str, str]
"""What tells an object from all others: group, kind, namespace, name and cluster."""

_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_PROVIDER: Final = "pulumi:providers:kubernetes"
_STACK: Final = "pulumi:pulumi:Stack"


def placed(identity: Identity, cluster: str = "") -> ObjectKey:
    """Return an object's key; `cluster` is empty for the stack's own."""
    group, kind, namespace, name = identity.key
    return group, kind, "" if namespace == "default" else namespace, name, cluster


@dataclass(frozen=True)
class DeployedObject:
    """An object, or a Helm release, of the state.

    Attributes:
        key: which object it is.
        identity: the same, with the API version that it was deployed by.
        urn: where the state has it.
        retained: whether it stays in the cluster when nothing declares it any more.

    """

    key: ObjectKey
    identity: Identity
    urn: str
    retained: bool


@dataclass
class Deployed:
    """The state, and what of it the program has declared so far.

    Attributes:
        objects: the objects, each under its URN.
        parents: each resource's parent, by URN.
        released: the Helm release that applied an object, by the object's key.

    """

    objects: Mapping[str, DeployedObject] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    released: Mapping[ObjectKey, str] = field(default_factory=dict)
    _taken: dict[ObjectKey, str] = field(default_factory=dict, init=False)
    _places: dict[ObjectKey, list[str]] = field(default_factory=dict, init=False)
    _kept: set[str] = field(default_factory=set, init=False)
    _below: dict[str, list[str]] = field(default_factory=dict, init=False)
    _renamed: dict[str, asyncio.Future[str]] = field(default_factory=dict, init=False)
    _components: set[str] = field(default_factory=set, init=False)
    _new: set[str] = field(default_factory=set, init=False)
    _others: set[tuple[str, str]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Note where each object is."""
        for each in self.objects.values():
            self._places.setdefault(each.key, []).append(each.urn)

    @classmethod
    def of(cls, resources: Sequence[Mapping[str, Any]]) -> Deployed:
        """Read the resources of an exported state."""
        living = [entry for entry in resources if not entry.get("delete")]
        types = {entry["urn"]: entry["type"] for entry in living}
        clusters = {entry["urn"]: _cluster(entry) for entry in living if entry["type"] == _PROVIDER}
        objects = (
            _object(entry, clusters)
            for entry in living
            if _is_object(entry) and types.get(entry.get("parent", ""), _STACK).startswith(_OURS)
        )
        return cls(
            {each.urn: each for each in objects},
            {entry["urn"]: entry.get("parent", "") for entry in living},
            dict(_released(living, clusters)),
        )

    def place(self, key: ObjectKey, at: str, component: str) -> str:
        """Note that the program declares an object at a URN; return where the state has it.

        Empty where that is the same place, or none. `component` is the URN of the
        component that declares it. An empty URN is one that is not known.
        """
        known = self._places.get(key, [])
        former = at if at in known else next(iter(known), "")
        if former:
            self._kept.add(former)
            self._below.setdefault(component, []).append(former)
        elif key in self.released:
            self._taken[key] = self.released[key]
        else:
            self._new.add(component)
        return "" if former == at else former

    def place_component(self, at: str, parent: str) -> asyncio.Future[str] | None:
        """Note a component's URN; return what will be its former one, None where it has it yet.

        It was renamed or moved where it has the objects of a component of its class
        that is declared no more; which is known once everything is declared.
        """
        self._below.setdefault(parent, []).append(at)
        self._components.add(at)
        if not self.objects or at in self.parents:
            return None
        return self._renamed.setdefault(at, asyncio.get_event_loop().create_future())

    def place_other(self, kind: str, name: str) -> None:
        """Note a resource that the program registers by a class of `pulumi_kubernetes`."""
        self._others.add((kind, name))

    def complete(self) -> None:
        """Say which components were renamed: everything is declared."""
        taken = set(self._components)
        former: dict[str, str] = {}
        # Inner ones come after those that they lie in.
        for at in reversed(self._renamed):
            below = (former.get(each, each) for each in self._below.get(at, ()))
            votes = Counter(self.parents.get(each, "") for each in below)
            likely = (each for each, _ in votes.most_common() if _type(each) == _type(at))
            former[at] = next((each for each in likely if each not in taken), at)
            taken.add(former[at])
        for at, found in self._renamed.items():
            found.set_result(former[at])

    def undeclared(self) -> list[DeployedObject]:
        """Return what the update would delete: what the program has not declared.

        An object that the state has twice is declared at one of its places only.
        """
        return [
            each
            for each in self.objects.values()
            if each.urn not in self._kept
            and not each.retained
            and (_type(each.urn), each.urn.rpartition("::")[2]) not in self._others
        ]

    def taken_from_releases(self) -> Mapping[ObjectKey, str]:
        """Return what the program declares by itself now, with the release that had it."""
        return self._taken

    def is_declared(self, key: ObjectKey) -> bool:
        """Whether the program has declared the object, at whichever place."""
        return any(each in self._kept for each in self._places.get(key, ()))

    @property
    def declares_nothing(self) -> bool:
        """Whether the program has no object at all, where there were some."""
        return bool(self.objects) and not (self._kept or self._taken or self._new or self._others)

    def emptied(self) -> Mapping[str, int]:
        """Return the components that have no object any more: URN, and how many they had."""
        has = {at for at, below in self._below.items() if not self._kept.isdisjoint(below)}
        lost = Counter(self.parents[each.urn] for each in self.undeclared())
        return {at: lost[at] for at in self._components if lost[at] and at not in has | self._new}


DEPLOYED: Final[ContextVar[Deployed]] = ContextVar("DEPLOYED", default=Deployed())  # noqa: B039


_OURS: Final = ("sluice:", _STACK)


def _is_object(entry: Mapping[str, Any]) -> bool:
    is_kubernetes = str(entry["type"]).startswith("kubernetes:")
    return is_kubernetes and bool(entry.get("custom")) and not entry.get("external")


def _released(
    entries: Iterable[Mapping[str, Any]], clusters: Mapping[str, str]
) -> Iterator[tuple[ObjectKey, str]]:
    """Yield what each release of the state has applied, as Pulumi's provider lists it."""
    for entry in entries:
        if entry["type"] != _RELEASE:
            continue
        release = _object(entry, clusters)
        own_namespace, cluster = release.identity.namespace, release.key[4]
        for gvk, paths in ((entry.get("outputs") or {}).get("resourceNames") or {}).items():
            # StatefulSet.apps/apps/v1, ConfigMap/v1
            group_kind, _, api_version = gvk.partition("/")
            for path in paths:
                namespace, _, name = path.rpartition("/")
                # A chart need not say the namespace, and then means the release's.
                for place in {namespace, namespace or own_namespace}:
                    kind = group_kind.partition(".")[0]
                    yield placed(Identity(api_version, kind, place, name), cluster), entry["urn"]


def _object(entry: Mapping[str, Any], clusters: Mapping[str, str]) -> DeployedObject:
    identity = _identity(entry)
    cluster = clusters.get(str(entry.get("provider", "")).rpartition("::")[0], "")
    retained = bool(entry.get("retainOnDelete"))
    return DeployedObject(placed(identity, cluster), identity, entry["urn"], retained)


def _identity(entry: Mapping[str, Any]) -> Identity:
    _, api_version, kind = entry["type"].split(":")
    namespace, _, name = str(entry.get("id", "")).rpartition("/")
    inputs = entry.get("inputs") or {}
    declared = inputs if entry["type"] == _RELEASE else inputs.get("metadata") or {}
    return Identity(
        api_version.removeprefix("core/"),
        kind,
        str(declared.get("namespace") or namespace),
        str(declared.get("name") or name),
    )


def _cluster(provider: Mapping[str, Any]) -> str:
    """Return which cluster a provider speaks to; empty for the stack's own."""
    name = provider["urn"].rpartition("::")[2]
    is_own = "$" not in provider["urn"] or name.startswith("tenant:")
    inputs = provider.get("inputs") or {}
    return "" if is_own else cluster_key(inputs.get("context"), inputs.get("kubeconfig"), name)


def cluster_key(context: Any, kubeconfig: Any, name: str) -> str:
    """Return what tells a second cluster: how it is reached, or its name where that is secret."""
    is_shown = isinstance(kubeconfig, str | None)
    return f"{context or ''}@{kubeconfig or ''}" if is_shown else name


def _type(at: str) -> str:
    return at.rpartition("::")[0].rpartition("$")[2].rpartition("::")[2]
