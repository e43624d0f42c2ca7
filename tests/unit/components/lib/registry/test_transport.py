from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from components.lib.registry.loopback import is_loopback
from components.lib.registry.transport import Limits, Transport, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_busy_server_is_asked_again(server: Any, transport: Transport, busy: Any) -> None:
    server.files["/file"] = b"content"
    server.next_answers("/file", busy)
    assert transport.get(f"{server.url}/file").content == b"content"
    assert server.requests == ["/file", "/file"]


def test_a_server_that_stays_busy_is_given_up(server: Any, transport: Transport, busy: Any) -> None:
    server.next_answers("/file", busy, busy)
    with pytest.raises(TransportError, match=r"^HTTP 503$"):
        transport.get(f"{server.url}/file")


def test_a_server_that_hangs_is_given_up(server: Any, impatient: Transport, hanging: Any) -> None:
    server.next_answers("/file", hanging, hanging)
    with pytest.raises(TransportError, match=r"^no answer within 0\.2 s$"):
        impatient.get(f"{server.url}/file")


def test_a_refused_connection_is_said_plainly(transport: Transport, closed_port: int) -> None:
    with pytest.raises(TransportError, match=r"^Connection refused$"):
        transport.get(f"http://127.0.0.1:{closed_port}/")


def test_a_server_that_speaks_no_tls_is_not_asked_twice(server: Any, transport: Transport) -> None:
    with pytest.raises(TransportError, match="TLS failed"):
        transport.get(f"https://{server.host}/")


def test_a_scheme_that_is_not_http_is_refused(transport: Transport) -> None:
    with pytest.raises(TransportError, match="InvalidSchema"):
        transport.get("file:///etc/passwd")


def test_other_answers_are_the_callers_to_judge(server: Any, transport: Transport) -> None:
    assert transport.get(f"{server.url}/nothing").status_code == 404


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("7", 7.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", 30.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.01),
        ("soon", 0.01),
    ],
)
def test_a_pause_that_the_server_asks_for_is_kept(
    server: Any, busy: Any, monkeypatch: pytest.MonkeyPatch, said: str, pause: float
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    busy.headers["Retry-After"] = said
    server.next_answers("/file", busy)
    Transport(Limits(attempts=2, pause=0.01)).get(f"{server.url}/file")
    assert pauses == [pause]


def test_a_proxy_of_the_environment_is_not_used_for_loopback(
    server: Any, transport: Transport, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert transport.get(f"{server.url}/nothing").status_code == 404


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("10.0.0.1", False), ("h", False)],
)
def test_loopback_is_known_by_name_and_address(host: str, is_ours: bool) -> None:
    check: Callable[[str], bool] = is_loopback
    assert check(host) is is_ours
