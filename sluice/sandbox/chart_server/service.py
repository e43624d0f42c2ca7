"""The sandbox's chart server as a process: start it, know where it is."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
import yaml

from components.lib.files.atomic_file import write_if_changed
from sluice.sandbox.chart_server.repository import mirrors, publish
from sluice.sandbox.errors import ProgramExitedError
from sluice.sandbox.processes.ports import LOOPBACK, settle
from sluice.sandbox.processes.process import Unit, find, last_lines, stop
from sluice.sandbox.processes.supervision import ensure_running

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHART_SERVER", "ChartService"]

CHART_SERVER = "chart-server"
PROGRAM = Path(__file__).with_name("server.py")
SECONDS = 2.0


@dataclass(frozen=True)
class ChartService:
    """The chart server whose state is in `folder`."""

    folder: Path

    @property
    def unit(self) -> Unit:
        """The place of its process."""
        return Unit("charts", CHART_SERVER, self.folder)

    def port(self) -> int | None:
        """Its port, or None before the first start."""
        try:
            return int(json.loads((self.folder / "ports.json").read_text())[CHART_SERVER])
        except FileNotFoundError:
            return None

    def mirrors(self) -> dict[str, str]:
        """The URL here that answers for each upstream one; empty before the first start."""
        port = self.port()
        return {} if port is None else mirrors(f"{LOOPBACK}:{port}")

    def prepare(self, mirrors_file: Path) -> None:
        """Pack the charts, choose a port, and tell it to `mirrors_file`, other entries kept."""
        publish(self.folder / "published")
        running = {CHART_SERVER} if find(self.unit) else set()
        ports = settle("charts", {CHART_SERVER: self.port()}, fixed={}, running=running)
        write_if_changed(self.folder / "ports.json", json.dumps(ports))
        before = yaml.safe_load(mirrors_file.read_text()) if mirrors_file.exists() else None
        entries = {**(before or {}), **self.mirrors()}
        write_if_changed(mirrors_file, yaml.safe_dump(entries), mode=0o644)

    def make_ready(self) -> Iterator[str]:
        """Start it if it does not run, and wait until it answers."""
        arguments = ["--folder", str(self.folder / "published"), "--port", str(self.port())]
        ensure_running(self.unit, [sys.executable, "-I", str(PROGRAM), *arguments])
        while not self.is_healthy():
            if find(self.unit) is None:
                log = self.unit.log
                raise ProgramExitedError("the sandbox", CHART_SERVER, log, last_lines(log))
            yield CHART_SERVER

    def is_healthy(self) -> bool:
        """Whether it answers."""
        url = f"http://{LOOPBACK}:{self.port()}/healthz"
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(url, timeout=SECONDS).ok
            except requests.RequestException:
                return False

    def stop(self) -> None:
        """Stop it if it runs."""
        process = find(self.unit)
        if process is not None:
            stop([process])
        self.unit.record.unlink(missing_ok=True)
