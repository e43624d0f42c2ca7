"""A stack's program, started before Pulumi asks for it.

`sluice/engine/host` has what runs in its process. Plain `pulumi` uses its own host;
so does Sluice where the project's Python is not in a virtual environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from components.lib.manifests import documents
from sluice.backend.session import contained
from sluice.stack.repository import Repository

__all__ = ["warm_program"]

_HOST: Final = Path(__file__).with_name("host") / "__main__.py"
_EXECUTOR: Final = "pulumi-language-python-exec"
_ENDING_SECONDS: Final = 10


@contextmanager
def warm_program(repository: Repository, environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Start a process for one run of the program; give the options that lead `pulumi` to it.

    `environment` is over this process's. Without a run the process ends with the block.
    """
    python, executor = _python(repository), shutil.which(_EXECUTOR)
    if python is None or executor is None:
        yield []
        return
    with contained(
        [python, "-u", _HOST, executor],
        cwd=repository.root,
        env=_activated(python, {**os.environ, **environment}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            # Where its packages are too old to serve, Pulumi's own host says what is missing.
            yield [f"--client=127.0.0.1:{port}"] if port else []
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_SECONDS)


def _python(repository: Repository) -> Path | None:
    runtime = documents.load_file(repository.root / "Pulumi.yaml").get("runtime")
    options = runtime.get("options") if isinstance(runtime, Mapping) else None
    folder = (options or {}).get("virtualenv")
    python = repository.root / str(folder) / "bin" / "python"
    return python if folder and python.exists() else None


def _activated(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join([str(python.parent), environment.get("PATH", os.defpath)])
    changed = {"PATH": path, "VIRTUAL_ENV": str(python.parents[1])}
    return {key: value for key, value in environment.items() if key != "PYTHONHOME"} | changed
