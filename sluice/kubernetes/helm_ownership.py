"""Whether an object is a Helm release's, and how it changes hands without being touched.

Helm takes over an object that has its marks, and deletes what its record has and
its chart has no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from components.lib.manifests import documents
from components.lib.manifests.identity import Identity, identify
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.helm_records import newest_record

__all__ = ["hand_over", "handed_over", "release_with", "take_out"]

_NAME: Final = "meta.helm.sh/release-name"
_NAMESPACE: Final = "meta.helm.sh/release-namespace"
_POLICY: Final = "helm.sh/resource-policy"


def release_with(cluster: Cluster, live: Object, identity: Identity) -> str:
    """Return the release, `namespace/name`, whose newest revision has a live object; else empty.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    marks = live["metadata"].get("annotations") or {}
    release = f"{marks.get(_NAMESPACE)}/{marks.get(_NAME)}"
    record = newest_record(cluster, release) if _NAME in marks else None
    applied = documents.load_all(record.manifest, where=release) if record else ()
    return release if any(_is(each, [identity], release) for each in applied) else ""


def hand_over(cluster: Cluster, identity: Identity, release: str) -> None:
    """Mark a live object as a release's, so that Helm takes it over as it is.

    Until `handed_over`, Helm keeps it: a release that fails and is rolled back would
    delete what its last revision had not.

    Raises:
        ApiError: where the cluster refuses.

    """
    namespace, _, name = release.partition("/")
    marks = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {_NAME: name, _NAMESPACE: namespace, _POLICY: "keep"},
    }
    _mark(cluster, identity, marks)


def handed_over(cluster: Cluster, identity: Identity) -> None:
    """Let Helm delete an object again when its chart has it no more.

    Raises:
        ApiError: where the cluster refuses.

    """
    _mark(cluster, identity, {"annotations": {_POLICY: None}})


def _mark(cluster: Cluster, identity: Identity, marks: Mapping[str, Any]) -> None:
    place = (identity.api_version, identity.kind, identity.namespace, identity.name)
    if cluster.get(*place) is not None:
        cluster.patch(*place, {"metadata": marks})


def take_out(cluster: Cluster, release: str, identities: Collection[Identity]) -> None:
    """Take objects out of a release's record, so that Helm does not delete them.

    Raises:
        ApiError: where the cluster refuses.

    """
    record = newest_record(cluster, release)
    if record is None:
        return
    objects = documents.load_all(record.manifest, where=release)
    kept = [each for each in objects if not _is(each, identities, release)]
    record.rewrite(manifest="".join(f"---\n{documents.dump(each)}" for each in kept))


def _is(manifest: Mapping[str, Any], identities: Collection[Identity], release: str) -> bool:
    found = identify(manifest)
    # A chart need not say the namespace, and then means the release's; nor need a manifest.
    places = {found.namespace, found.namespace or release.partition("/")[0]}
    return any(
        (found.group, found.kind, found.name) == (each.group, each.kind, each.name)
        and places & {each.namespace, each.namespace or "default"}
        for each in identities
    )
