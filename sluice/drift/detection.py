"""Finding drift: what differs between what a stack owns and what is live, field by field.

The quick comparison names suspects; whether one has drifted the API server
decides, by what the object would be if it were applied again, or if what is
declared as empty were emptied (dry runs).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from components.lib.manifests.empty import pointer
from sluice.drift.doubt import ALIASES, MISSING, ChangedError, Doubt
from sluice.drift.drifted import Drift, Operation, added, deleted, drifted
from sluice.drift.fields import ABSENT, Suspect, compared, suspects, value_at
from sluice.drift.live import Listing, list_live, place
from sluice.drift.owned import OwnedObject, declared_objects, state_of, with_secrets
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.managed_fields import Path, foreign, owner, owners_of
from sluice.stack.stack import Stack

__all__ = ["Look", "drift", "look"]

_AT_ONCE = 4
_TRIES = 5
_REPLICAS: Path = ("spec", "replicas")


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
        never_stored: kinds with fields whose empty values the API server was seen to drop.

    """

    stack: Stack
    cluster: Cluster
    declared: Sequence[OwnedObject]
    live: Mapping[tuple[str, str], Listing]
    never_stored: set[tuple[str, ...]] = field(default_factory=set, repr=False, compare=False)

    def drift(self, *, strict: bool = False) -> list[Drift]:
        """Return what has drifted."""
        return self.drift_of(self.declared, strict=strict)

    def drift_of(self, declared: Iterable[OwnedObject], *, strict: bool = False) -> list[Drift]:
        """Return what has drifted of some of the objects."""
        found: list[Drift] = []
        doubts: list[Doubt] = []
        for each in declared:
            live = self.live_of(each)
            if live is None:
                found += [] if _cleans_up(each) else [deleted(each)]
                continue
            if suspected := list(self._suspects(each, live)):
                doubts.append(Doubt(each, live, suspected))
            if strict:
                found += [
                    added(each, live, path, manager)
                    for path, manager in foreign(each.manifest, live, each.managers)
                    if self._counts(each, path)
                ]
        return [*found, *self._decided(doubts)]

    def _suspects(self, declared: OwnedObject, live: Object) -> Iterator[Suspect]:
        for each in suspects(declared.manifest, live, owners_of(live, declared.managers)):
            # What is not sent is not there, and is no default of the server's that is gone.
            is_gone = value_at(live, each.where) in MISSING
            if is_gone and value_at(declared.sent, each.path) is ABSENT:
                continue
            if self._counts(declared, each.path):
                yield each

    def live_of(self, declared: OwnedObject) -> Object | None:
        """Return an object as it is live; None where it is not there, or on its way out."""
        listing = self.live[declared.api_version, declared.kind]
        live = listing.objects.get(place(self.cluster, declared))
        return None if live is None or live["metadata"].get("deletionTimestamp") else live

    def manifest_of(self, declared: OwnedObject) -> Mapping[str, Any]:
        """Return what is to be applied of an object: what is left to others stays as it is."""
        live = self.live_of(declared)
        manifest = {key: value for key, value in declared.sent.items() if key != "status"}
        applied: Mapping[str, Any] = (
            manifest if live is None else self._with_others(manifest, live, declared, ())
        )
        return applied

    def _with_others(self, value: Any, live: Any, declared: OwnedObject, path: Path) -> Any:
        if path and not self._counts(declared, path):
            return live
        if isinstance(value, Mapping):
            inside = {
                key: self._with_others(inner, value_at(live, (key,)), declared, (*path, key))
                for key, inner in value.items()
            }
            return {key: inner for key, inner in inside.items() if inner is not ABSENT}
        if isinstance(value, list):
            items = [
                self._with_others(inner, value_at(live, (index,)), declared, (*path, index))
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

    def _decided(self, doubts: Sequence[Doubt]) -> list[Drift]:
        if not doubts:
            return []
        plain = with_secrets([each.declared for each in doubts], self.stack)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            decided = pool.map(self._decide, doubts, plain)
            return [each for found in decided for each in found]

    def _decide(self, doubt: Doubt, plain: OwnedObject, tries: int = _TRIES) -> list[Drift]:
        """Return what has drifted; of an object that has changed meanwhile, what has by then."""
        filled, other = doubt.parted()
        other = [each for each in other if not self._is_never_stored(doubt, each)]
        try:
            found = self._decide_applied(doubt, plain, other, tries) if other else []
            return found + (self._decide_emptied(doubt, filled, tries) if filled else [])
        except ChangedError:
            live = self._read_again(doubt.declared)
            if live is None:
                return [] if _cleans_up(doubt.declared) else [deleted(doubt.declared)]
            again = Doubt(doubt.declared, live, list(self._suspects(doubt.declared, live)))
            return self._decide(again, plain, tries - 1) if again.suspected else []

    def _read_again(self, declared: OwnedObject) -> Object | None:
        at = place(self.cluster, declared)
        live = self.cluster.get(declared.api_version, declared.kind, *at)
        listed = self.live[declared.api_version, declared.kind].objects
        if live is None:
            listed.pop(at, None)
        else:
            listed[at] = live
        return self.live_of(declared)

    def _decide_applied(
        self, doubt: Doubt, plain: OwnedObject, suspected: Sequence[Suspect], tries: int
    ) -> list[Drift]:
        """Return what applying the object again would change."""
        declared, live = doubt.declared, doubt.live
        try:
            wanted, _ = self.cluster.dry_run(self.manifest_of(plain))
        except ApiError as error:
            if not error.status:
                raise
            # What cannot be applied, such as a field that may not change, is as it was suspected.
            return [doubt.drift(each) for each in suspected]
        doubt.check_unchanged(wanted, tries)
        self._note_never_stored(doubt, suspected, wanted)
        return [
            drifted(declared, live, Suspect(path, path), _told(declared, path, one), other)
            for path, one, other in compared(wanted, live)
            if self._counts(declared, path)
        ]

    def _is_never_stored(self, doubt: Doubt, suspect: Suspect) -> bool:
        return doubt.is_gone(suspect) and doubt.field(suspect) in self.never_stored

    def _note_never_stored(
        self, doubt: Doubt, suspected: Iterable[Suspect], wanted: Object
    ) -> None:
        """Note the fields whose empty values the API server drops, so that it is asked once."""
        for each in suspected:
            if doubt.is_gone(each) and value_at(wanted, each.where) is ABSENT:
                self.never_stored.add(doubt.field(each))

    def _decide_emptied(
        self, doubt: Doubt, suspected: Sequence[Suspect], tries: int
    ) -> list[Drift]:
        """Return what is another once it is emptied, and the API server has filled it in."""
        declared, live = doubt.declared, doubt.live
        operations = [list(self._emptying(doubt, each)) for each in suspected]
        together = list(chain.from_iterable(operations))
        kind = (declared.api_version, declared.kind)
        try:
            wanted = self.cluster.try_patch(*kind, *place(self.cluster, declared), together)
        except ApiError as error:
            if not error.status:
                raise
            # What may not change, and nobody has written, the API server has filled in itself.
            has_drifted = [bool(owner(live, each.where)) for each in suspected]
        else:
            doubt.check_unchanged(wanted, tries)
            has_drifted = [
                value_at(wanted, at.where) != value_at(live, at.where) for at in suspected
            ]
        return [
            doubt.drift(each, own)
            for each, own, is_drift in zip(suspected, operations, has_drifted, strict=True)
            if is_drift
        ]

    def _emptying(self, doubt: Doubt, suspect: Suspect) -> Iterator[Operation]:
        """Yield what empties a field, but for what in it is left to others."""
        value, live = doubt.value(suspect), value_at(doubt.live, suspect.where)
        *above, name = suspect.where
        alias = (*above, ALIASES.get(str(name), ""))
        if value_at(doubt.live, alias) is not ABSENT:
            yield {"op": "remove", "path": pointer(alias)}
        path = pointer(suspect.where)
        if value is None:
            yield {"op": "remove", "path": path}
            return
        if isinstance(value, Mapping) and isinstance(live, Mapping):
            value = {
                key: inner
                for key, inner in live.items()
                if not self._counts(doubt.declared, (*suspect.path, key))
            }
        yield {"op": "replace", "path": path, "value": value}


def _cleans_up(declared: OwnedObject) -> bool:
    """Whether an object that is gone has been removed by Kubernetes itself, as it was told."""
    spec = declared.manifest.get("spec") or {}
    return declared.kind == "Job" and spec.get("ttlSecondsAfterFinished") is not None


def _is_aggregated(declared: OwnedObject, path: Path) -> bool:
    """Whether Kubernetes fills in a cluster role's rules from those of others."""
    return path[0] == "rules" and declared.manifest.get("aggregationRule") is not None


def _told(declared: OwnedObject, path: Path, wanted: Any) -> Any:
    """Return what is declared, where the API server drops it."""
    return value_at(declared.manifest, path) if wanted is ABSENT else wanted
