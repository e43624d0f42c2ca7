"""Deploying the environment of the current stack onto its cluster: what the program does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pulumi

from components.artifacts.mirrors import Mirrors
from components.charts import CHARTS, LockedCharts
from components.environment import Environment
from components.errors import SluiceError
from components.settings import Setting, check_settings

__all__ = ["PROVIDER_VERSION", "deploy", "make_environment"]

PROVIDER_VERSION = "4.25.0"
# By this exit code the language host knows that the program has said what is wrong.
_SAID_WHY = 32


def deploy(find: Callable[[str], type[Environment]]) -> None:
    """Deploy the environment that `find` gives for the current stack's name.

    What is wrong with a declaration ends the program with its one sentence,
    before anything is registered.
    """
    signal.signal(signal.SIGINT, _stop_quietly)
    try:
        make_environment(find, Path.cwd())
    except SluiceError as error:
        pulumi.log.error(str(error))
        # At once: on an exception Pulumi would first register what is declared so far.
        os._exit(_SAID_WHY)


def make_environment(find: Callable[[str], type[Environment]], root: Path) -> Environment:
    """Make the current stack's environment, with the charts of its lock unless others are set."""
    check_settings(root)
    stack = pulumi.get_stack()
    if CHARTS.get(None) is not None:
        return _made(find(stack), stack)
    mirrors = Mirrors(pulumi.Config().get_object("mirrors") or {})
    token = CHARTS.set(LockedCharts.of(root, stack, mirrors))
    try:
        return _made(find(stack), stack)
    finally:
        CHARTS.reset(token)


def _made(environment: type[Environment], stack: str) -> Environment:
    return environment(stack, pulumi.ResourceOptions(providers=[_cluster()]))


def _stop_quietly(_signal: int, _frame: FrameType | None) -> None:
    # The engine interrupts the program once an object has failed, and has said why.
    os._exit(1)


def _cluster() -> pulumi.ProviderResource:
    config = pulumi.Config()
    context = Setting(str, "context").read()
    properties = {
        "context": context,
        "kubeconfig": config.get("kubeconfig") or None,
        "enableServerSideApply": "true",
        # A ConfigMap or Secret is changed in place, never deleted first.
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }
    given = {key: value for key, value in properties.items() if value is not None}
    return pulumi.ProviderResource(
        "kubernetes", context, given, pulumi.ResourceOptions(version=PROVIDER_VERSION)
    )
