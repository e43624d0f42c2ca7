"""The package's two functions: install a set, and give its folder for PATH."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from toolchain.bin import link_programs
from toolchain.cache import disk_errors
from toolchain.errors import NotInstalledError
from toolchain.installer import Installer
from toolchain.machine import Machine
from toolchain.programs import program_set
from toolchain.progress import Progress, Silent
from toolchain.venv import RUNTIME, TESTS, VirtualEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["bin_folder", "install"]

PACKAGES = "Python packages"
_TESTING = ("check", "test")


def install(purpose: str, progress: Progress | None = None) -> Path:
    """Make the virtual environment and obtain the programs that `purpose` needs.

    `purpose` is `deploy`, `sandbox`, `up`, `charts`, `check` or `test`. Both are done at the same
    time; what is there already is left alone. Gives the folder to put on PATH.
    Raises a `ToolchainError`; then nothing is half-done, and the next call goes
    on from there.
    """
    progress = progress or Silent()
    machine = Machine.here()
    installer = Installer(program_set(purpose), machine, Silent())
    packages = VirtualEnvironment(machine, TESTS if purpose in _TESTING else RUNTIME)
    missing = [str(program) for program in installer.locate()]
    with disk_errors(machine.cache):
        stale = not packages.is_current()
        if missing or stale:
            installer.progress = progress
            progress.begin([*missing, *([PACKAGES] if stale else [])])
            _together(
                lambda: _install_packages(packages, progress) if stale else None,
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


def _install_packages(packages: VirtualEnvironment, progress: Progress) -> None:
    progress.update([PACKAGES], "installing")
    try:
        packages.install(lambda doing: progress.update([PACKAGES], doing))
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
