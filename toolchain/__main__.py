"""The command `python3 -m toolchain`: install a set, print its folder, lock packages."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING

from toolchain import ToolchainError, bin_folder, install, progress_for
from toolchain.lock import lock_requirements
from toolchain.machine import Machine
from toolchain.programs import SETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _run(options)
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("toolchain: interrupted; the same command goes on from here", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _run(options: argparse.Namespace) -> None:
    if options.verb == "bin":
        print(bin_folder(options.set))
    elif options.verb == "install":
        _install(options.set, shared=options.shared)
    else:
        lock_requirements(Machine.here(), print, upgrade=options.upgrade)


def _install(purpose: str, *, shared: bool) -> None:
    progress = progress_for()
    try:
        install(purpose, progress, shared=shared)
    finally:
        progress.end()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    installing = verbs.add_parser("install", help="make .venv and obtain the programs of a set")
    installing.add_argument(
        "--shared",
        action="store_true",
        help="make .venv a link to packages that all checkouts with the same lock use",
    )
    folder = verbs.add_parser("bin", help="print the folder with a set's programs, for PATH")
    for verb in (installing, folder):
        verb.add_argument("set", choices=SETS)
    lock = verbs.add_parser("lock", help="lock the Python packages of pyproject.toml")
    lock.add_argument("--upgrade", action="store_true", help="take newer versions")
    return parser


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
