"""Charts in an OCI registry: a repository each, a tag a version.

Answers to Flux's `OCIRepository` and its `HelmRepository` of type `oci`, and to
Helm's `helm pull oci://`. Written on the distribution API over `Transport`
rather than on `oras`: that library's requests have no time limit, and its
repetitions wait 131 seconds in all, which cannot be set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from requests.utils import parse_dict_header

from components.artifacts import missing
from components.artifacts.mirrors import printable
from components.artifacts.transport import AS_IT_IS, Bearer, TransportError, is_loopback
from components.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests import Response

    from components.artifacts.mirrors import Address
    from components.artifacts.transport import Transport

__all__ = ["CHART_LAYERS", "OCIRegistry"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CHART_LAYERS = (
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",  # what Helm wrote before 3.7, and still reads
)
_DOCKER_HUB = ("docker.io", "index.docker.io")
_DOCKER_HUB_API = "registry-1.docker.io"
_PAGE = 1000
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404


class OCIRegistry:
    """Charts below `oci://host/path`, read anonymously.

    Plain HTTP is spoken to loopback hosts only, as Docker and Helm do. Every
    method raises ArtifactError naming registry, chart and version:
    unreachable, access denied, no such chart or version, not a chart.
    """

    def __init__(self, address: Address, transport: Transport) -> None:
        self._address = address
        self._transport = transport
        self._tokens: dict[str, str] = {}
        parts = urlsplit(address.actual)
        scheme = "http" if is_loopback(parts.hostname or "") else "https"
        host = _DOCKER_HUB_API if parts.netloc in _DOCKER_HUB else parts.netloc
        self._origin = f"{scheme}://{host}"
        self._folder = parts.path.strip("/")

    def versions(self, chart: str) -> list[str]:
        """Return every tag of a chart, in the registry's order, with Helm's `_` back as `+`."""
        tags = [tag for page in self._pages(chart) for tag in page]
        return [tag.replace("_", "+") for tag in tags]

    def digest(self, chart: str, version: str) -> str:
        """Return `sha256:…` of the archive, by which the registry serves it; fetches nothing."""
        return self._layer(chart, version)

    def download(self, chart: str, version: str) -> bytes:
        """Return the archive (`.tgz`), not yet verified."""
        layer = self._layer(chart, version)
        return self._found(chart, f"blobs/{layer}", AS_IT_IS).content

    def _pages(self, chart: str) -> Iterator[list[str]]:
        url, seen = self._url(chart, f"tags/list?n={_PAGE}"), set[str]()
        while url and url not in seen:
            seen.add(url)
            response = self._get(chart, url)
            if response.status_code == _NOT_FOUND:
                raise missing.chart_error(self._address, chart)
            page = self._json(self._checked(response))
            yield [str(tag) for tag in page.get("tags") or []]
            url = self._next(url, response)

    def _next(self, url: str, response: Response) -> str:
        """Return the next page's URL, at this very origin: behind a proxy, Link names another."""
        link = response.links.get("next", {}).get("url")
        if not link:
            return ""
        parts = urlsplit(urljoin(url, link))
        return f"{self._origin}{parts.path}?{parts.query}"

    def _layer(self, chart: str, version: str) -> str:
        reference = version.replace("+", "_")
        response = self._get(
            chart, self._url(chart, f"manifests/{reference}"), {"Accept": MANIFEST}
        )
        if response.status_code == _NOT_FOUND:
            raise missing.version_error(self._address, chart, version, self.versions(chart))
        for layer in self._json(self._checked(response)).get("layers") or []:
            if isinstance(layer, dict) and layer.get("mediaType") in CHART_LAYERS:
                return self._digest(layer)
        raise ArtifactError(
            f"{chart} {version} in the registry {self._address} is not a Helm chart: no layer has"
            f" the media type {CHART_LAYERS[0]}; correct the chart's name.",
        )

    def _digest(self, layer: Mapping[str, Any]) -> str:
        digest = str(layer.get("digest"))
        if not digest.startswith("sha256:"):
            raise ArtifactError(
                f"The registry {self._address} holds a chart by {digest.partition(':')[0]!r};"
                " push it by sha256, which is what a lock holds.",
            )
        return digest

    def _found(self, chart: str, path: str, headers: Mapping[str, str]) -> Response:
        return self._checked(self._get(chart, self._url(chart, path), headers))

    def _checked(self, response: Response) -> Response:
        if response.status_code in (_UNAUTHORIZED, _FORBIDDEN):
            raise ArtifactError(
                f"The registry {self._address} denies anonymous access (HTTP"
                f" {response.status_code}); correct the chart's name, or use a public mirror.",
            )
        if response.status_code != _OK:
            raise self._unreadable(response.url, f"HTTP {response.status_code}")
        return response

    def _get(self, chart: str, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """Send a request with the chart's token, and once more where a new one is asked for."""
        response = self._send(url, headers, self._tokens.get(chart, ""))
        challenge = response.headers.get("WWW-Authenticate", "")
        if response.status_code == _UNAUTHORIZED and challenge.lower().startswith("bearer "):
            self._tokens[chart] = self._token(chart, challenge)
            return self._send(url, headers, self._tokens[chart])
        return response

    def _token(self, chart: str, challenge: str) -> str:
        """Return an anonymous token, by the distribution specification's token flow."""
        asked = parse_dict_header(challenge.partition(" ")[2])  # type: ignore[no-untyped-call]
        scope = asked.get("scope") or f"repository:{self._name(chart)}:pull"
        query = urlencode({"service": asked.get("service") or "", "scope": scope})
        response = self._checked(self._send(f"{asked.get('realm')}?{query}", None, ""))
        answer = self._json(response)
        return str(answer.get("token") or answer.get("access_token") or "")

    def _send(self, url: str, headers: Mapping[str, str] | None, token: str) -> Response:
        try:
            return self._transport.get(url, headers, Bearer(token))
        except TransportError as error:
            raise self._unreadable(url, str(error)) from error

    def _json(self, response: Response) -> dict[str, Any]:
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise self._unreadable(response.url, "no JSON object")
        return content

    def _url(self, chart: str, path: str) -> str:
        return f"{self._origin}/v2/{self._name(chart)}/{path}"

    def _name(self, chart: str) -> str:
        return f"{self._folder}/{chart}".strip("/")

    def _unreadable(self, url: str, reason: str) -> ArtifactError:
        return ArtifactError(
            f"The registry {self._address} cannot be read: {reason} from {printable(url)};"
            " check the URL, the network and the mirrors.",
        )
