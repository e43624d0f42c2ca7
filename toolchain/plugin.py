"""The Kubernetes provider as Pulumi's plugin, in Pulumi's own folder."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from toolchain.cache import locked
from toolchain.errors import PluginError, WayError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toolchain.records import Program

__all__ = ["install_plugin", "plugin_binary"]


def plugin_binary(program: Program, pulumi_home: Path) -> Path:
    """Give the installed plugin's binary; `WayError` if it is not there, or half there."""
    folder = pulumi_home / "plugins" / f"resource-{program.plugin}-v{program.version}"
    binary = folder / program.name
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists() or not os.access(binary, os.X_OK):
        raise WayError(f"not among the plugins in {pulumi_home}")
    return binary


def install_plugin(
    program: Program,
    binary: Path,
    *,
    pulumi: Path,
    pulumi_home: Path,
    cache: Path,
    waiting: Callable[[str], None],
) -> Path:
    """Install `binary` as the plugin `program` with `pulumi plugin install`.

    Does nothing if it is there; safe for two processes. Raises `PluginError`
    with Pulumi's own words.
    """
    with locked(cache, f"plugin-{program.plugin}", waiting):
        try:
            return plugin_binary(program, pulumi_home)
        except WayError:
            _run(program, binary, pulumi=pulumi, pulumi_home=pulumi_home)
        return plugin_binary(program, pulumi_home)


def _run(program: Program, binary: Path, *, pulumi: Path, pulumi_home: Path) -> None:
    arguments = ["plugin", "install", "resource", program.plugin, program.version]
    answer = subprocess.run(
        [pulumi, *arguments, "--reinstall", "--file", binary],
        env={
            **os.environ,
            "PULUMI_HOME": str(pulumi_home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        words = (answer.stderr or answer.stdout).strip()
        raise PluginError(f"pulumi cannot install the plugin {program}: {words}")
