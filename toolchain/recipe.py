"""Which packages a Go build takes, and the recipe that a built program is kept by.

A recipe is a digest of all that decides what comes out: the wrapper module's
requirements and own sources, the patches, the package and its variables. A
program built by another recipe is built anew, though its version is the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolchain.patches import patches_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolchain.machine import Machine
    from toolchain.records import Program

__all__ = ["LINKER_FLAGS", "Target", "build_folder", "built_folders", "plan_targets"]

LINKER_FLAGS = ("-s", "-w")
_WORTH_SHARING = 3


@dataclass(frozen=True)
class Target:
    """One package to build: the binary it gives, and the programs that binary serves as."""

    package: str
    binary: str
    programs: tuple[Program, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The linker's variables of all its programs, each once."""
        return tuple(dict.fromkeys(v for p in self.programs for v in p.go.variables))

    @property
    def alone(self) -> bool:
        """Whether it keeps its variables from the other targets."""
        return any(program.go.alone for program in self.programs)


def plan_targets(programs: Sequence[Program]) -> tuple[Target, ...]:
    """Choose what to build: the shared binary where several programs need it.

    From three programs on it is cheaper than building them one by one.
    """
    shared: dict[str, list[Program]] = {}
    for program in programs:
        if program.go.shared:
            shared.setdefault(program.go.shared, []).append(program)
    worth = {package: group for package, group in shared.items() if len(group) >= _WORTH_SHARING}
    multi = [_shared_target(package, group) for package, group in worth.items()]
    single = [_own_target(program) for program in programs if program.go.shared not in worth]
    return (*multi, *single)


def build_folder(program: Program, target: Target, machine: Machine) -> Path:
    """Give the cache folder of a program that is built as part of `target`."""
    return _folder(program, target.package, machine)


def built_folders(program: Program, machine: Machine) -> tuple[Path, ...]:
    """Give the cache folders where a program that was built may be, the best first."""
    packages = [package for package in (program.go.shared, program.go.package) if package]
    return tuple(_folder(program, package, machine) for package in packages)


def _shared_target(package: str, group: Sequence[Program]) -> Target:
    return Target(package, package.rsplit("/", 1)[-1], tuple(group))


def _own_target(program: Program) -> Target:
    return Target(program.go.package, program.go.binary, (program,))


def _folder(program: Program, package: str, machine: Machine) -> Path:
    recipe = _recipe(program, package, machine)[:12]
    return machine.cache / "programs" / program.name / program.version / f"go-{recipe}"


def _recipe(program: Program, package: str, machine: Machine) -> str:
    wrapper = machine.wrappers / program.go.wrapper
    sha256 = hashlib.sha256()
    for file in _sources(wrapper, package):
        sha256.update(f"{file.relative_to(wrapper)}\n".encode())
        sha256.update(file.read_bytes())
    patches = tuple(patch.digest for patch in patches_for([program.name]))
    sha256.update(repr((package, program.go, LINKER_FLAGS, patches)).encode())
    special = (program.go.tags, program.go.cgo, program.go.generated)
    if any(special):
        sha256.update(repr(special).encode())
    return sha256.hexdigest()


def _sources(wrapper: Path, package: str) -> list[Path]:
    own = sorted((wrapper / package).glob("*.go")) if package.startswith("./") else []
    return [wrapper / "go.mod", wrapper / "go.sum", *own]
