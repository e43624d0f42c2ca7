"""Bring a cluster to readiness from whatever state it is in.

Each step says what it waits for and gives control back, so that several
clusters come up side by side in one thread and Ctrl-C stops at once. Every
step looks before it acts: running it again goes on from where it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sluice.sandbox.control_plane.probe import (
    create_node,
    create_previewer,
    has_default_service_account,
    is_healthy,
    is_node_ready,
)
from sluice.sandbox.control_plane.programs import command
from sluice.sandbox.errors import ProgramExitedError
from sluice.sandbox.processes.process import find, last_lines, read_record
from sluice.sandbox.processes.supervision import ensure_running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sluice.sandbox.control_plane.cluster import Cluster

__all__ = ["NODE", "make_ready"]

NODE = "node-0"
AFTER_API_SERVER = ("kube-controller-manager", "kube-scheduler", "kwok")


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
