"""HTTP to a Gitea server: giteapy's client on a transport of ours.

giteapy knows the endpoints; what its own transport lacks is here: time limits,
the system's certificate authorities (`SSL_CERT_FILE` adds one that signs
itself), proxies, tries again where that can do no harm, and errors as a sentence.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import giteapy
import msgspec
import urllib3
from giteapy.rest import RESTClientObject
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from components.artifacts.loopback import is_loopback
from sluice.errors import GiteaError, PassingGiteaError

__all__ = ["Connection"]

T = TypeVar("T")

_API: Final = "/api/v1"
_ATTEMPTS: Final = 7  # 16 s in all: a server that restarts is waited for
_SETTLING_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 8.0
_TIMEOUT: Final = urllib3.Timeout(connect=10.0, read=60.0)
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_PAGE: Final = 50
_SCOPES: Final = re.compile(r"required=\[([^\]]*)\]")
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class Connection:
    """One server, as one user.

    Attributes:
        server: its address, with its sub-path and without a slash at the end.
        api: giteapy's client, for its endpoints; each takes `_preload_content=False`.

    """

    def __init__(
        self, server: str, authorization: str = "", *, pause: float = _PAUSE_SECONDS
    ) -> None:
        """Take its address, the value of `Authorization`, the seconds before the second try."""
        self.server = server.rstrip("/")
        configuration = giteapy.Configuration()
        for logger in configuration.logger.values():
            logger.removeHandler(configuration.logger_stream_handler)
        configuration.host = f"{self.server}{_API}"
        self.api = giteapy.ApiClient(configuration)
        self.api.user_agent = "sluice"
        if authorization:
            self.api.set_default_header("Authorization", authorization)
        self._retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=pause, max=_LONGEST_PAUSE_SECONDS),
            retry=retry_if_exception_type(PassingGiteaError),
            reraise=True,
        )
        self._transport = _Transport(self.server, authorization, self._retrying)
        self.api.rest_client = self._transport

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        **query: Any,
    ) -> urllib3.BaseHTTPResponse:
        """Call an endpoint that giteapy lacks; return the answer.

        A path below `/api/` is taken as it is, any other is the API's. A
        query's value that is empty is left out. Raises a GiteaError.
        """
        asked = {key: value for key, value in query.items() if value not in ("", None)}
        answer: urllib3.BaseHTTPResponse = self.api.request(
            method,
            self._url(path),
            query_params=asked,
            headers={**self.api.default_headers},
            body=body,
        )
        return answer

    def stream(self, path: str, chunk: int = 1 << 16) -> Iterator[bytes]:
        """Yield what is at a path in pieces of at most `chunk` bytes, not held in memory."""
        answer = self._transport.opened(self._url(path), {**self.api.default_headers})
        try:
            yield from answer.stream(chunk)
        finally:
            answer.release_conn()

    def get(self, path: str, form: type[T], **query: Any) -> T:
        """Return what is at a path, in a form."""
        return msgspec.json.decode(self.call("GET", path, **query).data, type=form)

    def find(self, path: str, form: type[T], **query: Any) -> T | None:
        """Return what is at a path, None where there is nothing."""
        try:
            return self.get(path, form, **query)
        except GiteaError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def exists(self, path: str) -> bool:
        """Whether there is something at a path."""
        try:
            self.call("GET", path)
        except GiteaError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True

    def pages(self, path: str, form: type[T], *, key: str = "", **query: Any) -> Iterator[T]:
        """Yield the items of a list, page after page; the list is below `key` if one is given."""
        seen, page = 0, 1
        while True:
            answer = self.call("GET", path, page=page, limit=_PAGE, **query)
            content = msgspec.json.decode(answer.data)
            items = (content.get(key) if key else content) or []
            yield from msgspec.convert(items, list[form])  # type: ignore[valid-type]
            seen, page = seen + len(items), page + 1
            total = answer.headers.get("X-Total-Count") or (
                content.get("total_count", 0) if key else 0
            )
            if not items or seen >= int(total):
                return

    def settled(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns, called again where what it did may have been lost.

        It has to look at what there is before it acts.
        """
        return self._retrying.copy(stop=stop_after_attempt(_SETTLING_ATTEMPTS))(attempt)

    def _url(self, path: str) -> str:
        return f"{self.server}{path if path.startswith('/api/') else _API + path}"


