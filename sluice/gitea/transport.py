"""Requests to Gitea: tried again where that is safe, refused with a sentence."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from giteapy.rest import RESTClientObject
from tenacity import Retrying, retry_if_exception
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from components.lib.registry.loopback import is_loopback
from sluice.errors import GiteaError, PassingGiteaError

ATTEMPTS: Final = 7  # 16 s in all: a server that restarts is waited for


_TIMEOUT: Final = urllib3.Timeout(connect=10.0, read=60.0)


_BUSY: Final = frozenset({429, 500, 502, 503, 504})


_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})


_SCOPES: Final = re.compile(r"required=\[([^\]]*)\]")


_UNAUTHORIZED, _FORBIDDEN, NOT_FOUND = 401, 403, 404


class Transport(RESTClientObject):  # type: ignore[misc]
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
    if status == NOT_FOUND:
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
