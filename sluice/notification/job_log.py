"""The logs of workflow runs, read on as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from sluice.errors import GiteaError, PassingGiteaError
from sluice.gitea.client import Gitea
from sluice.gitea.records import Job, Run
from sluice.notification.run_log import Level, Line

__all__ = ["RunTail"]

_RUNS: Final = 20
_NOT_FOUND: Final = 404
_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z (.*)")
_ERROR: Final = re.compile(r"^(?:::error|##\[error\]|❌|Error: )")


class RunTail:
    """What is new in the newest runs' logs since it was last asked.

    A line's stack is `gitea`, its kind `Workflow`, its name the workflow and the job.
    """

    def __init__(self, gitea: Gitea) -> None:
        self._gitea = gitea
        self._read: dict[int, int] = {}
        self._finished: set[int] = set()

    def new(self) -> list[Line]:
        """Return the lines that were written since; none while Gitea is out of reach."""
        try:
            return [line for run in self._unread() for line in self._lines_of(run)]
        except PassingGiteaError:
            return []

    def _unread(self) -> list[Run]:
        return [run for run in self._gitea.runs(limit=_RUNS) if run.id not in self._finished]

    def _lines_of(self, run: Run) -> Iterator[Line]:
        jobs = self._gitea.jobs(run)
        for job in jobs:
            for text in self._new_text(job):
                line = _parsed(text, run, job)
                if line is not None:
                    yield line
        if run.finished and all(job.finished for job in jobs):
            self._finished.add(run.id)

    def _new_text(self, job: Job) -> list[str]:
        try:
            log = b"".join(self._gitea.job_log(job))
        except GiteaError as error:
            if error.status == _NOT_FOUND:  # it has not begun, or its log was cleaned up
                return []
            raise
        begin = self._read.get(job.id, 0)
        end = len(log) if job.finished else log.rfind(b"\n") + 1
        self._read[job.id] = max(begin, end)
        return log[begin:end].decode(errors="replace").splitlines()


def _parsed(text: str, run: Run, job: Job) -> Line | None:
    found = _LINE.match(text)
    if found is None:
        return None
    second, fraction, message = found.groups()
    moment = datetime.fromisoformat(f"{second}.{(fraction or '0').ljust(6, '0')}")
    level: Level = "error" if _ERROR.search(message) else "info"
    name = f"{run.workflow.removesuffix('.yaml')}/{job.name}"
    return Line(
        moment.replace(tzinfo=UTC), level, "gitea", run.commit, "Workflow", name, message.rstrip()
    )
