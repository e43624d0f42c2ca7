"""Pack a chart's folder into the archive that Helm installs.

The bytes are a function of the files and the two versions alone, on any
machine: a lock file records their digest. So the tar entries have no owner and
a fixed time, and the gzip stream is stored rather than compressed, because
compressors differ from one zlib to the next.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["package", "stamp"]

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
BLOCK = 0xFFFF
MODIFIED = 1_700_000_000  # Helm refuses an entry without a time
CHART_FILE = "Chart.yaml"


def package(folder: Path, version: str, app_version: str) -> bytes:
    """The chart in `folder` as a `.tgz`, stamped with its versions."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in files:
            data = path.read_bytes()
            if path == folder / CHART_FILE:
                data = stamp(data.decode(), version, app_version).encode()
            _add(archive, f"{folder.name}/{path.relative_to(folder).as_posix()}", data)
    return _gzip_stored(buffer.getvalue())


def stamp(chart: str, version: str, app_version: str) -> str:
    """The text of a Chart.yaml with its versions added."""
    return f'{chart.rstrip()}\nversion: {version}\nappVersion: "{app_version}"\n'


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mode = 0o644
    entry.mtime = MODIFIED
    archive.addfile(entry, io.BytesIO(data))


def _gzip_stored(data: bytes) -> bytes:
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    stream = bytearray(GZIP_HEADER)
    for number, block in enumerate(blocks, start=1):
        is_last = number == len(blocks)
        stream += struct.pack("<BHH", is_last, len(block), len(block) ^ BLOCK) + block
    return bytes(stream + struct.pack("<II", zlib.crc32(data), len(data)))
