"""One thing that happened to a stack, as people are told of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from components.errors import SluiceError
from sluice.diff.change import Change, component_kind_of
from sluice.errors import DeploymentError, LockedError, WaitingError

__all__ = ["Event", "Severity", "Topic", "changes_of"]

Severity = Literal["info", "error"]
Topic = Literal["deployment", "drift", "suspension", "image"]
_RESULTS: Final = {DeploymentError: "failed", LockedError: "locked", WaitingError: "waiting"}
_UNDONE: Final = ("reconcile", "rolled back")
_SHOWN = 20
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Event:
    """One thing that happened to a stack.

    Attributes:
        stack: the stack.
        topic: what it is about; of each thread, what stays as it was is told once.
        action: what was done: `reconcile`, `up`, `rollback`, `drift`, `suspend`, `resume`,
            `images`.
        severity: `error` where something is not as it should be, else `info`.
        result: how it ended, in one or two words: `changed`, `unchanged`, `failed`, `drifted`.
        message: what happened, in a sentence or a few lines, without a secret value.
        commit: the commit in full; empty where there is none.
        changes: what became of each object: `update Deployment shop/web`.
        sources: the components that it touches, `HelmRelease/redis`.
        author: who caused it, as Git has it; empty where nobody knows.
        url: where to look; empty where there is nothing to look at.
        seconds: how long it took; 0 where nothing was run.
        drifted: the fields and objects that are not as they are declared.
        whole: whether all of the stack, but what is suspended, is what the commit says now.
        subject: the one thing of its topic that it is about; empty where a stack has one.
        time: when.

    """

    stack: str
    topic: Topic
    action: str
    severity: Severity
    result: str
    message: str
    commit: str = ""
    changes: Sequence[str] = ()
    sources: frozenset[str] = frozenset()
    author: str = ""
    url: str = ""
    seconds: float = 0.0
    drifted: int = 0
    whole: bool = False
    subject: str = ""
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of_update(
        cls,
        stack: str,
        action: str,
        commit: str,
        result: str,
        message: str,
        changes: Sequence[Change],
        seconds: float,
    ) -> Event:
        """Return that an update came to an end."""
        # A failed deployment was undone: the stack runs, but not what Git says.
        severity: Severity = "error" if (action, result) == _UNDONE else "info"
        titles, sources = changes_of(changes)
        return cls(
            *(stack, "deployment", action, severity, result, message, commit, titles, sources),
            seconds=seconds,
        )

    @classmethod
    def of_error(cls, stack: str, action: str, commit: str, error: SluiceError) -> Event:
        """Return that an update did not come to a good end."""
        result = _RESULTS.get(type(error), "refused")
        titles, sources = changes_of(getattr(error, "changes", ()))
        message = str(error).removeprefix(f"{stack}: ")
        severity: Severity = "info" if isinstance(error, WaitingError) else "error"
        return cls(stack, "deployment", action, severity, result, message, commit, titles, sources)

    @property
    def thread(self) -> str:
        """What events belong together by: the topic, with the subject where there is one."""
        return f"{self.topic}/{self.subject}" if self.subject else self.topic

    @property
    def title(self) -> str:
        """What happened, in a few words."""
        of = f" of {self.subject}" if self.subject else ""
        at = f" at {self.commit[:7]}" if self.commit else ""
        return f"{self.stack}: {self.action}{of} {self.result}{at}"

    @property
    def text(self) -> str:
        """The message with what changed, who, and the link."""
        shown = [f"- {each}" for each in self.changes[:_SHOWN]]
        more = len(self.changes) - _SHOWN
        lines = [self.message, *shown, *([f"- and {more} more"] if more > 0 else [])]
        lines += [f"by {self.author}"] if self.author else []
        return "\n".join([*lines, *([self.url] if self.url else [])])

    @property
    def reason(self) -> str:
        """What is wrong, the same each time it is wrong; empty where nothing is."""
        # Times, durations and process ids differ each time.
        is_wrong = self.severity == "error"
        return _NUMBERS.sub("0", f"{self.result}: {self.message}") if is_wrong else ""

    def as_flux(self, project: str, summary: str = "") -> dict[str, Any]:
        """Return the event as Flux's notification controller would send it."""
        metadata = {
            "action": self.action,
            "result": self.result,
            "revision": f"sha1:{self.commit}" if self.commit else "",
            "author": self.author,
            "url": self.url,
            "summary": summary,
        }
        return {
            "involvedObject": {
                "apiVersion": "sluice/v1",
                "kind": "Stack",
                "namespace": project,
                "name": self.stack,
            },
            "severity": self.severity,
            "timestamp": self.time.isoformat(),
            "message": self.message,
            "reason": f"{self.action} {self.result}".title().replace(" ", ""),
            "metadata": {key: value for key, value in metadata.items() if value},
            "reportingController": "sluice",
            "changes": list(self.changes),
        }


def changes_of(changes: Iterable[Change]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return what became of each object, and the components that this touches."""
    changes = list(changes)
    sources = (f"{component_kind_of(each)}/{each.component}" for each in changes)
    return tuple(line for each in changes for line in _lines(each)), frozenset(sources)


def _lines(change: Change) -> Iterator[str]:
    place = f"{change.namespace}/{change.name}" if change.namespace else change.name
    failed = f": {change.error}" if change.error else ""
    yield f"{change.operation} {change.kind} {place}{failed}"
    for each in change.versions:
        yield f"{each.what} {each.name} {each.before or '-'} → {each.after or '-'}"
