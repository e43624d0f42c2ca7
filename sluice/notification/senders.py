"""How each type of alert is sent: webhooks and Alertmanager by us, people's services by Apprise."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import requests
import tenacity

from sluice.errors import AlertError
from sluice.notification.event import Event
from sluice.notification.routing import Route

__all__ = ["send"]

_CONNECT_SECONDS, _READ_SECONDS = 5, 10
_TRIES: Final = 4
_LONGEST: Final = 20.0
# Alertmanager ends what is not sent again; that it is over, the recovery says.
_FIRING: Final = timedelta(days=7)


class _UnavailableError(AlertError):
    """Trying again may help."""


def send(route: Route, project: str, event: Event) -> None:
    """Send the event; what may pass is tried again, with growing pauses, for 20 seconds at most.

    Raises:
        AlertError: with the reason, in which the address is not.

    """
    deliver = _SENDERS[route.type]
    tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_UnavailableError),
        wait=tenacity.wait_random_exponential(max=_LONGEST / 4),
        stop=tenacity.stop_after_attempt(_TRIES) | tenacity.stop_before_delay(_LONGEST),
        reraise=True,
    )(lambda: deliver(route, project, event))


def _generic(route: Route, project: str, event: Event) -> None:
    body = json.dumps(event.as_flux(project, route.summary)).encode()
    signed = {}
    if route.hmac_key:
        digest = hmac.new(route.hmac_key.encode(), body, hashlib.sha256).hexdigest()
        signed = {"X-Signature": f"sha256={digest}"}
    _post(route.address, body, signed)


def _alertmanager(route: Route, project: str, event: Event) -> None:
    is_over = event.severity != "error"
    annotations = {"summary": route.summary, "message": event.text}
    alert = {
        # The same labels each time: by these Alertmanager knows what has recovered.
        "labels": {
            "alertname": f"SluiceStack{event.topic.title()}",
            "project": project,
            "stack": event.stack,
            **({"subject": event.subject} if event.subject else {}),
            "severity": "error",
        },
        "annotations": {key: value for key, value in annotations.items() if value},
        "endsAt": (event.time if is_over else event.time + _FIRING).isoformat(),
        **({} if is_over else {"startsAt": event.time.isoformat()}),
        "generatorURL": event.url,
    }
    _post(f"{route.address.rstrip('/')}/api/v2/alerts", json.dumps([alert]).encode(), {})


def _apprise(route: Route, _project: str, event: Event) -> None:
    # Its import takes a fifth of a second, and only some alerts need it.
    import apprise  # noqa: PLC0415

    # It logs what went wrong with parts of the address.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    service = apprise.Apprise.instantiate(route.address)
    if service is None:
        raise AlertError("its address is no URL that Apprise knows")
    kind = apprise.NotifyType.FAILURE if event.severity == "error" else apprise.NotifyType.SUCCESS
    body = "\n".join(part for part in (event.text, route.summary) if part)
    if not service.notify(body=body, title=event.title, notify_type=kind):
        raise _UnavailableError(f"{service.service_name} did not take it")


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        answer = requests.post(
            address,
            data=body,
            headers={"Content-Type": "application/json", "User-Agent": "sluice", **headers},
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # Its text holds the address.
        raise _UnavailableError(f"it cannot be reached: {type(error).__name__}") from None
    if answer.status_code >= 500 or answer.status_code == 429:  # noqa: PLR2004 - HTTP's
        raise _UnavailableError(f"it answered {answer.status_code}")
    if not answer.ok or answer.is_redirect:
        raise AlertError(f"it answered {answer.status_code}")


_SENDERS: Final[Mapping[str, Callable[[Route, str, Event], Any]]] = {
    "generic": _generic,
    "alertmanager": _alertmanager,
    "apprise": _apprise,
}
