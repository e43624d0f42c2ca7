"""A connection to a cluster's API: credentials, retries, warnings, and why it refuses."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import urllib3

from sluice.errors import ApiError
from sluice.kubernetes.credentials import Credentials, credentials

__all__ = ["FORBIDDEN", "NOT_FOUND", "Connection", "Object", "lacks_permission"]

Object = dict[str, Any]
"""An object of the API, or a part of one, as its JSON is."""

FORBIDDEN, NOT_FOUND = 403, 404
_UNAUTHORIZED = 401
_JSON = "application/json"
_WARNING = re.compile(r'\d+ \S+ "(?P<text>.*)"(?: ".*")?', re.DOTALL)
_NO_PERMISSION = re.compile(r'forbidden: User ".*" cannot \S+ resource ', re.DOTALL)
_CONNECTIONS = 4
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0

# It warns of each new try and each connection over those that are kept.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class Connection:
    """Asks a cluster's API by path, over connections that are kept.

    Safe to use from several threads. Each method raises `ApiError` with the
    server's reason, or with why the server cannot be asked.
    """

    def __init__(self, context: str, kubeconfig: str = "") -> None:
        """Name the context, and the file it is in, if not the usual one; nothing is asked yet."""
        self.context = context
        self.kubeconfig = kubeconfig

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        content: str = _JSON,
        accept: str = _JSON,
    ) -> Object:
        """Return what the server answers.

        `content` is the type of the body, `accept` that of the answer.
        """
        response = self._request(method, path, query, body, content, accept)
        found: Object = json.loads(response.data)
        return found

    def ask_with_warnings(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any],
        content: str = _JSON,
    ) -> tuple[Object, tuple[str, ...]]:
        """Return what the server answers, and what it warns of."""
        response = self._request(method, path, query, body, content)
        warnings = response.headers.getlist("Warning")
        return json.loads(response.data), tuple(map(_warning, warnings))

    def events(
        self, path: str, query: Mapping[str, str], seconds: int
    ) -> Iterator[tuple[str, Object]]:
        """Yield the events of a watch with their objects, as long as the server sends some.

        `seconds` is how long the server may be silent.
        """
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

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        content: str = _JSON,
        accept: str = _JSON,
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
                vars(self).pop("_server", None)  # what a program signed in with may have expired
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
