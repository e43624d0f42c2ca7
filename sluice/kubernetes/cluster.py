"""The one place that knows the Kubernetes API: JSON in, JSON out, over kept connections."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from sluice.errors import ApiError
from sluice.kubernetes.credentials import Credentials, credentials

__all__ = ["FORBIDDEN", "Cluster", "Object", "lacks_permission"]

Object = dict[str, Any]
"""An object of the API, or a part of one, as its JSON is."""

_DISCOVERY = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    for version in ("v2", "v2beta1")
)
_APPLY = "application/apply-patch+yaml"
_WARNING = re.compile(r'\d+ \S+ "(?P<text>.*)"(?: ".*")?', re.DOTALL)
_MERGE = "application/merge-patch+json"
_OPERATIONS = "application/json-patch+json"
FORBIDDEN = 403
_NO_PERMISSION = re.compile(r'forbidden: User ".*" cannot \S+ resource ', re.DOTALL)
_UNAUTHORIZED, _NOT_FOUND = 401, 404
_CONNECTIONS = 4
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0

# It warns of each new try and each connection over those that are kept.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class Cluster:
    """A cluster's API.

    Safe to use from several threads. Each method raises `ApiError` with the
    server's reason, or with why the server cannot be asked.
    """

    def __init__(self, context: str, kubeconfig: str = "") -> None:
        """Name the context, and the file it is in, if not the usual one; nothing is asked yet."""
        self.context = context
        self.kubeconfig = kubeconfig

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
        path = self._path(api_version, kind, namespace)
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        found = self._ask("GET", path, {key: value for key, value in selectors.items() if value})
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
        path = self._path(api_version, kind, namespace)
        response = self._request("GET", path, query, stream=True, read=seconds + _READ_SECONDS)
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise self._refusal(event["object"])
                yield event["type"], event["object"]
        except urllib3.exceptions.HTTPError as error:
            raise self._unusable(error) from error
        finally:
            response.close()

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object, or None where it is not there."""
        if not self.serves(api_version, kind):
            return None
        try:
            return self._ask("GET", self._path(api_version, kind, namespace, name))
        except ApiError as error:
            if error.status == _NOT_FOUND:
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
        return self._ask("PATCH", self._path_of(manifest), query, manifest, _APPLY)

    def dry_run(self, manifest: Mapping[str, Any]) -> tuple[Object, tuple[str, ...]]:
        """Return the object that applying a manifest would give, and what the server warns of.

        Its warnings are those of Pod Security, of policies that do not deny, and of
        versions and fields that are on their way out.
        """
        query = {"fieldManager": "sluice", "force": "true", "dryRun": "All"}
        response = self._request("PATCH", self._path_of(manifest), query, manifest, _APPLY)
        warnings = response.headers.getlist("Warning")
        return json.loads(response.data), tuple(map(_warning, warnings))

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
        path = self._path(api_version, kind, namespace, name)
        content = _MERGE if isinstance(patch, Mapping) else _OPERATIONS
        return self._ask("PATCH", path, {}, patch, content)

    def version(self) -> str:
        """Return the server's version: `v1.35.0`."""
        return str(self._ask("GET", "/version")["gitVersion"])

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
        return bool(self._ask("POST", path, {}, review)["status"]["allowed"])

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
        status = self._ask("POST", path, {}, asked)["status"]
        return str(status["token"]), str(status["expirationTimestamp"])

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

    @cached_property
    def _resources(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Each kind's name in URLs, and whether it is namespaced."""
        return {
            (api_version, kind): (resource["resource"], resource["scope"] == "Namespaced")
            for path in ("/api", "/apis")
            for group in self._ask("GET", path, accept=_DISCOVERY)["items"]
            for version in group["versions"]
            for api_version in [_api_version(group, version)]
            for resource in version.get("resources") or ()
            if (kind := (resource.get("responseKind") or {}).get("kind"))
        }

    def _path_of(self, manifest: Mapping[str, Any]) -> str:
        metadata = manifest["metadata"]
        namespace = str(metadata.get("namespace") or "")
        name = str(metadata["name"])
        return self._path(str(manifest["apiVersion"]), str(manifest["kind"]), namespace, name)

    def _path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        found = self._resources.get((api_version, kind))
        if found is None:
            raise ApiError(f"context {self.context}: the cluster serves no {api_version} {kind}")
        resource, namespaced = found
        if namespaced and name and not namespace:
            namespace = "default"
        inside = ("namespaces", namespace) if namespaced and namespace else ()
        root = "/apis" if "/" in api_version else "/api"
        parts = (*inside, resource, *([name] if name else []))
        return "/".join([root, api_version, *(quote(part, safe="") for part in parts)])

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        response = self._request(method, path, query, body, content, accept)
        found: Object = json.loads(response.data)
        return found

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        *,
        stream: bool = False,
        read: float = _READ_SECONDS,
    ) -> urllib3.BaseHTTPResponse:
        url = f"{path}?{urlencode(query)}" if query else path
        sent = None if body is None else json.dumps(body).encode()
        for last in (False, True):
            credentials, server = self._server
            headers = {"Accept": accept, "Content-Type": content, "User-Agent": "sluice"}
            if credentials.token:
                headers["Authorization"] = f"Bearer {credentials.token}"
            try:
                response = server.request(
                    method,
                    credentials.server.rstrip("/") + url,
                    body=sent,
                    headers=headers,
                    preload_content=not stream,
                    timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=read),
                )
            except urllib3.exceptions.HTTPError as error:
                raise self._unusable(error) from error
            if response.status == _UNAUTHORIZED and not last:
                del self._server  # what a program signed in with may have expired
                continue
            if response.status >= 400:  # noqa: PLR2004 - HTTP's errors
                raise self._refusal(_status(response))
            return response
        raise AssertionError

    @cached_property
    def _server(self) -> tuple[Credentials, urllib3.PoolManager]:
        found = credentials(self.context, self.kubeconfig)
        options: dict[str, Any] = {
            "maxsize": _CONNECTIONS,
            # A connection that the server had closed meanwhile; what it refuses, it refuses.
            "retries": urllib3.Retry(2, backoff_factor=0.1, status=0, redirect=0),
        }
        if found.tls is not None:
            options["ssl_context"] = found.tls
        if found.server_name:
            options |= {"server_hostname": found.server_name, "assert_hostname": found.server_name}
        if found.proxy:
            return found, urllib3.ProxyManager(found.proxy, **options)
        return found, urllib3.PoolManager(**options)

    def _refusal(self, status: Mapping[str, Any]) -> ApiError:
        reason = str(status.get("message") or status.get("reason") or "no reason given")
        return ApiError(f"context {self.context}: {reason}", status=int(status.get("code") or 0))

    def _unusable(self, error: Exception) -> ApiError:
        reason = getattr(error, "reason", None) or error
        return ApiError(f"context {self.context}: the cluster cannot be asked: {reason}")


def lacks_permission(error: ApiError) -> bool:
    """Whether we may not do what was asked, rather than a policy that forbids it to anybody."""
    return error.status == FORBIDDEN and bool(_NO_PERMISSION.search(str(error)))


def _warning(header: str) -> str:
    found = _WARNING.fullmatch(header)
    return re.sub(r"\\(.)", r"\1", found["text"]) if found else header


def _api_version(group: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    name = (group.get("metadata") or {}).get("name")
    return f"{name}/{version['version']}" if name else str(version["version"])


def _status(response: urllib3.BaseHTTPResponse) -> Mapping[str, Any]:
    text = response.data.decode(errors="replace")
    try:
        status = json.loads(text)
    except ValueError:
        status = None
    said = status if isinstance(status, dict) else {"message": " ".join(text.split())[:300]}
    return {"code": response.status, **said}


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(1 << 16):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
