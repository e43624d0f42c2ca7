"""What a person sees while an update waits, on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

MEMBERS = """
    @member
    def web(self):
        return Application(
            NAMESPACE,
            ApplicationArgs(image="shop/web:1.0", requests={"cpu": "9999"}, timeout="12s"),
        )
"""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def seen_on_a_terminal(checkout: Checkout, *command: str) -> str:
    """What a command shows on a terminal of 80 columns and 24 lines."""
    terminal, end = pty.openpty()
    environment = {**checkout.environment, "COLUMNS": "200", "LINES": "24", "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=checkout.root, env=environment, stdout=end, stderr=end, stdin=end
    ):
        os.close(end)
        shown = b""
        try:
            while chunk := os.read(terminal, 65536):
                shown += chunk
        except OSError:
            pass  # the other end was closed
    os.close(terminal)
    return ESCAPES.sub("", shown.decode(errors="replace"))


def test_a_deployment_that_waits_is_shown_with_the_reason(
    checkout: Checkout, program: Program
) -> None:
    program(MEMBERS)

    shown = seen_on_a_terminal(checkout, "sluice", "up", checkout.stack)

    name = checkout.stack
    waits = rf"Deployment {name}/{name}, \d+ s: Waiting for .*0/1 Pods available"
    assert re.search(waits, shown), shown
    pod = rf"  pod {name}-\w+-\w+: Unschedulable: 0/\d+ nodes are available: .*Insufficient cpu"
    assert re.search(pod, shown), shown
