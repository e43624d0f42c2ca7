"""What became of an automation's images as an event, for those whom the stack's alerts name."""

from __future__ import annotations

from components.errors import SluiceError
from sluice.gitea.proposal import Proposed
from sluice.images.updating import Automated, Update
from sluice.notification.event import Event, Severity

__all__ = ["failed_event", "image_event"]


def image_event(of: Automated, newest: str, update: Update | None, made: Proposed) -> Event:
    """Return what was proposed or pushed; `newest` is the commit that the stacks follow."""
    request = made.pull_request
    if update is None or not made.is_news:
        waits = f"pull request {request.number} is open" if request else ""
        message = waits or "nothing new that the policies allow"
        return _event(of, newest, "info", "unchanged", message)
    return _event(
        of,
        made.commit,
        "info",
        "proposed" if request else "pushed",
        f"pull request {request.number}" if request else f"on branch {made.branch}",
        changes=tuple(f"update {name} to {image.image}" for name, image in update.images.items()),
        url=request.url if request else "",
    )


def failed_event(of: Automated, newest: str, error: SluiceError) -> Event:
    """Return that an automation failed; `newest` is the commit that the stacks follow."""
    return _event(of, newest, "error", "failed", str(error))


def _event(
    of: Automated,
    commit: str,
    severity: Severity,
    result: str,
    message: str,
    changes: tuple[str, ...] = (),
    url: str = "",
) -> Event:
    return Event(
        of.stack,
        topic="image",
        action="images",
        severity=severity,
        result=result,
        message=message,
        commit=commit,
        changes=changes,
        sources=frozenset({f"ImageUpdateAutomation/{of.automation.name}"}),
        url=url,
        subject=of.automation.name,
    )