class _Transport(RESTClientObject):  # type: ignore[misc]
    """What carries giteapy's calls."""

    def __init__(self, server: str, secret: str, retrying: Retrying) -> None:
        self._server = server
        self._secret = secret.rpartition(" ")[2]
        self._retrying = retrying
        self._retrying_unsent = retrying.copy(retry=retry_if_exception(_is_unsent))

    @cached_property
    def pool_manager(self) -> urllib3.PoolManager:
        """The connections, made when the first one is needed."""
        return _pool(self._server)

    def request(
        self,
        method: str,
        url: str,
        query_params: Any = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Any = None,  # noqa: ARG002 - giteapy's signature
        _preload_content: bool = True,
        _request_timeout: Any = None,
    ) -> urllib3.BaseHTTPResponse:
        """Return the complete answer, whatever giteapy would make of it.

        Raises:
            GiteaError: where the server refuses.
            PassingGiteaError: where it cannot be reached or is busy, at the last attempt.

        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        if isinstance(body, bytes):
            sent["Content-Type"] = "application/octet-stream"
        elif body is not None:
            body = json.dumps(body).encode()
        target = f"{url}?{urlencode(query_params, doseq=True)}" if query_params else url
        retrying = self._retrying if method in _REPEATABLE else self._retrying_unsent
        return retrying(self._once, method, target, sent, body)

    def opened(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Return the answer to a GET whose content is not read yet."""
        return self._retrying(self._once, "GET", url, headers, None, preload=False)

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        *,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        what = f"{method} {url.removeprefix(self._server)}"
        try:
            answer = self.pool_manager.request(
                method,
                url,
                body=body,
                headers=headers,
                preload_content=preload,
                timeout=_TIMEOUT,
                retries=urllib3.Retry(False),
                redirect=False,
            )
        except SSLError as error:
            raise GiteaError(
                f"{self._server} is not trusted: {self._said(error)}; where its certificate is "
                "signed by an authority of your own, set SSL_CERT_FILE to that authority's file"
            ) from None
        except HTTPError as error:
            raise PassingGiteaError(
                f"{self._server} cannot be reached ({what}): {self._said(error)}",
                sent=not isinstance(error, NewConnectionError),
            ) from None
        if answer.status >= 300:  # noqa: PLR2004 - HTTP's own bound
            raise self._refusal(answer, what)
        return answer

    def _refusal(self, answer: urllib3.BaseHTTPResponse, what: str) -> GiteaError:
        said = self._said(_message(answer))
        if answer.status in _BUSY:
            return PassingGiteaError(
                f"{self._server} answers {answer.status} to {what}: {said}", status=answer.status
            )
        return GiteaError(
            f"{self._server} refuses {what}: {_advice(answer.status, said)}",
            status=answer.status,
            reason=said,
        )

    def _said(self, reason: object) -> str:
        text = " ".join(str(reason).split())
        return text.replace(self._secret, "***") if self._secret else text


def _is_unsent(error: BaseException) -> bool:
    return isinstance(error, PassingGiteaError) and not error.sent


def _message(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        content = json.loads(answer.data)
        return str(content.get("message") or content.get("errors") or content)
    except (ValueError, AttributeError):
        return answer.reason or "no reason given"


def _advice(status: int, said: str) -> str:
    scopes = _SCOPES.search(said)
    if status == _FORBIDDEN and scopes:
        needed = " or ".join(scopes[1].split())
        return f"the token lacks the scope {needed}; make one that has it and set GITEA_TOKEN"
    if status == _UNAUTHORIZED:
        return f"the token is not valid ({said}); make a new one and set GITEA_TOKEN"
    if status == _FORBIDDEN:
        return f"the token's user may not do that ({said})"
    if status == _NOT_FOUND:
        return f"it is not there, or the token's user may not see it ({said})"
    return f"HTTP {status}, {said}"


def _pool(server: str) -> urllib3.PoolManager:
    """Return connections that are kept, through the environment's proxy where one is set."""
    context = ssl.create_default_context()
    parts = urlsplit(server)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if proxy and not is_loopback(host) and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy, ssl_context=context, maxsize=8)
    return urllib3.PoolManager(ssl_context=context, maxsize=8)
