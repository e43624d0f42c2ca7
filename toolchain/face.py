"""The package's functions: install a set, give its folder for PATH, or both as needed."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from toolchain.bin import link_programs
from toolchain.cache import disk_errors
from toolchain.errors import NotInstalledError
from toolchain.installer import Installer
from toolchain.machine import Machine
from toolchain.programs import program_set
from toolchain.progress import Progress, Silent, progress_for
from toolchain.venv import RUNTIME, TESTS, VirtualEnvironment, share_packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["bin_folder", "install", "provide"]

PACKAGES = "Python packages"
_TESTING = ("check", "test")


def install(purpose: str, progress: Progress | None = None, *, shared: bool = False) -> Path:
    """Make the virtual environment and obtain the programs that `purpose` needs.

    `purpose` is one of the sets' names. Both are done at the same time; what is
    there already is left alone. The packages are `shared` by a link among
    checkouts with the same lock, or this checkout's own. Gives the folder to
    put on PATH. Raises a `ToolchainError`; then nothing is half-done, and the
    next call goes on from there.
    """
    progress = progress or Silent()
    machine = Machine.here()
    installer = Installer(program_set(purpose), machine, Silent())
    requirements = TESTS if purpose in _TESTING else RUNTIME
    packages = VirtualEnvironment(machine, requirements)
    missing = [str(program) for program in installer.locate()]
    with disk_errors(machine.cache):
        stale = shared or not packages.is_current()
        if missing or stale:
            installer.progress = progress
            progress.begin([*missing, *([PACKAGES] if stale else [])])
            _together(
                lambda: _install_packages(packages, progress, shared=shared) if stale else None,
                installer.install,
            )
    return link_programs(installer.programs, installer.found, machine)


def bin_folder(purpose: str) -> Path:
    """Give the folder with the programs of a set, for PATH.

    Raises `NotInstalledError` if one of them is not there in its pinned version.
    """
    machine = Machine.here()
    installer = Installer(program_set(purpose), machine, Silent())
    if missing := installer.locate():
        names = ", ".join(map(str, missing))
        raise NotInstalledError(
            f"not installed: {names}; run: python3 -m toolchain install {purpose}"
        )
    return link_programs(installer.programs, installer.found, machine)


@cache
def provide(purpose: str) -> Path:
    """Give the folder with the programs of a set that only some work needs, such as `charts`.

    They are installed if need be, with progress on the terminal. Raises a
    `ToolchainError` where one can be neither downloaded nor built.
    """
    try:
        return bin_folder(purpose)
    except NotInstalledError:
        progress = progress_for()
        try:
            return install(purpose, progress)
        finally:
            progress.end()


def _install_packages(packages: VirtualEnvironment, progress: Progress, *, shared: bool) -> None:
    def report(doing: str) -> None:
        progress.update([PACKAGES], doing)

    report("installing")
    try:
        if shared:
            share_packages(packages.machine, packages.requirements, report)
        else:
            packages.install(report)
    except BaseException:
        progress.done(PACKAGES, "failed")
        raise
    progress.done(PACKAGES, "installed")


def _together(beside: Callable[[], None], main: Callable[[], None]) -> None:
    """Do both at the same time; raise what `main` raised, else what `beside` did."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            beside()
        except BaseException as error:  # noqa: BLE001, raised again in the main thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        main()
    finally:
        thread.join()
    if errors:
        raise errors[0]
