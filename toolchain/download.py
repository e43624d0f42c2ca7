"""A vendor's prebuilt release: fetched, verified, unpacked."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from toolchain.archive import unpack
from toolchain.cache import locked, scratch, staged
from toolchain.errors import ChecksumError, DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from toolchain.machine import Machine
    from toolchain.records import Checksum, Program, Release

__all__ = ["Downloader", "release_folder", "release_url"]

_TIMEOUT = 10.0
_BLOCK = 1 << 20
_AGENT = {"User-Agent": "sluice-toolchain"}
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def release_folder(program: Program, machine: Machine) -> Path:
    """Give the cache folder of a program's prebuilt release."""
    return machine.cache / "programs" / program.name / program.version / "release"


def release_url(program: Program, machine: Machine) -> str:
    """Give the URL of the vendor's release for this machine."""
    release = program.releases.get(machine.platform.os)
    if release is None:
        raise DownloadError(f"the vendor publishes none for {machine.platform}")
    return machine.platform.fill(release.url, program.version)


class Downloader:
    """Fetches releases; a host that proved unreachable is not asked again."""

    def __init__(self, timeout: float = _TIMEOUT) -> None:
        self._timeout = timeout
        self._unreachable: dict[str, str] = {}
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Break off what is being fetched in other threads."""
        self._stopped.set()

    def install(
        self,
        programs: Sequence[Program],
        machine: Machine,
        report: Callable[[str], None],
    ) -> None:
        """Fetch the one archive that holds `programs` into the cache.

        Raises `DownloadError` if it cannot be had, `ChecksumError` if it is not
        what the vendor published; the file is gone then.
        """
        first = programs[0]
        url = release_url(first, machine)
        release = first.releases[machine.platform.os]
        file = _file_name(url)
        with locked(machine.cache, file, report):
            wanted = [p for p in programs if not release_folder(p, machine).is_dir()]
            if not wanted:
                return
            digest = self._published(release, first, machine)
            with scratch(machine.cache / "downloads" / file) as folder:
                archive = folder / file
                self._verified(url, archive, digest, report)
                for program in wanted:
                    _keep(program, archive, machine)

    def _verified(
        self, url: str, archive: Path, digest: str, report: Callable[[str], None]
    ) -> None:
        actual = self._save(url, archive, report)
        if actual != digest:
            archive.unlink()
            raise ChecksumError(
                f"{url} has SHA-256 {actual}, but the vendor published {digest};"
                " the file was discarded"
            )

    def _published(self, release: Release, program: Program, machine: Machine) -> str:
        """Give the SHA-256 from the first of the release's checksums that is published."""
        file = _file_name(release_url(program, machine))
        reasons: list[str] = []
        for checksum in release.checksums:
            url = machine.platform.fill(checksum.url, program.version, file)
            try:
                return _digest_in(self._text(url), checksum, file, url)
            except DownloadError as error:
                reasons.append(str(error))
        raise DownloadError("; ".join(dict.fromkeys(reasons)))

    def _text(self, url: str) -> str:
        with self._open(url) as response:
            return _reading(url, response.read).decode(errors="replace")

    def _save(self, url: str, target: Path, report: Callable[[str], None]) -> str:
        """Write what `url` serves to `target`, and give its SHA-256."""
        sha256 = hashlib.sha256()
        done = 0
        with self._open(url) as response, target.open("wb") as file:
            total = int(response.headers.get("Content-Length") or 0)
            while block := _reading(url, lambda: response.read(_BLOCK)):
                file.write(block)
                sha256.update(block)
                done += len(block)
                if self._stopped.is_set():
                    raise DownloadError("interrupted")
                report(f"downloading {_file_name(url)}: {_megabytes(done, total)}")
        if done < total:
            raise DownloadError(f"{url} ended after {done} of {total} bytes")
        return sha256.hexdigest()

    def _open(self, url: str) -> Any:
        host = urlsplit(url).netloc
        if host in self._unreachable:
            raise DownloadError(self._unreachable[host])
        request = urllib.request.Request(url, headers=_AGENT)
        try:
            return urllib.request.urlopen(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            error.close()
            raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            self._unreachable[host] = f"{host} cannot be reached ({reason})"
            raise DownloadError(self._unreachable[host]) from error


def _reading(url: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(f"{url} broke off: {error}") from error


def _keep(program: Program, archive: Path, machine: Machine) -> None:
    """Unpack a program's files from a verified archive into the cache."""
    members = {
        file: machine.platform.fill(member, program.version)
        for file, member in program.releases[machine.platform.os].members.items()
        if file in program.files
    }
    with staged(release_folder(program, machine)) as folder:
        unpack(archive, members or {program.name: ""}, folder)


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])


def _megabytes(done: int, total: int) -> str:
    if not total:
        return f"{done >> 20} MB"
    return f"{done >> 20} of {total >> 20} MB"


def _digest_in(text: str, checksum: Checksum, file: str, url: str) -> str:
    digest = {"list": _from_list, "bare": _from_bare, "github": _from_github}[checksum.format](
        text, file
    )
    if not _SHA256.fullmatch(digest):
        raise DownloadError(f"{url} publishes no SHA-256 for {file}")
    return digest.lower()


def _from_list(text: str, file: str) -> str:
    for line in text.splitlines():
        digest, _, name = line.strip().partition(" ")
        if name.strip().lstrip("*").removeprefix("./") == file:
            return digest
    return ""


def _from_bare(text: str, _file: str) -> str:
    return text.split(maxsplit=1)[0] if text.strip() else ""


def _from_github(text: str, file: str) -> str:
    try:
        assets = json.loads(text)["assets"]
        digests = {asset["name"]: asset.get("digest") or "" for asset in assets}
    except (ValueError, KeyError, TypeError):
        return ""
    return str(digests.get(file, "")).removeprefix("sha256:")
