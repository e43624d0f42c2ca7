"""HTTP for artifacts: with time limits, and tried again where that can help.

`requests` carries it, `tenacity` repeats it. Nothing here knows charts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests
from requests import exceptions
from requests.auth import AuthBase, HTTPBasicAuth
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from components.lib.registry.loopback import is_loopback

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["AS_IT_IS", "Bearer", "Limits", "Transport", "TransportError", "basic"]

_BUSY = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE = 30.0

AS_IT_IS: Final[Mapping[str, str]] = {"Accept-Encoding": "identity"}
"""Headers for bytes whose digest counts: nothing on the way may pack or unpack them."""


class TransportError(Exception):
    """A URL gave no usable answer; the text is the reason, without the URL."""


class _PassingError(TransportError):
    """One that another attempt may cure, after `pause` seconds if the server named them."""

    def __init__(self, reason: str, pause: float = 0) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass(frozen=True)
class Limits:
    """How long to wait and how often to try.

    Attributes:
        connect: seconds to reach a server.
        read: seconds of silence from a server that was reached.
        attempts: tries in all, for refused connections, silence, 429 and 5xx.
        pause: seconds before the second try; doubled before each further one.

    """

    connect: float = 10.0
    read: float = 30.0
    attempts: int = 4
    pause: float = 0.5


PATIENT: Final = Limits()


class Bearer(AuthBase):
    """A registry's token, or none; in either case nothing from ~/.netrc is sent instead."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token to a request."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def basic(user: str, password: str) -> AuthBase:
    """Return a user's name and password, as bytes, in which requests takes any character."""
    return HTTPBasicAuth(user.encode(), password.encode())


class Transport:
    """Connections that are kept between requests, under one set of limits."""

    def __init__(self, limits: Limits = PATIENT) -> None:
        self._limits = limits
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "sluice"
        self._retrying = Retrying(
            stop=stop_after_attempt(limits.attempts),
            wait=self._pause,
            retry=retry_if_exception_type(_PassingError),
            reraise=True,
        )

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> requests.Response:
        """Return the complete answer to a GET; see `send`."""
        return self.send("GET", url, headers, auth)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        *,
        form: Mapping[str, str] | None = None,
        verify: str | bool = True,
    ) -> requests.Response:
        """Return the complete answer to a request that may be repeated, whatever its status.

        `verify` may be a PEM file of authorities in place of the system's.

        Raises TransportError where the server cannot be reached, stays silent
        or is still busy (429, 5xx) at the last attempt.
        """
        request = requests.Request(
            method, url, headers=dict(headers or {}), data=form, auth=auth or Bearer()
        )
        return self._retrying(self._once, request, verify)

    def _once(self, request: requests.Request, verify: str | bool) -> requests.Response:
        with self._named_reasons():
            # With this, requests takes the environment's authorities too, where none is given.
            settings = self._session.merge_environment_settings(
                request.url, _proxies(str(request.url)), False, verify, None
            )
            response = self._session.send(
                self._session.prepare_request(request),
                timeout=(self._limits.connect, self._limits.read),
                **settings,
            )
        if response.status_code in _BUSY:
            raise _PassingError(f"HTTP {response.status_code}", _asked_pause(response))
        return response

    @contextmanager
    def _named_reasons(self) -> Iterator[None]:
        try:
            yield
        except exceptions.SSLError as error:
            raise TransportError(f"TLS failed: {_root(error)}") from error
        except exceptions.ConnectTimeout as error:
            raise _PassingError(f"no connection within {self._limits.connect:g} s") from error
        except exceptions.Timeout as error:
            raise _PassingError(f"no answer within {self._limits.read:g} s") from error
        except (exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
            raise _PassingError(_root(error)) from error
        except exceptions.RequestException as error:
            raise TransportError(f"{type(error).__name__}: {error}") from error

    def _pause(self, state: RetryCallState) -> float:
        asked = getattr(state.outcome and state.outcome.exception(), "pause", 0.0)
        doubled = wait_exponential(multiplier=self._limits.pause, max=_LONGEST_PAUSE)(state)
        return min(max(float(asked), doubled), _LONGEST_PAUSE)


def _proxies(url: str) -> dict[str, str]:
    """Keep loopback off a proxy that the environment sets, as Go's programs do."""
    host = urlsplit(url).hostname or ""
    return {"no_proxy": host} if is_loopback(host) else {}


def _asked_pause(response: requests.Response) -> float:
    """Return the seconds that `Retry-After` names, as a number or by a date; 0 without it."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(tz=UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def _root(error: BaseException) -> str:
    """Return the first cause in the operating system's words."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
