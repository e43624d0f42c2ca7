"""One folder for PATH with exactly the programs of a set."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from toolchain.cache import disk_errors, link_or_copy, locked, staged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toolchain.machine import Machine
    from toolchain.records import Program

__all__ = ["link_programs"]


def link_programs(
    programs: Sequence[Program], found: Mapping[str, Mapping[str, Path]], machine: Machine
) -> Path:
    """Make, once, the folder that links to the programs where they were found.

    A program of the cache gets a second name (a hard link) and not a symbolic
    link, because Pulumi warns of a language host that is on PATH but does not
    lie beside the real `pulumi`. Plugins stay in Pulumi's own folder.
    """
    files = {
        name: place
        for program in programs
        if not program.plugin
        for name, place in found[program.name].items()
    }
    folder = machine.cache / "bin" / _digest(programs, files)
    if folder.is_dir():
        return folder
    with disk_errors(machine.cache), locked(machine.cache, "bin", lambda _: None):
        if not folder.is_dir():
            with staged(folder) as staging:
                for name, place in files.items():
                    _link(place, staging / name, machine)
    return folder


def _link(place: Path, target: Path, machine: Machine) -> None:
    if place.is_relative_to(machine.cache):
        link_or_copy(place, target)
    else:
        target.symlink_to(place)


def _digest(programs: Sequence[Program], files: Mapping[str, Path]) -> str:
    names = [str(program) for program in programs]
    return hashlib.sha256(repr((names, sorted(files.items()))).encode()).hexdigest()[:16]
