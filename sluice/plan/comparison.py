"""What differs between what a stack declares and its cluster, object by object.

Each object is applied by a dry run on the server, so defaults, admission and
the other managers' fields are in the result. Objects of Helm releases are
compared like any other; what Helm would take away is read from its record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from components.lib.manifests.identity import Identity, identify
from components.lib.manifests.patch import strategic_merge
from components.lib.manifests.schema import schema_of
from sluice.declaration.rendering import Manifest, Rendering
from sluice.diff.difference import Comparison, Difference, Ignored
from sluice.diff.helm_merge import without_removed
from sluice.diff.masking import Masks
from sluice.diff.replacement import is_replaced
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import FORBIDDEN, NOT_FOUND, Object, lacks_permission
from sluice.kubernetes.helm_records import Record

__all__ = ["Owned", "compare"]

Path = tuple[str | int, ...]
_WORKERS = 4
_INVALID = 422
# What admission, and the validation of an object, answer with.
_REFUSALS: Final = (400, FORBIDDEN, _INVALID)
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What the server writes into every object; nobody declares it.
_SERVERS: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_REPLICAS: Final = ("spec", "replicas")
_ABSENT: Final = object()
_KEEP = "helm.sh/resource-policy"


@dataclass(frozen=True)
class Owned:
    """An object of the stack's state.

    Attributes:
        component: the component that it belongs to.
        identity: which object it is.
        retained: whether it stays in the cluster when it is declared no more.

    """

    component: str
    identity: Identity
    retained: bool


def compare(
    cluster: Cluster,
    rendering: Rendering,
    owned: Collection[Owned],
    recorded: Mapping[str, Record],
) -> Comparison:
    """Return what differs between the manifests, with what they leave behind, and the cluster.

    `owned` is what the state has of the same components, `recorded` what Helm
    has of their releases.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    return _Comparing(cluster, rendering, recorded).run(owned)


