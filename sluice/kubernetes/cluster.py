"""A cluster's objects: listed, watched, read, applied, tried, and what we may do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sluice.errors import ApiError
from sluice.kubernetes.connection import FORBIDDEN, NOT_FOUND, Connection, Object
from sluice.kubernetes.discovery import Discovery

__all__ = ["Cluster"]

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_OPERATIONS = "application/json-patch+json"


class Cluster:
    """A cluster's API.

    Safe to use from several threads. Each method raises `ApiError` with the
    server's reason, or with why the server cannot be asked.

    Attributes:
        context: the context's name.
        kubeconfig: the file that it is in; empty for the usual one.
        connection: how it is asked, for what no method here does.
        discovery: its kinds and their paths.

    """

    def __init__(self, context: str, kubeconfig: str = "") -> None:
        """Name the context, and the file it is in, if not the usual one; nothing is asked yet."""
        self.context = context
        self.kubeconfig = kubeconfig
        self.connection = Connection(context, kubeconfig)
        self.discovery = Discovery(self.connection)

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", labels: str = ""
    ) -> list[Object]:
        """Return the objects of a kind, of all namespaces by default.

        `labels` is a selector as kubectl takes it. A kind that the server does
        not serve has no objects.
        """
        if not self.serves(api_version, kind):
            return []
        return [*self.listed(api_version, kind, namespace=namespace, labels=labels)[0]]

    def listed(
        self,
        api_version: str,
        kind: str,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
    ) -> tuple[Sequence[Object], str]:
        """Return the objects of a kind, and the resource version to `watch` them from.

        `labels` and `fields` are selectors as kubectl takes them.
        """
        path = self.discovery.path(api_version, kind, namespace)
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        query = {key: value for key, value in selectors.items() if value}
        found = self.connection.ask("GET", path, query)
        objects: Sequence[Object] = found.get("items") or []
        for each in objects:  # a list says once what all of its items are
            each["apiVersion"], each["kind"] = api_version, kind
        return objects, str(found["metadata"].get("resourceVersion", ""))

    def list_in(
        self,
        api_version: str,
        kind: str,
        namespaces: Collection[str],
        *,
        labels: str = "",
        unread: Callable[[str, ApiError], None] | None = None,
    ) -> Sequence[Object]:
        """Return the objects of a kind in some namespaces, by one request where that is allowed.

        An account that may list them only where it has to is asked for each
        namespace. One that may not be listed either is left out where `unread` is
        told of it, else it ends it.
        """
        if len(namespaces) != 1:
            try:
                found = self.list(api_version, kind, labels=labels)
            except ApiError as error:
                if error.status != FORBIDDEN:
                    raise
            else:
                return [
                    each for each in found if each["metadata"].get("namespace", "") in namespaces
                ]
        listed = []
        for namespace in sorted(namespaces):
            try:
                listed += self.list(api_version, kind, namespace=namespace, labels=labels)
            except ApiError as error:
                if error.status != FORBIDDEN or unread is None:
                    raise
                unread(namespace, error)
        return listed

    def named(
        self,
        api_version: str,
        kind: str,
        places: Collection[tuple[str, str]],
        *,
        unread: Callable[[str, str, ApiError], None] | None = None,
    ) -> Sequence[Object]:
        """Return those objects of a kind that are there, of the given namespaces and names.

        An account that may not list them is asked for each. One that may not be read
        either is left out where `unread` is told of it, else it ends it.
        """
        try:
            return self.list_in(api_version, kind, {namespace for namespace, _ in places})
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
        found = []
        for place in sorted(places):
            try:
                found.append(self.get(api_version, kind, *place))
            except ApiError as error:
                if error.status != FORBIDDEN or unread is None:
                    raise
                unread(*place, error)
        return [each for each in found if each is not None]

    def watch(
        self, api_version: str, kind: str, *, namespace: str = "", since: str, seconds: int
    ) -> Iterator[tuple[str, Object]]:
        """Yield `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK` with the object, for so long.

        An ApiError of the status 410 means that `since` is too old: list again.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": str(seconds),
        }
        path = self.discovery.path(api_version, kind, namespace)
        yield from self.connection.events(path, query, seconds)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object, or None where it is not there."""
        if not self.serves(api_version, kind):
            return None
        try:
            path = self.discovery.path(api_version, kind, namespace, name)
            return self.connection.ask("GET", path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        force: bool = True,
        manager: str = "sluice",
    ) -> Object:
        """Apply a manifest on the server; return the object as it is then."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        path = self.discovery.path_of(manifest)
        return self.connection.ask("PATCH", path, query, manifest, _APPLY)

    def dry_run(self, manifest: Mapping[str, Any]) -> tuple[Object, tuple[str, ...]]:
        """Return the object that applying a manifest would give, and what the server warns of.

        Its warnings are those of Pod Security, of policies that do not deny, and of
        versions and fields that are on their way out.
        """
        query = {"fieldManager": "sluice", "force": "true", "dryRun": "All"}
        path = self.discovery.path_of(manifest)
        return self.connection.ask_with_warnings("PATCH", path, query, manifest, _APPLY)

    def patch(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> Object:
        """Merge a patch into an object (RFC 7396), or do a list of operations (RFC 6902).

        Returns the object as it is then.
        """
        path = self.discovery.path(api_version, kind, namespace, name)
        content = _MERGE if isinstance(patch, Mapping) else _OPERATIONS
        return self.connection.ask("PATCH", path, {}, patch, content)

    def try_patch(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        operations: Sequence[Mapping[str, Any]],
    ) -> Object:
        """Return the object as a list of operations (RFC 6902) would leave it."""
        path = self.discovery.path(api_version, kind, namespace, name)
        return self.connection.ask("PATCH", path, {"dryRun": "All"}, operations, _OPERATIONS)

    def version(self) -> str:
        """Return the server's version: `v1.35.0`."""
        return str(self.connection.ask("GET", "/version")["gitVersion"])

    def allowed(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = ""
    ) -> bool:
        """Whether we may do that: `allowed("patch", "apps", "deployments", "shop")`."""
        place = {"namespace": namespace, "name": name}
        attributes = {"verb": verb, "group": group, "resource": resource, **place}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return bool(self.connection.ask("POST", path, {}, review)["status"]["allowed"])

    def token(self, namespace: str, account: str, seconds: int) -> tuple[str, str]:
        """Return a new token of a service account, and when it expires, as RFC 3339 has it.

        The server may let it expire earlier than is asked for.
        """
        path = f"/api/v1/namespaces/{quote(namespace)}/serviceaccounts/{quote(account)}/token"
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        status = self.connection.ask("POST", path, {}, asked)["status"]
        return str(status["token"]), str(status["expirationTimestamp"])

    def served(self) -> Collection[tuple[str, str]]:
        """Return every API version and kind that the server knows."""
        return self.discovery.served()

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the server knows a kind."""
        return self.discovery.serves(api_version, kind)

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in namespaces; False where it is not served."""
        return self.discovery.namespaced(api_version, kind)

    def kinds(self, name: str) -> Sequence[tuple[str, str]]:
        """Return the API versions and kinds of a name in any case: `pod` is `("v1", "Pod")`."""
        return self.discovery.kinds(name)

    def resource(self, api_version: str, kind: str) -> str:
        """Return the name of a kind that the server knows, as permissions have it: `pods`."""
        return self.discovery.resource(api_version, kind)
