"""What a cluster's API serves: its kinds, and the paths of their objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

from sluice.errors import ApiError
from sluice.kubernetes.connection import Connection

__all__ = ["Discovery"]

_DISCOVERY = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    for version in ("v2", "v2beta1")
)


class Discovery:
    """The kinds that a cluster serves, asked for once.

    Safe to use from several threads. Each method raises `ApiError` where the
    server cannot be asked.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection; nothing is asked yet."""
        self._connection = connection

    def served(self) -> Collection[tuple[str, str]]:
        """Return every API version and kind that the server knows."""
        return self._resources.keys()

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the server knows a kind."""
        return (api_version, kind) in self._resources

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in namespaces; False where it is not served."""
        return self._resources.get((api_version, kind), ("", False))[1]

    def kinds(self, name: str) -> Sequence[tuple[str, str]]:
        """Return the API versions and kinds of a name in any case: `pod` is `("v1", "Pod")`."""
        return [each for each in self._resources if each[1].lower() == name.lower()]

    def resource(self, api_version: str, kind: str) -> str:
        """Return the name of a kind that the server knows, as permissions have it: `pods`."""
        return self._resources[api_version, kind][0]

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        """Return the path of a kind's objects, of all namespaces by default, or of one object.

        Raises ApiError where the server does not know the kind.
        """
        found = self._resources.get((api_version, kind))
        if found is None:
            raise ApiError(
                f"context {self._connection.context}: the cluster serves no {api_version} {kind}"
            )
        resource, namespaced = found
        if namespaced and name and not namespace:
            namespace = "default"
        inside = ("namespaces", namespace) if namespaced and namespace else ()
        root = "/apis" if "/" in api_version else "/api"
        parts = (*inside, resource, *([name] if name else []))
        return "/".join([root, api_version, *(quote(part, safe="") for part in parts)])

    def path_of(self, manifest: Mapping[str, Any]) -> str:
        """Return the path of the object that a manifest is about."""
        metadata = manifest["metadata"]
        namespace = str(metadata.get("namespace") or "")
        name = str(metadata["name"])
        return self.path(str(manifest["apiVersion"]), str(manifest["kind"]), namespace, name)

    @cached_property
    def _resources(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Each kind's name in URLs, and whether it is namespaced."""
        return {
            (api_version, kind): (resource["resource"], resource["scope"] == "Namespaced")
            for path in ("/api", "/apis")
            for group in self._connection.ask("GET", path, accept=_DISCOVERY)["items"]
            for version in group["versions"]
            for api_version in [_api_version(group, version)]
            for resource in version.get("resources") or ()
            if (kind := (resource.get("responseKind") or {}).get("kind"))
        }


def _api_version(group: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    name = (group.get("metadata") or {}).get("name")
    return f"{name}/{version['version']}" if name else str(version["version"])
