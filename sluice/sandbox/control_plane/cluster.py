"""One cluster of the sandbox: its folder, its ports, its programs.

<folder>/ports.json      the ports, kept across `down` and `up`
<folder>/pki/            certificates and keys
<folder>/etcd/           the data
<folder>/components/     a kubeconfig for each component
<folder>/run/, logs/     a record and a log for each program
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.lib.files.atomic_file import write_if_changed
from sluice.sandbox.control_plane.kubeconfig import Context, render
from sluice.sandbox.control_plane.pki import CLIENTS, ensure_pki
from sluice.sandbox.errors import SandboxError
from sluice.sandbox.processes.ports import LOOPBACK, settle
from sluice.sandbox.processes.process import Unit, find, stop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import psutil

__all__ = ["ETCD_PEER", "PROGRAMS", "Cluster", "check_name", "stop_clusters", "stop_in_order"]

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
ETCD_PEER = "etcd-peer"
STOP_ORDER = (
    ("kwok", "kube-scheduler", "kube-controller-manager"),
    ("kube-apiserver",),
    ("etcd",),
)
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def check_name(name: str) -> str:
    """`name` if it can name a cluster, a folder and a context; else a SandboxError."""
    if not NAME.fullmatch(name):
        raise SandboxError(
            f"{name!r} cannot name a cluster; use up to 63 small letters, digits and hyphens"
        )
    return name


@dataclass(frozen=True)
class Cluster:
    """A control plane whose state is in `folder`, which has the cluster's name."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the cluster and of its kubeconfig context."""
        return self.folder.name

    @property
    def pki(self) -> Path:
        """The folder of its certificates."""
        return self.folder / "pki"

    @property
    def exists(self) -> bool:
        """Whether it was ever brought up."""
        return self._ports_file.exists() and self.pki.exists()

    @property
    def server(self) -> str:
        """The address of its API."""
        return f"https://{LOOPBACK}:{self.ports()['kube-apiserver']}"

    @property
    def _ports_file(self) -> Path:
        return self.folder / "ports.json"

    def unit(self, program: str) -> Unit:
        """The place of one of its programs."""
        return Unit(self.name, program, self.folder)

    def units(self) -> list[Unit]:
        """The places of all its programs, in the order in which they start."""
        return [self.unit(program) for program in PROGRAMS]

    def ports(self) -> dict[str, int]:
        """The port of each program, and of etcd's peer listener; empty before the first start."""
        try:
            document = json.loads(self._ports_file.read_text())
        except FileNotFoundError:
            return {}
        return {program: int(port) for program, port in document.items()}

    def component_kubeconfig(self, program: str) -> Path:
        """The kubeconfig by which one of its components reaches its API."""
        return self.folder / "components" / f"{program}.kubeconfig"

    def context(self, client: str = "admin") -> Context:
        """The way in of a client, by default the administrator."""
        return Context.from_pki(self.name, self.server, self.pki, client)

    def prepare(self, api_port: int | None, reserved: AbstractSet[int]) -> None:
        """Write all that its programs need before they start.

        If a port had to change, what still runs on the old ones is stopped.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._settle_ports(api_port, reserved)
        ensure_pki(self.pki)
        for program in CLIENTS:
            write_if_changed(self.component_kubeconfig(program), render([self.context(program)]))

    def _settle_ports(self, api_port: int | None, reserved: AbstractSet[int]) -> None:
        before = self.ports()
        ports = settle(
            self.name,
            {program: before.get(program) for program in (*PROGRAMS, ETCD_PEER)},
            fixed={} if api_port is None else {"kube-apiserver": api_port},
            running=self._holders(),
            reserved=reserved,
        )
        if ports != before:
            stop_clusters([self])
        write_if_changed(self._ports_file, json.dumps(ports, indent=2))

    def _holders(self) -> set[str]:
        holders = {unit.program for unit in self.units() if find(unit) is not None}
        return holders | {ETCD_PEER} if "etcd" in holders else holders


def stop_clusters(clusters: Sequence[Cluster]) -> None:
    """Stop all programs of the clusters, side by side."""
    units = [unit for cluster in clusters for unit in cluster.units()]
    found = [(unit.program, find(unit)) for unit in units]
    stop_in_order([(program, process) for program, process in found if process is not None])
    for unit in units:
        unit.record.unlink(missing_ok=True)


def stop_in_order(running: Sequence[tuple[str, psutil.Process]]) -> None:
    """Stop the processes, each given with its program: clients before their servers."""
    for programs in STOP_ORDER:
        stop([process for program, process in running if program in programs])
    stop([process for _, process in running])
