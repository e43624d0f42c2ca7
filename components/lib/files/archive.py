"""The files of a tar archive in a folder."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

__all__ = ["unpack"]


def unpack(archive: bytes, folder: Path) -> None:
    """Make a folder hold what an archive does, in one step; one that does is left.

    Raises OSError or tarfile.TarError where it cannot.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        if _files(folder) == {
            member.name.removeprefix("./"): _read(tar, member) for member in tar if member.isfile()
        }:
            return
        draft, old = (folder.with_name(f".{folder.name}.{uuid4().hex}") for _ in "12")
        try:
            tar.extractall(draft, filter="data")
            with suppress(FileNotFoundError):
                folder.rename(old)
            if not folder.exists():
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


def _files(folder: Path) -> Mapping[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}
