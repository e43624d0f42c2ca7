"""Helm's own records of its releases: Secrets that say what each revision did and how it ended.

A Helm that was killed leaves its record unfinished, and every later Helm then
refuses the release: "another operation is in progress". Flux's controller
marks such a record as failed, which is what Helm would have written itself;
so does this.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from components.lib.manifests import documents
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object

__all__ = ["HelmRecord", "ReleaseRecord", "deployed_manifests", "newest_record", "records"]

_UNFINISHED = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_REASON = "the process that ran this was killed"


@dataclass(frozen=True)
class HelmRecord:
    """The record of a release's newest revision.

    Attributes:
        release: namespace and name, `databases/redis`.
        status: Helm's word: `deployed`, `failed`, `pending-upgrade`.
        since: when Helm began that revision.

    """

    release: str
    status: str
    since: datetime
    _cluster: Cluster
    _secret: Object

    @property
    def tests(self) -> Mapping[str, str]:
        """How the newest run of each of the chart's tests ended, by the name of its object.

        Helm's word: `Succeeded`, `Failed`; empty where it never ran.
        """
        hooks = _decoded(self._secret).get("hooks") or ()
        return {
            str(each["name"]): str((each.get("last_run") or {}).get("phase") or "")
            for each in hooks
            if "test" in each["events"]
        }

    @property
    def unfinished(self) -> bool:
        """Whether Helm is at it still, or was killed while it was."""
        return self.status in _UNFINISHED

    def is_abandoned(self, timeout: timedelta) -> bool:
        """Whether it is unfinished for longer than its update and a rollback could have taken."""
        return self.unfinished and datetime.now(UTC) - self.since > 2 * timeout

    def mark_failed(self) -> None:
        """Finish the record, so that Helm upgrades from the last good revision."""
        content = _decoded(self._secret)
        content["info"] |= {"status": "failed", "description": _REASON}
        self._write(content, {"status": "failed"})

    @property
    def manifest(self) -> str:
        """What that revision applied, as YAML; hooks are not in it."""
        return str(_decoded(self._secret)["manifest"])

    def rewrite(self, manifest: str) -> None:
        """Put another manifest into the record: what Helm takes as applied."""
        self._write(_decoded(self._secret) | {"manifest": manifest}, {})

    def _write(self, content: Any, labels: Mapping[str, str]) -> None:
        patch = {"metadata": {"labels": labels}, "data": {"release": _encoded(content)}}
        metadata = self._secret["metadata"]
        self._cluster.patch("v1", "Secret", metadata["namespace"], metadata["name"], patch)


@dataclass(frozen=True)
class ReleaseRecord:
    """What Helm has recorded of a release's deployed revision.

    Attributes:
        component: the component that the release belongs to.
        objects: its objects, as they were applied.

    """

    component: str
    objects: list[dict[str, Any]] = field(repr=False)


def newest_record(cluster: Cluster, release: str) -> HelmRecord | None:
    """Return the newest record of the release `namespace/name`, or None where Helm knows none.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    namespace, _, name = release.partition("/")
    selector = f"owner=helm,name={name}"
    secrets = cluster.list("v1", "Secret", namespace=namespace, labels=selector)
    if not secrets:
        return None
    secret = max(secrets, key=lambda each: int(each["metadata"]["labels"]["version"]))
    info = _decoded(secret)["info"]
    since = _time(info["last_deployed"])
    return HelmRecord(release, str(info["status"]), since, cluster, secret)


def deployed_manifests(
    cluster: Cluster,
    releases: Collection[str],
    *,
    unread: Callable[[str, ApiError], None] | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield `namespace/name` and the manifests (YAML) of each of the releases that is deployed.

    Hooks are not among them. One request, where all namespaces may be asked; of
    one whose records may not be read `unread` is told where it is given.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    selector = "owner=helm,status=deployed"
    namespaces = {release.partition("/")[0] for release in releases}
    for secret in cluster.list_in("v1", "Secret", namespaces, labels=selector, unread=unread):
        metadata = secret["metadata"]
        release = f"{metadata['namespace']}/{metadata['labels']['name']}"
        if release in releases:
            yield release, str(_decoded(secret)["manifest"])


def records(
    cluster: Cluster, releases: Mapping[str, str]
) -> tuple[dict[str, ReleaseRecord], dict[str, str]]:
    """Return the records of the given releases: `namespace/name`, with their components.

    And those that may not be read, with the reason.
    """
    found: dict[str, ReleaseRecord] = {}
    hidden: dict[str, str] = {}

    def unread(namespace: str, error: ApiError) -> None:
        hidden.update((each, str(error)) for each in releases if each.startswith(f"{namespace}/"))

    for release, text in deployed_manifests(cluster, releases, unread=unread):
        namespace, _, _ = release.partition("/")
        objects = documents.load_all(text, where=release)
        placed = [_placed(each, namespace, cluster) for each in objects]
        found[release] = ReleaseRecord(releases[release], placed)
    return found, hidden


def _placed(manifest: dict[str, Any], namespace: str, cluster: Cluster) -> dict[str, Any]:
    """Return the manifest with the namespace that it is in."""
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    if not cluster.serves(api_version, kind) or not cluster.namespaced(api_version, kind):
        return manifest
    return {**manifest, "metadata": {"namespace": namespace, **manifest["metadata"]}}


def _time(text: str) -> datetime:
    # Go writes nanoseconds, Python reads microseconds.
    seconds, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    return datetime.fromisoformat(seconds + zone)


def _decoded(secret: Object) -> Any:
    """Return what a record holds: its `info`, `chart`, `config`, `manifest` and `hooks`."""
    return json.loads(
        gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
    )


def _encoded(content: Any) -> str:
    packed = gzip.compress(json.dumps(content).encode())
    return base64.b64encode(base64.b64encode(packed)).decode()
