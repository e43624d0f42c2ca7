"""What differs between what a stack declares and its cluster, object by object.

Each object is applied by a dry run on the server, so defaults, admission and
the other managers' fields are in the result. Objects of Helm releases are
compared like any other; what Helm would take away is read from its record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from components.lib.manifests.identity import Identity, identify
from sluice.declaration.rendering import Rendering
from sluice.diff.difference import Comparison, Difference, Ignored
from sluice.diff.masking import Masks
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.helm_records import ReleaseRecord
from sluice.plan.dry_run import DryRun
from sluice.plan.live_objects import WORKERS, LiveObjects, declarable

__all__ = ["Owned", "compare"]

_KEEP = "helm.sh/resource-policy"


@dataclass(frozen=True)
class Owned:
    """An object of the stack's state.

    Attributes:
        component: the component that it belongs to.
        identity: which object it is.
        kept: why it stays in the cluster when it is declared no more; empty where it does not.
        holder: who has it then; empty where nobody.

    """

    component: str
    identity: Identity
    kept: str = ""
    holder: str = ""


@dataclass(frozen=True)
class _Leftover:
    """An object that was applied and may be declared no more; `kept` is why it stays."""

    component: str
    release: str
    identity: Identity
    kept: str
    holder: str = ""


def compare(
    cluster: Cluster,
    rendering: Rendering,
    owned: Collection[Owned],
    recorded: Mapping[str, ReleaseRecord],
) -> Comparison:
    """Return what differs between the manifests, with what they leave behind, and the cluster.

    `owned` is what the state has of the same components, `recorded` what Helm
    has of their releases.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    manifests = [each for each in rendering.manifests if not each.hook]
    declared = {each.identity.key for each in manifests}
    leftovers = [
        each
        for each in (*_of_state(owned), *_of_releases(recorded, rendering.unknown))
        if each.identity.key not in declared
    ]
    live = LiveObjects(cluster, manifests, [each.identity for each in leftovers])
    tries = [
        DryRun(each, live, recorded.get(each.release), rendering.masks)
        for each in manifests
        if each.identity not in live.unread
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        tried = list(pool.map(DryRun.difference, tries))
    changed = [each for each in tried if each is not None]
    still_there = [(each, it) for each in leftovers if (it := live.find(each.identity)) is not None]
    gone = [_deletion(left, it, rendering.masks) for left, it in still_there if not left.kept]
    ignored = [
        *_hooks(rendering),
        *(field for each in tries for field in each.ignored),
        *(_staying(left) for left, _ in still_there if left.kept),
    ]
    unread = {str(identity): reason for identity, reason in live.unread.items()}
    return Comparison([*changed, *gone], ignored, len(tried) - len(changed), unread)


def _of_state(owned: Collection[Owned]) -> Iterator[_Leftover]:
    for each in owned:
        yield _Leftover(each.component, "", each.identity, each.kept, each.holder)


def _of_releases(
    recorded: Mapping[str, ReleaseRecord], unknown: Collection[str]
) -> Iterator[_Leftover]:
    """Yield what the releases had; of those that could not be rendered nothing is known to go."""
    for release, record in recorded.items():
        if release in unknown:
            continue
        for manifest in record.objects:
            annotations = manifest["metadata"].get("annotations") or {}
            kept = f"{_KEEP}: keep" if annotations.get(_KEEP) == "keep" else ""
            yield _Leftover(record.component, release, identify(manifest), kept)


def _hooks(rendering: Rendering) -> Iterator[Ignored]:
    for each in rendering.manifests:
        if each.hook:
            reason = "a Helm hook, which runs and is not kept as declared"
            yield Ignored(each.identity, "", reason)


def _staying(left: _Leftover) -> Ignored:
    return Ignored(left.identity, "", f"declared no more, but stays: {left.kept}")


def _deletion(left: _Leftover, live: Object, masks: Masks) -> Difference:
    before = masks.pair(declarable(live), None).before
    if left.holder:
        it = (left.component, left.release, left.identity, before, before)
        return Difference("orphan", *it, note=left.holder)
    return Difference("delete", left.component, left.release, left.identity, before, None)
