"""Bring a cluster to readiness from whatever state it is in.

Each step says what it waits for and gives control back, so that several
clusters come up side by side in one thread and Ctrl-C stops at once. Every
step looks before it acts: running it again goes on from where it was stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sluice.sandbox.control_plane import command
from sluice.sandbox.errors import NotReadyError, ProgramExitedError
from sluice.sandbox.probe import (
    create_node,
    create_previewer,
    has_default_service_account,
    is_healthy,
    is_node_ready,
)
from sluice.sandbox.process import Unit, find, last_lines, read_record, start, stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sluice.sandbox.cluster import Cluster

__all__ = ["NODE", "Progress", "drive", "ensure_running", "make_ready"]

NODE = "node-0"
POLL_SECONDS = 0.1
AFTER_API_SERVER = ("kube-controller-manager", "kube-scheduler", "kwok")

Progress = Callable[[str, str], None]
"""Called with the name of a cluster and what it waits for now."""


def make_ready(cluster: Cluster, programs: Path, *, previewer: bool = False) -> Iterator[str]:
    """Start what does not run, in order, until the cluster takes work, and knows its previewer."""
    _forget_ended(cluster)
    for program in ("etcd", "kube-apiserver"):
        yield from _start(cluster, program, programs)
        yield from _healthy(cluster, program)
    for program in AFTER_API_SERVER:
        yield from _start(cluster, program, programs)
    yield from _wait(cluster, f"{NODE} to exist", lambda: create_node(cluster, NODE))
    for program in AFTER_API_SERVER:
        yield from _healthy(cluster, program)
    account = "the default service account"
    yield from _wait(cluster, account, lambda: has_default_service_account(cluster))
    if previewer:
        yield from _wait(cluster, "the previewer's rights", lambda: create_previewer(cluster))
    yield from _wait(cluster, f"{NODE} to be Ready", lambda: is_node_ready(cluster, NODE))


def ensure_running(
    unit: Unit, arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """Start the program of `unit`; one that runs with other arguments is replaced.

    `environment` is what it inherits instead of the usual, which has no
    credentials, no proxy and no home of the user.
    """
    process, record = find(unit), read_record(unit)
    if process is not None and record is not None and record.command == tuple(arguments):
        return
    if process is not None:
        stop([process])
    start(unit, arguments, dict(environment or _environment(unit)))


def drive(tasks: Mapping[str, Iterator[str]], progress: Progress, limit: float) -> None:
    """Run the tasks side by side until all have ended, or raise after `limit` seconds."""
    deadline = time.monotonic() + limit
    waiting = dict.fromkeys(tasks, "")
    while waiting:
        for name in list(waiting):
            _advance(name, tasks[name], waiting, progress)
        if waiting and time.monotonic() > deadline:
            raise NotReadyError(", ".join(f"{n} waits for {w}" for n, w in waiting.items()), limit)
        time.sleep(POLL_SECONDS if waiting else 0)


def _advance(name: str, task: Iterator[str], waiting: dict[str, str], progress: Progress) -> None:
    now = next(task, None)
    if now is None:
        del waiting[name]
        progress(name, "ready")
    elif now != waiting[name]:
        waiting[name] = now
        progress(name, now)


def _forget_ended(cluster: Cluster) -> None:
    for unit in cluster.units():
        if find(unit) is None:
            unit.record.unlink(missing_ok=True)


def _start(cluster: Cluster, program: str, programs: Path) -> Iterator[str]:
    ensure_running(cluster.unit(program), command(cluster, program, programs))
    yield program


def _healthy(cluster: Cluster, program: str) -> Iterator[str]:
    yield from _wait(cluster, program, lambda: is_healthy(cluster, program))


def _wait(cluster: Cluster, what: str, is_done: Callable[[], bool]) -> Iterator[str]:
    while not is_done():
        for unit in cluster.units():
            if read_record(unit) is not None and find(unit) is None:
                raise ProgramExitedError(unit.owner, unit.program, unit.log, last_lines(unit.log))
        yield what


def _environment(unit: Unit) -> dict[str, str]:
    """What a program inherits: no proxy, no credentials, no home of the user."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(unit.folder)}
