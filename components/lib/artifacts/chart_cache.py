"""The local cache of locked charts, by content.

A file's name holds the beginning of its digest, every use verifies the whole
of it, and writing is one step: so there is nothing to invalidate, two
processes need no lock between them, and a second run needs no network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.errors import ArtifactError
from components.lib.files import atomic_file
from components.lib.files.digest import digest_of
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import Mirrors

if TYPE_CHECKING:
    from pathlib import Path

    from components.lib.artifacts.chart_source import RemoteCharts
    from components.lib.locks.locked_chart import LockedChart
    from components.lib.registry.transport import Transport

__all__ = ["ChartCache"]


class ChartCache:
    """Charts in a folder, as `<chart>-<version>-<12 digits of the digest>.tgz`.

    Keep one for several charts: it reads each repository's index once.
    """

    def __init__(self, folder: Path, transport: Transport | None = None) -> None:
        self._folder = folder
        self._transport = transport
        self._remote: dict[Mirrors, RemoteCharts] = {}

    def path(self, locked: LockedChart) -> Path:
        """Return where a chart lies, or will."""
        chart = locked.chart.rpartition("/")[2]
        digits = locked.digest.removeprefix("sha256:")[:12]
        return self._folder / f"{chart}-{locked.version}-{digits}.tgz"

    def fetch(
        self, locked: LockedChart, mirrors: Mirrors | None = None, access: Access = ANYBODY
    ) -> Path:
        """Return the file of a locked chart, downloaded if it is not there or damaged.

        Raises ArtifactError where the chart cannot be had, where it is not
        the one that was locked, or where the folder cannot be written.
        """
        path = self.path(locked)
        if self._digest(path) != locked.digest:
            atomic_file.write(path, self._download(locked, mirrors or Mirrors(), access))
        return path

    def _digest(self, path: Path) -> str:
        try:
            return digest_of(path.read_bytes())
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ArtifactError(
                f"The cached chart {path} cannot be read: {error.strerror}; delete it.",
            ) from error

    def _download(self, locked: LockedChart, mirrors: Mirrors, access: Access) -> bytes:
        charts = self._charts(mirrors)
        content = charts.download(locked.source, locked.chart, locked.version, access)
        digest = digest_of(content)
        if digest != locked.digest:
            raise ArtifactError(
                f"The chart {locked.chart} {locked.version} from {mirrors.address(locked.source)}"
                f" is {digest}, but {locked.digest} was locked; ask its publisher why, and if the"
                f" new content is right, run `sluice lock --upgrade {locked.name}`.",
            )
        return content

    def _charts(self, mirrors: Mirrors) -> RemoteCharts:
        if mirrors not in self._remote:
            from components.lib.artifacts.chart_source import RemoteCharts  # noqa: PLC0415 - HTTP costs start-up time, a cached chart needs none

            self._remote[mirrors] = RemoteCharts(mirrors, self._transport)
        return self._remote[mirrors]
