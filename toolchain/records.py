"""The words of the program table: what is known about one external program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Checksum",
    "Generated",
    "GoBuild",
    "ModuleFile",
    "Program",
    "Release",
    "VersionCheck",
]


@dataclass(frozen=True)
class VersionCheck:
    """How a program tells its version: arguments, and a pattern whose group 1 it is."""

    arguments: tuple[str, ...]
    pattern: str


@dataclass(frozen=True)
class Checksum:
    """Where a vendor publishes the SHA-256 of a release file.

    `list` is what `sha256sum` prints, `bare` the digest alone, and `github`
    the release as GitHub's API describes it, with a digest for each file.
    """

    url: str
    format: Literal["list", "bare", "github"] = "list"


@dataclass(frozen=True)
class Release:
    """A vendor's prebuilt release for one operating system.

    `{version}`, `{os}`, `{arch}` (`amd64`, `arm64`), `{x64}` (`x64`, `arm64`)
    and, in a checksum's URL, `{file}` are filled in. `members` maps a file of
    the program to its name in the archive; with none the download is the
    program itself. Of several `checksums` the first that is published counts.
    """

    url: str
    checksums: tuple[Checksum, ...]
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModuleFile:
    """A file of a Go module that a build copies: `source` in `module` to `target`."""

    module: str
    source: str
    target: str


@dataclass(frozen=True)
class Generated:
    """Packages of a module that `go generate` completes, in a copy, before it is built."""

    module: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class GoBuild:
    """How a program is built from its Go module.

    `wrapper` is the committed module under `toolchain/` that pins everything,
    `package` what is built in it, `binary` the name that Go gives the result.
    `variables` are set by the linker. `shared` is the package of a multi-call
    binary that also serves as this program. `alone` keeps its variables from
    the other programs of the wrapper. `inputs` are copied into the build
    folder first, `companions` beside the program afterwards. `tags` choose
    what is compiled, and those of a program that stays `alone` are its own;
    `cgo` takes the machine's C compiler too; `generated` is completed first.
    """

    wrapper: str
    package: str
    binary: str
    variables: tuple[str, ...] = ()
    shared: str = ""
    alone: bool = False
    inputs: tuple[ModuleFile, ...] = ()
    companions: tuple[ModuleFile, ...] = ()
    # Not in the text that a recipe is made of: most programs have none of these.
    tags: tuple[str, ...] = field(default=(), repr=False)
    cgo: bool = field(default=False, repr=False)
    generated: Generated | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Program:
    """One external program, pinned.

    A program that cannot tell its version is recognised on PATH `beside`
    another one, or is a Pulumi resource `plugin` of that name, which belongs
    in Pulumi's own folder and not on PATH, where the engine would warn of it.
    """

    name: str
    version: str
    go: GoBuild
    releases: Mapping[str, Release]
    check: VersionCheck | None = None
    beside: str = ""
    plugin: str = ""
    companions: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files, itself first."""
        return (self.name, *self.companions)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
