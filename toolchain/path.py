"""Programs that are there already: on PATH, beside another one, among Pulumi's plugins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import WayError
from toolchain.plugin import plugin_binary

if TYPE_CHECKING:
    from toolchain.machine import Machine
    from toolchain.records import Program, VersionCheck

__all__ = ["find_on_path", "outside_cache"]

_TIMEOUT = 10.0


def find_on_path(
    program: Program, machine: Machine, found: dict[str, dict[str, Path]]
) -> dict[str, Path]:
    """Give the program's files where the machine has it in the pinned version.

    `found` holds the programs that were found before, for one that lies beside
    another. Raises `WayError` that says what is there instead.
    """
    if program.plugin:
        return {program.name: plugin_binary(program, machine.pulumi_home)}
    if program.beside:
        return _beside(program, found)
    path = shutil.which(program.name, path=outside_cache(machine))
    if path is None or program.check is None:
        raise WayError("not there")
    version = _version(Path(path), program.check)
    if version != program.version:
        raise WayError(f"{path} is {version or 'of unknown version'}, not {program.version}")
    return {program.name: Path(path)}


def outside_cache(machine: Machine) -> str:
    """Give PATH without the folders of links that this package makes."""
    links = str(machine.cache / "bin") + os.sep
    folders = machine.search_path.split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not folder.startswith(links))


def _beside(program: Program, found: dict[str, dict[str, Path]]) -> dict[str, Path]:
    neighbour = found.get(program.beside, {}).get(program.beside)
    if neighbour is None:
        raise WayError(f"{program.beside} is not there in the pinned version")
    for folder in (neighbour.parent, neighbour.resolve().parent):
        files = {name: folder / name for name in program.files}
        if all(os.access(file, os.X_OK) for file in files.values()):
            return files
    raise WayError(f"not beside {neighbour}")


def _version(path: Path, check: VersionCheck) -> str:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [path, *check.arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WayError(f"{path} does not tell its version: {error}") from error
    match = re.search(check.pattern, answer.stdout, re.MULTILINE)
    return match.group(1) if match else ""
