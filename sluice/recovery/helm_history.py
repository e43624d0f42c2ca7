"""A Helm release's history that a killed Helm left unfinished, made ready for an upgrade.

Every Helm refuses a release whose newest record is unfinished. To mark that record as
failed is what Helm itself would have done, and not enough: an upgrade merges from the
newest revision that is deployed, and so keeps for ever what the killed one brought in
(a field, an object) and the next one does not have. So the record of the killed revision
gets all that it may have left, its own objects and those of the last good revision, and
the upgrade merges from there: Helm does so where no record says `deployed`. The last good
one stays what a failing upgrade is rolled back to. Nothing in the cluster is touched but
Helm's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from components.lib.manifests import documents
from components.lib.manifests.identity import identify
from components.lib.manifests.patch import strategic_merge
from components.lib.manifests.schema import ANY, schema_of
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.helm_records import HelmRecord, placed

__all__ = ["is_held", "is_ready", "make_ready"]

_GOOD: Final = ("deployed", "superseded")
_UNINSTALLED: Final = ("uninstalling", "uninstalled")
_KILLED: Final = "the process that ran this was killed"
# Ours, and Flux's, which marks a record as failed and does no more.
_SAID_OF_KILLED: Final = (_KILLED, "Release unlocked from stale")
# The provider writes in the name of the stack, whose lock we hold: it is dead.
_OUR_WRITER: Final = "pulumi-kubernetes"
_OWNER: Final = "meta.helm.sh/release-"

Key = tuple[str, str, str, str]


def is_held(newest: HelmRecord, timeout: timedelta) -> bool:
    """Whether a Helm that is not the stack's own may be changing the release, and be alive.

    It counts as dead once its update and a rollback would have ended twice over.
    """
    recent = datetime.now(UTC) - newest.since <= 2 * timeout
    return newest.unfinished and newest.writer != _OUR_WRITER and recent


def is_ready(history: Sequence[HelmRecord]) -> bool:
    """Whether Helm upgrades the release, and merges from all that may be there."""
    good, rest = _parted(history)
    if history[-1].unfinished or history[-1].status in _UNINSTALLED:
        return False
    is_merged = good is None or good.status == "superseded"
    return is_merged or not any(map(_was_killed, rest))


def make_ready(history: Sequence[HelmRecord]) -> None:
    """Write the records so that `is_ready`; killed in the middle, it is done again.

    Raises:
        ApiError: where the cluster refuses.

    """
    newest = history[-1]
    if newest.status in _UNINSTALLED:
        # The revision was good, and its objects are there or not: an upgrade makes them again.
        newest.rewrite("superseded", _KILLED)
        return
    good, rest = _parted(history)
    left = _left(good, rest)
    if good is not None and good.status == "deployed":
        good.rewrite("superseded")
    newest.rewrite("failed", _KILLED, "---\n".join(map(documents.dump, left)))
    for record in rest[:-1]:
        if _was_killed(record):
            # It is in the newest one, and would push the last good one out of the history.
            record.remove()
        elif record.status in _GOOD:
            record.rewrite("failed")  # Helm says superseded of one whose rollback failed


def _parted(history: Sequence[HelmRecord]) -> tuple[HelmRecord | None, Sequence[HelmRecord]]:
    """Return the last good revision, and those that came after it."""
    by_word = [[each for each in history if each.status == word] for word in _GOOD]
    good = next((found[-1] for found in by_word if found), None)
    return good, [each for each in history if good is None or each.revision > good.revision]


def _was_killed(record: HelmRecord) -> bool:
    return record.unfinished or record.description.startswith(_SAID_OF_KILLED)


def _left(good: HelmRecord | None, rest: Sequence[HelmRecord]) -> Iterator[Object]:
    """Yield all that the revisions may have left in the cluster, as manifests."""
    cluster = rest[-1].cluster
    before = [good] if good else []
    known = _merged(before)
    for key, manifest in _merged([*before, *rest]).items():
        # Of a kind that Helm knows, it compares with what is live by itself.
        by_itself = schema_of(str(manifest["apiVersion"]), str(manifest["kind"])) is not ANY
        if key in known and by_itself:
            yield manifest
            continue
        live = _live(cluster, manifest, key)
        if live is None and key in known:
            yield manifest
        elif live is not None and (key in known or _is_of(rest[-1].release, live)):
            yield manifest if by_itself else _as_live(manifest, live)


def _merged(records: Iterable[HelmRecord]) -> dict[Key, Object]:
    """Return the objects of all the records, each with all of its fields."""
    found: dict[Key, Object] = {}
    for record in records:
        for manifest in _objects(record):
            key = _key(record, manifest)
            schema = schema_of(str(manifest["apiVersion"]), str(manifest["kind"]))
            found[key] = strategic_merge(found.get(key, {}), manifest, schema)
    return found


def _objects(record: HelmRecord) -> Iterator[Object]:
    for each in documents.load_all(record.manifest, where=record.release):
        items = each.get("items") if str(each["kind"]).endswith("List") else None
        for manifest in items if isinstance(items, list) else [each]:
            yield _without_nulls(manifest)


def _key(record: HelmRecord, manifest: Object) -> Key:
    namespace, _, _ = record.release.partition("/")
    return identify(placed(manifest, namespace, record.cluster)).key


def _live(cluster: Cluster, manifest: Object, key: Key) -> Object | None:
    _, kind, namespace, name = key
    return cluster.get(str(manifest["apiVersion"]), kind, namespace, name)


def _is_of(release: str, live: Object) -> bool:
    """Whether a live object is the release's own, and not another's of the same name."""
    annotations = live["metadata"].get("annotations") or {}
    named = annotations.get(f"{_OWNER}namespace"), annotations.get(f"{_OWNER}name")
    return named == tuple(release.split("/"))


def _as_live(manifest: Any, live: Any) -> Any:
    """Return the fields of a manifest with the values that they have in the cluster.

    Of a kind that it does not know, Helm sends what differs between two manifests,
    whatever is live: it has to be told what is.
    """
    if isinstance(manifest, Mapping) and isinstance(live, Mapping):
        return {key: _as_live(manifest[key], live[key]) for key in manifest if key in live}
    return live


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
