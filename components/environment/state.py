"""The stack's state, as a program reads it before it declares anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from components.errors import DeclarationError
from components.lib.state.deployed import STATE, Deployed

__all__ = ["read"]


def read(stack: str) -> Deployed:
    """Return what the stack's state says, of the file that `SLUICE_STATE` names or by `pulumi`.

    Raises:
        DeclarationError: where it cannot be read.

    """
    file = os.environ.get(STATE)
    if file and not Path(file).exists():
        return Deployed()  # the stack is made by this very update
    content = json.loads(Path(file).read_bytes() if file else _exported(stack))
    kept = content.get("checkpoint", {}).get("latest") or content.get("deployment") or {}
    return Deployed.of(kept.get("resources") or ())


def _exported(stack: str) -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise DeclarationError(
            "pulumi is not on PATH and says what is deployed, so that nothing that has moved is "
            "deleted; run `make tools`"
        )
    command = [program, "stack", "export", "--stack", stack, "--non-interactive"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DeclarationError(
            f"{stack}: the state cannot be read: {' '.join(result.stderr.split())}"
        )
    return result.stdout
