"""However a command is ended, nothing of it is left, and the next one goes on from there."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.integration.platform.members import NAMESPACE, application

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

# No node has that much, so its update waits.
WAITS = application("big", 'requests={"cpu": "9999"}, timeout="5m"')
SECONDS = 20


@pytest.fixture
def waiting(program: Program) -> tuple[Checkout, subprocess.Popen[str]]:
    """An update that waits for a pod that has no place."""
    checkout = program(NAMESPACE, WAITS)
    update = checkout.start("sluice", "up", checkout.stack)
    while (
        "deployment.apps/big"
        not in checkout.ended(
            *("kubectl", "--context=dev-cluster", "get", "deployment", "-o", "name"),
            *("-n", checkout.stack),
        ).stdout.split()
    ):
        assert update.poll() is None, update.communicate()
        time.sleep(0.2)
    assert {"pulumi", "python"} <= {name.partition("-")[0] for name in left(checkout)}
    return checkout, update


def left(checkout: Checkout) -> list[str]:
    """The processes that run for a checkout, by name."""
    found = []
    for process in psutil.process_iter(["name", "environ", "status"]):
        environment = process.info["environ"] or {}
        if environment.get("PULUMI_HOME", "").startswith(str(checkout.root)):
            found.append(str(process.info["name"]))
    return found


def is_gone(checkout: Checkout, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while left(checkout) and time.monotonic() < end:
        time.sleep(0.1)
    return not left(checkout)


def goes_on(checkout: Checkout, program: Program) -> bool:
    program(NAMESPACE, application("big"))
    checkout.sluice("up", checkout.stack)
    return "Nothing to do" in checkout.sluice("up", checkout.stack)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_runs_and_says_so(
    waiting: tuple[Checkout, subprocess.Popen[str]], program: Program, how: signal.Signals
) -> None:
    checkout, update = waiting
    update.send_signal(how)
    _, said = update.communicate(timeout=SECONDS)
    assert update.returncode == 128 + how
    assert f"pulumi up: {how.name}: what is under way is ended first" in said
    assert said.splitlines()[-1] == (
        f"Error: cancelled by {how.name}; the next run goes on from what is done"
    )
    assert is_gone(checkout, 1)
    assert goes_on(checkout, program)


def test_a_second_signal_ends_it_at_once(
    waiting: tuple[Checkout, subprocess.Popen[str]], program: Program
) -> None:
    checkout, update = waiting
    pulumi = [each for each in psutil.Process(update.pid).children() if each.name() == "pulumi"]
    pulumi[0].suspend()  # so that it cannot end by itself
    for _ in range(2):
        update.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    update.communicate(timeout=4)
    assert update.returncode == 128 + signal.SIGTERM
    assert is_gone(checkout, 1)
    assert goes_on(checkout, program)


def test_a_command_that_is_killed_leaves_nothing_behind(
    waiting: tuple[Checkout, subprocess.Popen[str]], program: Program
) -> None:
    checkout, update = waiting
    update.kill()
    assert is_gone(checkout, 5)
    update.communicate()
    assert goes_on(checkout, program)


def test_a_killed_pulumi_is_told_in_a_sentence_and_leaves_nothing_behind(
    waiting: tuple[Checkout, subprocess.Popen[str]], program: Program
) -> None:
    checkout, update = waiting
    for each in psutil.Process(update.pid).children():
        if each.name() == "pulumi":
            each.kill()
    _, said = update.communicate(timeout=SECONDS)
    assert update.returncode == 3
    assert said == (
        f"Error: {checkout.stack}: pulumi was ended by SIGKILL, which this command did not send: "
        "often for want of memory; the next run goes on from what is done\n"
    )
    assert is_gone(checkout, 1)
    assert goes_on(checkout, program)


def test_a_killed_provider_is_told_in_a_sentence(
    waiting: tuple[Checkout, subprocess.Popen[str]], program: Program
) -> None:
    checkout, update = waiting
    for each in psutil.Process(update.pid).children(recursive=True):
        if each.name().startswith("pulumi-resource"):
            each.kill()
    _, said = update.communicate(timeout=SECONDS)
    assert update.returncode == 3
    stack = checkout.stack
    assert said == (
        f"Error: {stack}: big: Deployment {stack}/big: its provider has ended\n"
        "  pulumi-resource-kubernetes has ended: it was killed, often for want of memory, or it "
        "crashed\n"
    )
    assert is_gone(checkout, 1)
    assert goes_on(checkout, program)
