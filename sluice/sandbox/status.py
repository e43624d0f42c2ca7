"""What runs in a sandbox, as a list of typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from sluice.sandbox.control_plane.probe import is_healthy
from sluice.sandbox.processes.process import Unit, find

if TYPE_CHECKING:
    from sluice.sandbox.chart_server.service import ChartService
    from sluice.sandbox.control_plane.cluster import Cluster
    from sluice.sandbox.gitea.service import GiteaService

__all__ = ["ProcessStatus", "chart_server_status", "cluster_status", "gitea_status"]


@dataclass(frozen=True)
class ProcessStatus:
    """One program of the sandbox: whether it runs, where, and how much memory it holds.

    `memory` is the resident set in bytes. `pid` and `memory` are None if it does not run.
    """

    cluster: str
    program: str
    pid: int | None
    port: int | None
    memory: int | None
    ready: bool


def cluster_status(cluster: Cluster) -> list[ProcessStatus]:
    """A row for each program of a cluster."""
    ports = cluster.ports()
    return [
        _row(unit, ports.get(unit.program), ready=is_healthy(cluster, unit.program))
        for unit in cluster.units()
    ]


def chart_server_status(charts: ChartService) -> ProcessStatus:
    """The row of the chart server, which belongs to no cluster."""
    return _row(charts.unit, charts.port(), ready=charts.is_healthy())


def gitea_status(gitea: GiteaService) -> list[ProcessStatus]:
    """A row for Gitea and one for its runner, which listens nowhere."""
    runner = gitea.runner.unit
    return [
        _row(gitea.server.unit, gitea.server.port(), ready=gitea.server.is_healthy()),
        _row(runner, None, ready=find(runner) is not None),
    ]


def _row(unit: Unit, port: int | None, *, ready: bool) -> ProcessStatus:
    process = find(unit)
    memory = None if process is None else _memory(process)
    pid = None if process is None or memory is None else process.pid
    owner = "-" if unit.owner in {"charts", "gitea"} else unit.owner
    return ProcessStatus(owner, unit.program, pid, port, memory, ready and pid is not None)


def _memory(process: psutil.Process) -> int | None:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return None
