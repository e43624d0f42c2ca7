"""Obtaining a set of programs: each by the first way that works.

The ways, in order: in the cache, found on PATH, the vendor's release, built
with Go. Releases are fetched at the same time; what is left of a wrapper
module is built together.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from toolchain.cache import disk_errors
from toolchain.download import Downloader, release_folder, release_url
from toolchain.errors import DownloadError, UnobtainableError, WayError
from toolchain.gobuild import build_programs
from toolchain.path import find_on_path
from toolchain.plugin import install_plugin
from toolchain.recipe import built_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from toolchain.machine import Machine
    from toolchain.progress import Progress
    from toolchain.records import Program

__all__ = ["Installer", "Way"]

_DOWNLOADS = 4


class Way(StrEnum):
    """How a program was had."""

    PATH = "found on PATH"
    CACHE = "cached"
    RELEASE = "downloaded"
    BUILD = "built"


_PLACES = {
    Way.PATH: "on PATH",
    Way.CACHE: "in the cache",
    Way.RELEASE: "the vendor's release",
    Way.BUILD: "a build with Go",
}


@dataclass
class Installer:
    """Obtains programs on one machine; after `install`, `found` has every file's place."""

    programs: Sequence[Program]
    machine: Machine
    progress: Progress
    downloader: Downloader = field(default_factory=Downloader)
    found: dict[str, dict[str, Path]] = field(default_factory=dict)
    ways: dict[str, Way] = field(default_factory=dict)
    tried: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def locate(self) -> list[Program]:
        """Find what is there already, in the cache or on PATH; give the missing.

        The cache comes first: it is looked into, where what is on PATH has to be
        started to tell its version, by each command anew.
        """
        for program in self.missing():
            if not program.plugin:  # Pulumi must have been given it
                self._look_in_cache(program, Way.CACHE)
        for program in self.missing():
            try:
                self._found(program, Way.PATH, find_on_path(program, self.machine, self.found))
            except WayError as error:
                self._failed(program, Way.PATH, error)
        return self.missing()

    def install(self) -> None:
        """Obtain what is missing; `UnobtainableError` lists all that was tried."""
        with disk_errors(self.machine.cache):
            for program in self.missing():
                self._look_in_cache(program, Way.CACHE)
            for program in self.missing():
                self._failed(program, Way.CACHE, "not there")
            self._download()
            self._build()
            if missing := self.missing():
                raise UnobtainableError(self._explain(missing))
            self._install_plugins()

    def missing(self) -> list[Program]:
        """Give the programs that are not there yet."""
        return [program for program in self.programs if program.name not in self.found]

    def _download(self) -> None:
        """Fetch each archive once, for all programs that it holds."""
        archives: dict[str, list[Program]] = defaultdict(list)
        for program in self.missing():
            try:
                archives[release_url(program, self.machine)].append(program)
            except DownloadError as error:
                self._failed(program, Way.RELEASE, error)
        with ThreadPoolExecutor(_DOWNLOADS) as pool:
            try:
                list(pool.map(self._download_archive, archives.values()))
            except BaseException:
                self.downloader.stop()
                raise

    def _download_archive(self, programs: list[Program]) -> None:
        fetch = partial(self.downloader.install, programs, self.machine)
        self._obtain(programs, Way.RELEASE, fetch)

    def _build(self) -> None:
        wrappers: dict[str, list[Program]] = defaultdict(list)
        for program in self.missing():
            wrappers[program.go.wrapper].append(program)
        for programs in wrappers.values():
            build = partial(build_programs, programs, self.machine)
            self._obtain(programs, Way.BUILD, build)

    def _obtain(
        self,
        programs: list[Program],
        way: Way,
        obtain: Callable[[Callable[[str], None]], None],
    ) -> None:
        """Try one way for programs that come together, and look where it put them."""
        names = [str(program) for program in programs]
        try:
            obtain(partial(self.progress.update, names))
        except WayError as error:
            for program in programs:
                self._failed(program, way, error)
        for program in programs:
            self._look_in_cache(program, way)

    def _look_in_cache(self, program: Program, way: Way) -> None:
        """Take the program from the cache, where `way` may have put it."""
        folders = (
            release_folder(program, self.machine),
            *built_folders(program, self.machine),
        )
        for folder in folders:
            if (folder / program.name).is_file():
                self._found(program, way, {name: folder / name for name in program.files})
                return

    def _install_plugins(self) -> None:
        """Hand what was not found there to Pulumi, for its own folder of plugins."""
        for program in self.programs:
            if program.plugin and self.ways[program.name] is not Way.PATH:
                binary = install_plugin(
                    program,
                    self.found[program.name][program.name],
                    pulumi=self.found["pulumi"]["pulumi"],
                    pulumi_home=self.machine.pulumi_home,
                    cache=self.machine.cache,
                    waiting=partial(self.progress.update, [str(program)]),
                )
                self.found[program.name] = {program.name: binary}

    def _found(self, program: Program, way: Way, files: dict[str, Path]) -> None:
        self.found[program.name] = files
        self.ways[program.name] = way
        self.progress.done(str(program), way)

    def _failed(self, program: Program, way: Way, reason: object) -> None:
        self.tried[program.name].append(f"{_PLACES[way]}: {reason}")

    def _explain(self, missing: list[Program]) -> str:
        """Say of each missing program what was tried; the same story is told once."""
        stories: dict[str, list[str]] = defaultdict(list)
        for program in missing:
            stories["\n".join(self._story(program))].append(str(program))
        parts = [f"{', '.join(names)}\n{story}" for story, names in stories.items()]
        return "no way led to " + "\n".join(parts)

    def _story(self, program: Program) -> list[str]:
        return [
            f"  {number}. {attempt}".replace("\n", "\n     ")
            for number, attempt in enumerate(self.tried[program.name], 1)
        ]
