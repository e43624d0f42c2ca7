"""Telling an event: a commit status in Gitea, and those of the stack's alerts that want it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from components.errors import SluiceError
from sluice.notification.event import Event
from sluice.notification.memory import Memory, news
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.gitea.client import Gitea
    from sluice.gitea.records import State
    from sluice.notification.references import References

__all__ = ["publish"]

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8
Alerts = Sequence[Mapping[str, Any]]
_WARNING: Final = ("drifted", "suspended", "rolled back")


def publish(repository: Repository, event: Event, *, checkout: Repository | None = None) -> None:
    """Tell the event to whom it is news; what cannot be told is warned of, and no more.

    What was told is kept in the repository's local state. The alerts are those
    that `checkout` declares, by default the working tree.
    """
    try:
        _measure(repository, event)
        _publish(Stack(repository, event.stack), checkout or repository, event)
    except Exception as error:  # noqa: BLE001 - telling of an update never fails it
        _LOG.warning("%s: nobody could be told: %s", event.stack, error)


def _measure(repository: Repository, event: Event) -> None:
    from sluice.notification.metrics import measure  # noqa: PLC0415 - which needs the event

    try:
        measure(repository, event)
    except SluiceError as error:
        _LOG.warning("%s: %s", event.stack, error)


def _publish(stack: Stack, checkout: Repository, event: Event) -> None:
    memory, gitea = Memory(stack), _gitea(stack.repository)
    is_news = event.result != "unchanged" or memory.is_wrong(event.thread)
    if not is_news and gitea is None:
        return
    event = _located(event, checkout, gitea)
    if gitea and event.commit:
        _set_status(gitea, event)
        _settle(gitea, event, memory, checkout)
    if not is_news:
        return
    try:
        alerts = _declared(stack.at(checkout))
    except SluiceError:
        # The state that cannot be read may be what is told: to those whom it named before.
        _LOG.info("%s: its alerts cannot be read; those of before are used", event.stack)
        alerts = memory.alerts
    if alerts:
        memory.told(event, _tell(stack.at(checkout), event, memory, alerts), alerts)


def _declared(stack: Stack) -> Alerts:
    from sluice.notification.references import declared_alerts  # noqa: PLC0415 - only where there is news

    return declared_alerts(stack)


def _tell(stack: Stack, event: Event, memory: Memory, alerts: Alerts) -> list[str]:
    """Send the event to each alert that it is news for; return the names of those that took it."""
    from sluice.notification.references import References  # noqa: PLC0415 - only with an alert

    references = References(stack)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sent = {
            alert["name"]: pool.submit(_sent, references, alert, news_of)
            for alert, news_of in _wanted(memory, event, alerts)
        }
    told = []
    for name, future in sent.items():
        try:
            if future.result():
                told.append(name)
        except SluiceError as error:
            _LOG.warning("%s: alert %s was not sent: %s", event.stack, name, error)
    return told


def _wanted(
    memory: Memory, event: Event, alerts: Alerts
) -> Iterable[tuple[Mapping[str, Any], Event]]:
    for alert in alerts:
        told = news(event, memory.wrong(alert["name"], event.thread))
        if told is not None:
            yield alert, told


def _sent(references: References, alert: Mapping[str, Any], event: Event) -> bool:
    """Send the event; return whether the alert takes it."""
    from sluice.notification.senders import send  # noqa: PLC0415 - only with an alert

    route = references.route(alert)
    # Who was told that something broke is told that it has recovered, whatever it filters.
    if event.result != "recovered" and not route.takes(event):
        return False
    send(route, references.stack.repository.project, event)
    return True


def _gitea(repository: Repository) -> Gitea | None:
    if not (os.environ.get("GITEA_TOKEN") or os.environ.get("GITEA_TOKEN_FILE")):
        return None
    from sluice.gitea.client import Gitea  # noqa: PLC0415 - its client takes long to load

    return Gitea.find(repository)


def _located(event: Event, checkout: Repository, gitea: Gitea | None) -> Event:
    """Return the event with its commit's author, and the page of the run or else of the commit."""
    return replace(
        event,
        author=event.author or _author(checkout, event.commit),
        url=event.url or _page(event.commit, gitea),
    )


def _author(checkout: Repository, commit: str) -> str:
    import git  # noqa: PLC0415 - only here

    if not commit:
        return os.environ.get("GITHUB_ACTOR", "")
    try:
        with git.Repo(checkout.root, search_parent_directories=True) as repo:
            author = repo.commit(commit).author
            return f"{author.name} <{author.email}>"
    except (git.GitError, ValueError):
        return os.environ.get("GITHUB_ACTOR", "")


def _page(commit: str, gitea: Gitea | None) -> str:
    if gitea is None:
        return ""
    run = os.environ.get("GITHUB_RUN_ID", "")
    try:
        if run:
            return gitea.run(int(run)).url
    except (SluiceError, ValueError):
        pass  # the commit's page is the next best
    return f"{gitea.url}/commit/{commit}" if commit else ""


def _settle(gitea: Gitea, event: Event, memory: Memory, checkout: Repository) -> None:
    """Say of the commits that waited for an approval that they came with a later one."""
    if event.result == "waiting":
        memory.waits(event.commit)
    elif event.whole and (waiting := memory.waiting):
        from sluice.git.commits import contains  # noqa: PLC0415 - loads Git, which only this needs

        came = {each: contains(checkout, event.commit, each) for each in waiting}
        for commit, contained in came.items():
            if contained and commit != event.commit:
                _set_status(gitea, event, commit)
        # What was taken out of the history waits for nothing any more.
        memory.settled([commit for commit in came if came[commit] is not False])


def _set_status(gitea: Gitea, event: Event, commit: str = "") -> None:
    context = f"sluice/{event.stack}"
    if event.topic != "deployment":
        context = f"{context}/{event.thread}"
    sentence = event.message if event.result == "waiting" else event.title
    try:
        gitea.set_status(commit or event.commit, context, _state(event), sentence, event.url)
    except SluiceError as error:
        _LOG.warning("%s: its commit status could not be set: %s", event.stack, error)


def _state(event: Event) -> State:
    if event.result in _WARNING:
        return "warning"
    if event.result == "waiting":
        return "pending"
    return "failure" if event.severity == "error" else "success"
