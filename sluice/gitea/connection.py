"""HTTP to a Gitea server: giteapy's client on a transport of ours.

giteapy knows the endpoints; what its own transport lacks is here: time limits,
the system's certificate authorities (`SSL_CERT_FILE` adds one that signs
itself), proxies, tries again where that can do no harm, and errors as a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import giteapy
import msgspec
import urllib3
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from sluice.errors import GiteaError, PassingGiteaError
from sluice.gitea.transport import ATTEMPTS, NOT_FOUND, Transport

__all__ = ["Connection"]

T = TypeVar("T")

_API: Final = "/api/v1"
_SETTLING_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 8.0
_PAGE: Final = 50


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
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=pause, max=_LONGEST_PAUSE_SECONDS),
            retry=retry_if_exception_type(PassingGiteaError),
            reraise=True,
        )
        self._transport = Transport(self.server, authorization, self._retrying)
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
            if error.status == NOT_FOUND:
                return None
            raise

    def exists(self, path: str) -> bool:
        """Whether there is something at a path."""
        try:
            self.call("GET", path)
        except GiteaError as error:
            if error.status == NOT_FOUND:
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
