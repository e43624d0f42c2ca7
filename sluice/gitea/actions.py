"""Gitea's Actions: runs, their jobs and logs, workflows started by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import msgspec

from sluice.gitea.endpoint import Endpoint
from sluice.gitea.records import Job, Run, Runner

__all__ = ["Actions"]


class _Dispatched(msgspec.Struct, frozen=True):
    workflow_run_id: int


class Actions(Endpoint):
    """A repository's workflow runs."""

    def runs(
        self,
        workflow: str = "",
        *,
        branch: str = "",
        event: str = "",
        status: str = "",
        commit: str = "",
        limit: int = 50,
    ) -> list[Run]:
        """Return the newest runs, the newest first, at most `limit`.

        `workflow` is a file's name, `status` one of Gitea's (`in_progress`,
        `success`, ...), what is empty is not asked for.
        """
        query = {"branch": branch, "event": event, "status": status, "head_sha": commit}
        path = self.path("actions", "runs")
        found = self.connection.pages(path, Run, key="workflow_runs", **query)
        wanted = (run for run in found if workflow in ("", run.workflow))
        return list(itertools.islice(wanted, limit))

    def run(self, number: int) -> Run:
        """Return the run of that id."""
        return self.connection.get(self.path("actions", "runs", number), Run)

    def jobs(self, run: Run) -> list[Job]:
        """Return a run's jobs."""
        path = self.path("actions", "runs", run.id, "jobs")
        return list(self.connection.pages(path, Job, key="jobs"))

    def job_log(self, job: Job) -> Iterator[bytes]:
        """Yield a job's log in pieces, as far as it was written."""
        return self.connection.stream(self.path("actions", "jobs", job.id, "logs"))

    def dispatch(self, workflow: str, ref: str, inputs: Mapping[str, str] | None = None) -> Run:
        """Start a workflow by hand on a branch, a tag or a ref; return its run.

        It is not sent again where its answer got lost: the error says so.
        """
        path = self.path("actions", "workflows", workflow, "dispatches")
        body = {"ref": ref, "inputs": dict(inputs or {})}
        answer = self.connection.call("POST", path, body=body, return_run_details="true")
        return self.run(msgspec.json.decode(answer.data, type=_Dispatched).workflow_run_id)

    def runners(self) -> list[Runner]:
        """Return the runners that may take this repository's jobs, as far as the token may see."""
        return list(self.connection.pages(self.path("actions", "runners"), Runner, key="runners"))
