"""Taking single files out of a release archive: `.tar.gz`, `.zip` or a bare program."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from toolchain.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["unpack"]


def unpack(archive: Path, members: Mapping[str, str], folder: Path) -> None:
    """Write each member, by the file name it maps from, into `folder`, executable.

    Only the named members are read, so a hostile path in the archive has no
    effect. Raises `DownloadError` for a damaged archive or a missing member.
    """
    for name, member in members.items():
        target = folder / name
        try:
            with _open_member(archive, member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
        except KeyError as error:
            raise DownloadError(f"{archive.name} holds no {member}") from error
        except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
            raise DownloadError(f"{archive.name} is damaged: {error}") from error
        target.chmod(0o755)


@contextmanager
def _open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.name.endswith((".tar.gz", ".tgz")):
        with tarfile.open(archive, "r:gz") as tar:
            content = tar.extractfile(member)
            if content is None:
                raise KeyError(member)
            yield content
    elif archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as pack, pack.open(member) as content:
            yield content
    else:
        with archive.open("rb") as content:
            yield content
