"""The sandbox as a whole: several clusters, a chart server and a Gitea below one folder."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from components.lib.files.atomic_file import write_if_changed
from sluice.sandbox.chart_server.service import CHART_SERVER, ChartService
from sluice.sandbox.control_plane.bring_up import make_ready
from sluice.sandbox.control_plane.cluster import (
    PROGRAMS,
    Cluster,
    check_name,
    stop_clusters,
    stop_in_order,
)
from sluice.sandbox.control_plane.kubeconfig import render
from sluice.sandbox.control_plane.pki import ensure_pki
from sluice.sandbox.errors import ProgramMissingError, SandboxError
from sluice.sandbox.gitea.runner import RUNNER
from sluice.sandbox.gitea.server import GITEA, PREFERRED_PORT
from sluice.sandbox.gitea.service import GiteaService, Seed, check_seed
from sluice.sandbox.processes.ports import claimed
from sluice.sandbox.processes.process import Unit, read_record, strays
from sluice.sandbox.processes.supervision import Progress, drive
from sluice.sandbox.status import ProcessStatus, chart_server_status, cluster_status, gitea_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["DEFAULT_CLUSTERS", "Sandbox"]

DEFAULT_CLUSTERS = ("dev-cluster", "staging-cluster", "prod-cluster")
READY_LIMIT_SECONDS = 180.0


def _quiet(_cluster: str, _step: str) -> None:
    """Tell nobody."""


class Sandbox:
    """Kubernetes control planes and a chart repository on this machine.

    All state is below `folder`, which is made by the first `up` and readable
    by its owner only. One process at a time changes it; a second one waits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._charts = ChartService(self.folder / "charts")
        self.gitea = GiteaService(self.folder / "gitea")

    @property
    def kubeconfig(self) -> Path:
        """The file with a context per cluster, named like the cluster."""
        return self.folder / "kubeconfig"

    @property
    def preview_kubeconfig(self) -> Path:
        """The same for who may look, and do dry runs: the previews of the sandbox's Gitea."""
        return self.folder / "preview-kubeconfig"

    @property
    def mirrors_file(self) -> Path:
        """The file that maps upstream chart repositories to this sandbox's."""
        return self.folder.parent / "mirrors.yaml"

    @property
    def mirrors(self) -> dict[str, str]:
        """The URL here for each upstream repository; empty before the first `up`."""
        return self._charts.mirrors()

    def up(
        self,
        programs: Path,
        clusters: Sequence[str] = DEFAULT_CLUSTERS,
        *,
        ports: Mapping[str, int] | None = None,
        gitea: Seed | None = None,
        progress: Progress = _quiet,
    ) -> None:
        """Start what is missing and return when every one of `clusters` is ready.

        `programs` is the folder of the executables. `ports` fixes the API port
        of some of the clusters; the others keep theirs, or get a free one.
        With `gitea`, a Gitea and a runner are started too and filled with it.
        Raises a SandboxError; calling it again goes on from there.
        """
        fixed = dict(ports or {})
        _check(programs, clusters, fixed)
        if gitea is not None:
            check_seed(programs, gitea)
        with ExitStack() as held:
            held.enter_context(self._locked(progress))
            self._stop_strays()
            members = [self._cluster(name) for name in dict.fromkeys(clusters)]
            self._prepare(members, fixed)
            tasks = {
                cluster.name: make_ready(cluster, programs, previewer=gitea is not None)
                for cluster in members
            }
            if gitea is not None:
                for cluster in self._known():
                    ensure_pki(cluster.pki)  # one of before has no certificate for previews
                self._write_kubeconfig(self.preview_kubeconfig, "previewer")
                # One that keeps another port takes none away.
                wants = self.gitea.server.port() in (None, PREFERRED_PORT)
                preferred = wants and held.enter_context(claimed(PREFERRED_PORT))
                self.gitea.prepare(gitea, self.mirrors_file, preferred=preferred)
                tasks[GITEA] = self.gitea.make_ready(programs, gitea)
            drive({CHART_SERVER: self._charts.make_ready(), **tasks}, progress, READY_LIMIT_SECONDS)
            if gitea is not None:
                # After all else: a job that waits in Gitea works on the clusters at once.
                runner = {RUNNER: self.gitea.take_jobs(programs)}
                drive(runner, progress, READY_LIMIT_SECONDS)

    def down(self, progress: Progress = _quiet) -> None:
        """Stop every process that `up` started; the state stays."""
        if not self.folder.exists():
            return
        with self._locked(progress):
            self.gitea.stop()  # first: a job of its runner may be at work on the clusters
            stop_clusters(self._clusters())
            self._charts.stop()
            self._stop_strays()

    def status(self) -> list[ProcessStatus]:
        """A row for each program of each cluster that was ever brought up."""
        rows = [row for cluster in self._known() for row in cluster_status(cluster)]
        if self._charts.port() is not None:
            rows.append(chart_server_status(self._charts))
        if self.gitea.exists:
            rows += gitea_status(self.gitea)
        return rows

    def _prepare(self, members: Sequence[Cluster], fixed: Mapping[str, int]) -> None:
        self._charts.prepare(self.mirrors_file)
        for cluster in members:
            cluster.prepare(fixed.get(cluster.name), self._reserved(cluster, fixed))
        self._write_kubeconfig(self.kubeconfig, "admin")

    def _write_kubeconfig(self, file: Path, client: str) -> None:
        write_if_changed(file, render([cluster.context(client) for cluster in self._known()]))

    def _reserved(self, cluster: Cluster, fixed: Mapping[str, int]) -> frozenset[int]:
        others = [other for other in self._clusters() if other.name != cluster.name]
        return frozenset(fixed.values()).union(*(other.ports().values() for other in others))

    def _cluster(self, name: str) -> Cluster:
        return Cluster(self.folder / "clusters" / name)

    def _clusters(self) -> list[Cluster]:
        return [Cluster(path) for path in sorted((self.folder / "clusters").glob("*"))]

    def _known(self) -> list[Cluster]:
        known = {cluster.name: cluster for cluster in self._clusters() if cluster.exists}
        usual = [known.pop(name) for name in DEFAULT_CLUSTERS if name in known]
        return [*usual, *known.values()]

    def _stop_strays(self) -> None:
        records = [record for unit in self._units() if (record := read_record(unit)) is not None]
        stop_in_order(strays(self.folder, {record.pid for record in records}))

    def _units(self) -> list[Unit]:
        units = [unit for cluster in self._clusters() for unit in cluster.units()]
        return [*units, self._charts.unit, *self.gitea.units]

    @contextmanager
    def _locked(self, progress: Progress) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._exclusive(progress):
                yield
        except OSError as error:
            raise SandboxError(
                f"the sandbox cannot keep its state in {self.folder}: {error}; "
                "make room there and make it writable, or choose another folder with --state"
            ) from error

    @contextmanager
    def _exclusive(self, progress: Progress) -> Iterator[None]:
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("sandbox", "another `sluice sandbox` command to end")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _check(programs: Path, clusters: Sequence[str], ports: Mapping[str, int]) -> None:
    for name in clusters:
        check_name(name)
    for program in PROGRAMS:
        if not os.access(programs / program, os.X_OK):
            raise ProgramMissingError(program, programs)
    _check_ports(clusters, ports)


def _check_ports(clusters: Sequence[str], ports: Mapping[str, int]) -> None:
    for name in ports:
        if name not in clusters:
            raise SandboxError(
                f"a port is given for {name}, which is not among the clusters "
                f"{', '.join(clusters)}; name it with --cluster too"
            )
    if len(set(ports.values())) < len(ports):
        raise SandboxError("two clusters are given the same port; give each its own")
