"""One OCI registry by the distribution specification: where it is, who we are, what it says.

Written over `Transport` rather than on `oras` or `python-dxf`: the one has no
time limit, the other neither repeats a request nor pages by the registry's
own links, and neither asks with an ETag.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from requests.utils import parse_dict_header

from components.errors import ArtifactError
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.credentials import Credentials, docker_credentials
from components.lib.registry.loopback import is_loopback
from components.lib.registry.mirrors import printable
from components.lib.registry.signed_artifact import SignedArtifact
from components.lib.registry.transport import Bearer, TransportError, basic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests import Response
    from requests.auth import AuthBase

    from components.lib.registry.etag_cache import ETagCache
    from components.lib.registry.mirrors import Address
    from components.lib.registry.transport import Transport

__all__ = ["NOT_FOUND", "RegistryClient"]

OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_DOCKER_HUB_API = "registry-1.docker.io"
_PAGE = 1000


class RegistryClient:
    """A registry at an `oci://` address, read by an access, or with Docker's own credentials.

    Plain HTTP is spoken where `insecure` says so and to loopback hosts without
    an authority's file, as Docker and Helm do. Every method raises ArtifactError
    naming the address: unreachable, access denied, an answer that is none.
    """

    def __init__(
        self,
        address: Address,
        transport: Transport,
        *,
        insecure: bool = False,
        access: Access = ANYBODY,
    ) -> None:
        self._address = address
        self._transport = transport
        self._access = access
        parts = urlsplit(address.actual)
        self._plain = insecure or (is_loopback(parts.hostname or "") and not access.ca_file)
        self._is_docker_hub = parts.netloc in _DOCKER_HUB
        self._host = "docker.io" if self._is_docker_hub else parts.netloc
        host = _DOCKER_HUB_API if self._is_docker_hub else parts.netloc
        self._origin = f"{'http' if self._plain else 'https'}://{host}"
        self._path = parts.path.strip("/")
        self._authorizations: dict[str, AuthBase] = {}

    def name(self, below: str = "") -> str:
        """Return a repository's name below the address, by Docker Hub's rule `library/nginx`."""
        name = f"{self._path}/{below}".strip("/")
        return f"library/{name}" if self._is_docker_hub and "/" not in name else name

    def artifact(self, name: str, digest: str) -> SignedArtifact:
        """Return what programs need to verify the signature of a digest."""
        return SignedArtifact(self._host, name, digest, self._plain, self._access)

    def get(self, name: str, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """Return what there is below a repository; its status is 200 or 404."""
        return self._checked(name, self._request("GET", name, self._url(name, path), headers))

    def head(self, name: str, path: str, headers: Mapping[str, str]) -> Response:
        """Return the headers of what `get` returns."""
        return self._checked(name, self._request("HEAD", name, self._url(name, path), headers))

    def tags(self, name: str, cache: ETagCache | None = None) -> list[str] | None:
        """Return every tag of a repository, in the registry's order; None where there is none.

        A page that `cache` holds is asked for by its ETag, and sent only where it changed.
        """
        tags: list[str] = []
        for page in self._pages(name, cache):
            if page is None:
                return None
            tags += page
        return tags

    def json(self, response: Response) -> dict[str, Any]:
        """Return the object that an answer holds."""
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise self._unreadable(response.url, "no JSON object")
        return content

    def _pages(self, name: str, cache: ETagCache | None) -> Iterator[list[str] | None]:
        url, seen = self._url(name, f"tags/list?n={_PAGE}"), set[str]()
        while url and url not in seen:
            seen.add(url)
            kept = cache.load(url) if cache else None
            headers = {"If-None-Match": kept.etag} if kept else {}
            response = self._request("GET", name, url, headers)
            if kept and response.status_code == 304:  # noqa: PLR2004 - not modified
                yield kept.tags
                url = kept.following
                continue
            if self._checked(name, response).status_code == NOT_FOUND:
                yield None
                return
            tags = [str(tag) for tag in self.json(response).get("tags") or []]
            following = self._next(url, response)
            if cache:
                cache.save(url, response.headers.get("ETag", ""), tags, following)
            yield tags
            url = following

    def _next(self, url: str, response: Response) -> str:
        """Return the next page's URL, at this very origin: behind a proxy, Link names another."""
        link = response.links.get("next", {}).get("url")
        if not link:
            return ""
        parts = urlsplit(urljoin(url, link))
        return f"{self._origin}{parts.path}?{parts.query}"

    def _request(
        self, method: str, name: str, url: str, headers: Mapping[str, str] | None
    ) -> Response:
        """Send a request as before, and once more where the registry asks who we are."""
        before = self._authorizations.get(name) or self._authorizations.get("")
        response = self._send(method, url, headers, before)
        challenge = response.headers.get("WWW-Authenticate", "")
        if response.status_code != UNAUTHORIZED or not challenge:
            return response
        authorization = self._authorization(name, challenge)
        if authorization is None:
            return response
        return self._send(method, url, headers, authorization)

    def _authorization(self, name: str, challenge: str) -> AuthBase | None:
        """Return how to answer a challenge: by a token for the repository, or by the password."""
        scheme, _, parameters = challenge.partition(" ")
        if scheme.lower() == "bearer":
            asked = parse_dict_header(parameters)  # type: ignore[no-untyped-call]
            self._authorizations[name] = Bearer(self._token(name, asked))
            return self._authorizations[name]
        if scheme.lower() == "basic" and self._credentials:
            # For every repository: what follows is sent with it at once.
            known = self._credentials
            self._authorizations[""] = basic(known.user, known.password)
            return self._authorizations[""]
        return None

    def _token(self, name: str, asked: Mapping[str, str]) -> str:
        """Return a token, by the distribution specification's token flow."""
        scope = asked.get("scope") or f"repository:{name}:pull"
        query = {"service": asked.get("service") or "", "scope": scope}
        known, realm = self._credentials, str(asked.get("realm"))
        if known and known.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": known.identity_token}
            given = {**form, **query, "client_id": "sluice"}
            response = self._send("POST", realm, None, None, given)
        else:
            auth = basic(known.user, known.password) if known else None
            response = self._send("GET", f"{realm}?{urlencode(query)}", None, auth)
        answer = self.json(self._checked(name, response))
        return str(answer.get("token") or answer.get("access_token") or "")

    @cached_property
    def _credentials(self) -> Credentials | None:
        if self._access.password:
            return Credentials(self._access.username, self._access.password)
        return docker_credentials(self._host)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        auth: AuthBase | None,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        try:
            verify = self._access.ca_file or True
            return self._transport.send(method, url, headers, auth, form=form, verify=verify)
        except TransportError as error:
            raise self._unreadable(url, str(error)) from error

    def _checked(self, name: str, response: Response) -> Response:
        if response.status_code in (UNAUTHORIZED, FORBIDDEN):
            raise self._denied(name, response.status_code)
        if response.status_code not in (OK, NOT_FOUND):
            raise self._unreadable(response.url, f"HTTP {response.status_code}")
        return response

    def _denied(self, name: str, status: int) -> ArtifactError:
        known = self._credentials
        if known is None:
            return ArtifactError(
                f"The registry {self._address} denies anonymous access to {name} (HTTP {status});"
                f" run `docker login {self._host}`, or correct the name.",
            )
        user = f"the user {known.user!r}" if known.user else "the kept token"
        if self._access.password:
            return ArtifactError(
                f"The registry {self._address} denies {user} access to {name} (HTTP {status});"
                " correct the source's username and secret, or have reading granted.",
            )
        return ArtifactError(
            f"The registry {self._address} denies {user} access to {name} (HTTP {status}); run"
            f" `docker login {self._host}` with a right password, or have reading granted.",
        )

    def _url(self, name: str, path: str) -> str:
        return f"{self._origin}/v2/{name}/{path}"

    def _unreadable(self, url: str, reason: str) -> ArtifactError:
        return ArtifactError(
            f"The registry {self._address} cannot be read: {reason} from {printable(url)};"
            " check the URL, the network and the mirrors.",
        )
