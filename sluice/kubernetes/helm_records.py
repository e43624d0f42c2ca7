"""Helm's own records of its releases: Secrets that say what each revision did and how it ended.

What becomes of a record that a killed Helm left unfinished is said in
`sluice.recovery.helm_history`.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from components.lib.manifests import documents
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.kubernetes.managed_fields import owner

__all__ = [
    "HelmRecord",
    "ReleaseRecord",
    "deployed_manifests",
    "history",
    "newest_record",
    "placed",
    "records",
]

_UNFINISHED: Final = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


@dataclass(frozen=True)
class HelmRecord:
    """The record of one of a release's revisions.

    Attributes:
        release: namespace and name, `databases/redis`.
        revision: its number, from 1.
        cluster: where it is.

    """

    release: str
    revision: int
    cluster: Cluster
    _secret: Object = field(repr=False)

    @property
    def status(self) -> str:
        """Helm's word: `deployed`, `failed`, `pending-upgrade`."""
        return str(self._content["info"]["status"])

    @property
    def description(self) -> str:
        """How the revision ended, as Helm says it."""
        return str(self._content["info"].get("description") or "")

    @property
    def since(self) -> datetime:
        """When Helm began the revision."""
        return _time(self._content["info"]["last_deployed"])

    @property
    def manifest(self) -> str:
        """Its objects as YAML, without hooks; never to be shown."""
        return str(self._content.get("manifest") or "")

    @property
    def chart(self) -> tuple[str, str]:
        """The chart's name and version."""
        metadata = self._content["chart"]["metadata"]
        return str(metadata["name"]), str(metadata["version"])

    @property
    def values(self) -> Mapping[str, Any]:
        """What it was given over the chart's own values; never to be shown."""
        return self._content.get("config") or {}

    @property
    def writer(self) -> str:
        """Who wrote the record last: `Helm`, `helm-controller`, `pulumi-kubernetes`."""
        return owner(self._secret, ("data", "release"))

    @property
    def tests(self) -> Mapping[str, str]:
        """How the newest run of each of the chart's tests ended, by the name of its object.

        Helm's word: `Succeeded`, `Failed`; empty where it never ran.
        """
        hooks = self._content.get("hooks") or ()
        return {
            str(each["name"]): str((each.get("last_run") or {}).get("phase") or "")
            for each in hooks
            if "test" in each["events"]
        }

    @property
    def unfinished(self) -> bool:
        """Whether Helm is at it still, or was killed while it was."""
        return self.status in _UNFINISHED

    def rewrite(self, status: str = "", description: str = "", manifest: str | None = None) -> None:
        """Write the record anew; what is not given stays as it is."""
        status = status or self.status
        info = {**self._content["info"], "status": status}
        content = {**self._content, "info": info}
        if description:
            info["description"] = description
        if manifest is not None:
            content["manifest"] = manifest
        labels = {"status": status}
        patch = {"metadata": {"labels": labels}, "data": {"release": _encoded(content)}}
        self.cluster.patch("v1", "Secret", *self._place, patch)

    def remove(self) -> None:
        """Remove the record."""
        path = self.cluster.discovery.path("v1", "Secret", *self._place)
        self.cluster.connection.ask("DELETE", path)

    @cached_property
    def _content(self) -> Any:
        return _decoded(self._secret)

    @property
    def _place(self) -> tuple[str, str]:
        metadata = self._secret["metadata"]
        return metadata["namespace"], metadata["name"]


@dataclass(frozen=True)
class ReleaseRecord:
    """What Helm has recorded of a release's deployed revision.

    Attributes:
        component: the component that the release belongs to.
        objects: its objects, as they were applied.

    """

    component: str
    objects: list[dict[str, Any]] = field(repr=False)


def history(cluster: Cluster, release: str) -> list[HelmRecord]:
    """Return the records of the release `namespace/name`, oldest first; none where it is none.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    namespace, _, name = release.partition("/")
    selector = f"owner=helm,name={name}"
    found = [
        HelmRecord(release, int(each["metadata"]["labels"]["version"]), cluster, each)
        for each in cluster.list("v1", "Secret", namespace=namespace, labels=selector)
    ]
    return sorted(found, key=lambda each: each.revision)


def newest_record(cluster: Cluster, release: str) -> HelmRecord | None:
    """Return the newest record of the release `namespace/name`, or None where Helm knows none.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    return next(reversed(history(cluster, release)), None)


def deployed_manifests(
    cluster: Cluster,
    releases: Collection[str],
    *,
    unread: Callable[[str, ApiError], None] | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield `namespace/name` and the manifests (YAML) of each of the releases that is installed.

    Those of the revision that is deployed; where none is, as after a first install that
    failed, those of the newest that failed. Hooks are not among them. One request, where
    all namespaces may be asked; of one whose records may not be read `unread` is told
    where it is given.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    selector = "owner=helm,status in (deployed,failed)"
    namespaces = {release.partition("/")[0] for release in releases}
    newest: dict[str, Object] = {}
    for secret in cluster.list_in("v1", "Secret", namespaces, labels=selector, unread=unread):
        metadata = secret["metadata"]
        release = f"{metadata['namespace']}/{metadata['labels']['name']}"
        if release in releases:
            newest[release] = max(newest.get(release, secret), secret, key=_rank)
    for release, secret in newest.items():
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
        content = [placed(each, namespace, cluster) for each in objects]
        found[release] = ReleaseRecord(releases[release], content)
    return found, hidden


def _rank(secret: Object) -> tuple[bool, int]:
    labels = secret["metadata"]["labels"]
    return labels["status"] == "deployed", int(labels["version"])


def placed(manifest: dict[str, Any], namespace: str, cluster: Cluster) -> dict[str, Any]:
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