class _Comparing:
    """One comparison: the live objects are listed once, then each is tried."""

    def __init__(
        self, cluster: Cluster, rendering: Rendering, recorded: Mapping[str, Record]
    ) -> None:
        self._cluster = cluster
        self._masks = rendering.masks
        self._recorded = recorded
        self._unknown = rendering.unknown
        self._manifests = [each for each in rendering.manifests if not each.hook]
        self._ignored = [
            Ignored(each.identity, "", "a Helm hook, which runs and is not kept as declared")
            for each in rendering.manifests
            if each.hook
        ]
        self._live: dict[tuple[str, str, str], dict[str, Object]] = {}
        self._autoscaled: set[tuple[str, str, str]] = set()
        self._unread: dict[Identity, str] = {}

    def run(self, owned: Collection[Owned]) -> Comparison:
        declared = {_key(each.identity) for each in self._manifests}
        leftovers = [each for each in self._leftovers(owned) if _key(each[2]) not in declared]
        self._list([*(each.identity for each in self._manifests), *(each[2] for each in leftovers)])
        readable = [each for each in self._manifests if each.identity not in self._unread]
        with ThreadPoolExecutor(_WORKERS) as pool:
            tried = list(pool.map(self._difference, readable))
        found = [each for each in tried if each is not None]
        gone = [each for left in leftovers if (each := self._deletion(*left))]
        unread = {str(identity): reason for identity, reason in self._unread.items()}
        return Comparison([*found, *gone], self._ignored, len(tried) - len(found), unread)

    def _list(self, identities: Iterable[Identity]) -> None:
        wanted: dict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
        for each in identities:
            place = (each.api_version, each.kind, each.namespace)
            wanted[place].add((each.namespace, each.name))

        def listed(place: tuple[str, str, str]) -> dict[str, Object]:
            def unread(namespace: str, name: str, error: ApiError) -> None:
                self._unread[Identity(*place[:2], namespace, name)] = self._reason(error)

            objects = self._cluster.named(*place[:2], wanted[place], unread=unread)
            return {each["metadata"]["name"]: each for each in objects}

        with ThreadPoolExecutor(_WORKERS) as pool:
            self._live = dict(zip(wanted, pool.map(listed, wanted), strict=True))
        namespaces = {namespace for *_, namespace in wanted if namespace}
        scalers = self._cluster.list_in(
            *("autoscaling/v2", "HorizontalPodAutoscaler", namespaces),
            # In a namespace that is new to the account there is none yet.
            unread=lambda _namespace, _error: None,
        )
        self._autoscaled = {
            (target["kind"], each["metadata"]["namespace"], target["name"])
            for each in scalers
            for target in [each["spec"]["scaleTargetRef"]]
        }

    def _found(self, identity: Identity) -> Object | None:
        place = (identity.api_version, identity.kind, identity.namespace)
        return self._live[place].get(identity.name)

    def _difference(self, manifest: Manifest) -> Difference | None:
        identity, live = manifest.identity, self._found(manifest.identity)
        if live is not None and manifest.from_crds:
            self._ignored.append(
                Ignored(identity, "", "of a chart's crds/, which Helm never updates")
            )
            return None
        wanted = _without_nulls(manifest.content)
        if not self._cluster.serves(identity.api_version, identity.kind):
            return self._if_different(manifest, "create", None, wanted, self._missing(identity))
        try:
            applied, warnings = self._cluster.dry_run(wanted)
        except ApiError as error:
            if not error.status:
                raise
            return self._refused(manifest, wanted, live, error)
        if live is None:
            found = self._if_different(manifest, "create", None, applied)
        else:
            if manifest.release:
                applied = self._as_helm_leaves_it(manifest, applied)
            left = self._left(manifest, live, applied)
            found = self._if_different(manifest, "update", live, left)
        said = tuple(self._masked(manifest, each) for each in warnings)
        return replace(found, warnings=said) if found else None

    def _left(self, manifest: Manifest, live: Any, applied: Any, path: Path = ()) -> Any:
        """Return the object with the fields that are others' to set as they are live."""
        reason = self._why_ignored(manifest, path)
        if reason and live != applied:
            place = ".".join(map(str, path))
            self._ignored.append(Ignored(manifest.identity, place, reason))
            return live
        if isinstance(live, Mapping) and isinstance(applied, Mapping):
            left = {
                key: self._left(
                    manifest, live.get(key, _ABSENT), applied.get(key, _ABSENT), (*path, key)
                )
                for key in {**applied, **live}
            }
            return {key: value for key, value in left.items() if value is not _ABSENT}
        if isinstance(live, list) and isinstance(applied, list) and len(live) == len(applied):
            pairs = enumerate(zip(live, applied, strict=True))
            return [self._left(manifest, *pair, (*path, index)) for index, pair in pairs]
        return applied

    def _why_ignored(self, manifest: Manifest, path: Path) -> str:
        identity = manifest.identity
        rules = (rule for rule in manifest.ignored if rule.matches(identity.kind, identity.name))
        if any(rule.covers(path) for rule in rules):
            return "its component leaves it to others"
        scaled = (identity.kind, identity.namespace, identity.name) in self._autoscaled
        return "a HorizontalPodAutoscaler sets it" if scaled and path == _REPLICAS else ""

    def _as_helm_leaves_it(self, manifest: Manifest, applied: Object) -> Object:
        record = self._recorded.get(manifest.release)
        key = _key(manifest.identity)
        before = [each for each in record.objects if _key(identify(each)) == key] if record else []
        if not before:
            return applied
        schema = schema_of(manifest.identity.api_version, manifest.identity.kind)
        left: Object = without_removed(applied, before[0], manifest.content, schema)
        return left

    def _refused(
        self, manifest: Manifest, wanted: Object, live: Object | None, error: ApiError
    ) -> Difference | None:
        identity = manifest.identity
        if live is None:
            note = self._missing(identity) if error.status == NOT_FOUND else ""
            found = self._if_different(manifest, "create", None, wanted, note)
        else:
            after = strategic_merge(live, wanted, schema_of(identity.api_version, identity.kind))
            found = self._if_different(manifest, "update", live, after)
        # An account that previews need not be allowed to ask.
        if found is None or error.status == NOT_FOUND or lacks_permission(error):
            return found
        if found.operation == "replace" and error.status == _INVALID:
            return found  # what cannot be changed is deleted first
        reason = self._masked(manifest, self._reason(error))
        if error.status in _REFUSALS:
            return replace(found, refusal=reason)
        return replace(found, note=f"could not be tried: {reason}")

    def _reason(self, error: ApiError) -> str:
        return str(error).removeprefix(f"context {self._cluster.context}: ")

    def _masked(self, manifest: Manifest, text: str) -> str:
        """Return what the server says of an object without a secret, its own values too."""
        if manifest.identity.kind == "Secret":
            values = [manifest.content.get(part) or {} for part in ("data", "stringData")]
            text = Masks(str(value) for each in values for value in each.values()).text(text)
        return self._masks.text(text)

    def _missing(self, identity: Identity) -> str:
        """Say what the object cannot do without and nothing declared makes."""
        declared = [each.content for each in self._manifests]
        if not self._cluster.serves(identity.api_version, identity.kind):
            kinds = (
                (each["spec"]["group"], each["spec"]["names"]["kind"])
                for each in declared
                if each["kind"] == "CustomResourceDefinition"
            )
            made = (identity.group, identity.kind) in kinds
            return "" if made else f"the cluster does not serve {identity.api_version}"
        made = any(
            each["kind"] == "Namespace" and each["metadata"]["name"] == identity.namespace
            for each in declared
        )
        return "" if made else f"the namespace {identity.namespace} is not there"

    def _leftovers(self, owned: Collection[Owned]) -> Iterator[tuple[str, str, Identity, str]]:
        """Yield component, release, object, and why it stays, of all that was applied."""
        for each in owned:
            kept = "its component does not prune" if each.retained else ""
            yield each.component, "", each.identity, kept
        for release, record in self._recorded.items():
            if release in self._unknown:
                continue
            for manifest in record.objects:
                annotations = manifest["metadata"].get("annotations") or {}
                kept = f"{_KEEP}: keep" if annotations.get(_KEEP) == "keep" else ""
                yield record.component, release, identify(manifest), kept

    def _deletion(
        self, component: str, release: str, identity: Identity, kept: str
    ) -> Difference | None:
        live = self._found(identity)
        if live is None:
            return None
        if kept:
            self._ignored.append(Ignored(identity, "", f"declared no more, but stays: {kept}"))
            return None
        before = self._masks.pair(_declarable(live), None).before
        return Difference("delete", component, release, identity, before, None)

    def _if_different(
        self,
        manifest: Manifest,
        operation: str,
        live: Object | None,
        applied: Object,
        note: str = "",
    ) -> Difference | None:
        before = None if live is None else _declarable(live)
        after = _declarable(applied)
        if before == after and not note:
            return None
        masked = self._masks.pair(before, after)
        found = Difference(
            operation, manifest.component, manifest.release, manifest.identity, *masked, note
        )
        # Helm replaces nothing: what the cluster refuses fails its upgrade.
        if manifest.release or not is_replaced(found.identity, [path for path, *_ in found.fields]):
            return found
        return replace(found, operation="replace", note="")


def _key(identity: Identity) -> tuple[str, str, str, str]:
    return identity.group, identity.kind, identity.namespace, identity.name


def _declarable(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without its status and what the server writes into it."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVERS}
    annotations = {
        key: value
        for key, value in (metadata.pop("annotations", None) or {}).items()
        if key != _LAST_APPLIED
    }
    if annotations:
        metadata["annotations"] = annotations
    content = {key: value for key, value in live.items() if key != "status"}
    return {**content, "metadata": metadata}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
