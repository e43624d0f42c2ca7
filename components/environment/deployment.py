"""Deploying the environment of the current stack onto its cluster: what the program does."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pulumi

from components.base.location import caller, error_line
from components.environment.environment import Environment
from components.environment.state import read
from components.environment.time_limit import TimeLimit
from components.errors import DeclarationError, SluiceError
from components.lib.manifests.limits import LIMIT, Limit
from components.lib.registry.mirrors import Mirrors
from components.lib.state.deployed import DEPLOYED
from components.runtime.answers import LOCKED, LockedArtifacts
from components.runtime.impersonation import IMPERSONATED, Impersonation
from components.runtime.provider import provider
from components.runtime.references import IN_CLUSTER, InCluster
from components.runtime.settings import Setting, check_settings
from components.runtime.suspension import LEFT_OUT, Suspension, parse_suspensions

__all__ = ["ENDS_EARLY", "deploy", "make_environment"]

# By this exit code the language host knows that the program has said what is wrong.
_SAID_WHY = 32
ENDS_EARLY = (
    "the program ends here, and what it has not declared by then would be deleted; "
    "take the exit out, or raise an error that says what is wrong"
)


def deploy(find: Callable[[str], type[Environment]] | None = None) -> None:
    """Deploy the environment that `find` gives for the current stack's name.

    By default that is `stacks.environment`, which is loaded here, so that a
    program that ends itself while it is loaded is refused, too.

    What is wrong with a declaration ends the program with its one sentence,
    before anything is registered; so does an update of what is suspended, and a
    program that ends itself: what it has not declared by then would be deleted.
    """
    signal.signal(signal.SIGINT, _stop_quietly)
    os._exit = _without_success(os._exit)  # type: ignore[assignment]
    _hurry()
    loop = asyncio.get_running_loop()
    loop.set_task_factory(_task)
    try:
        limit = TimeLimit(_refuse)
        limit.begin()
        _honour_suspensions()
        IN_CLUSTER.set(_in_cluster())
        IMPERSONATED.set(_impersonation(Path.cwd()))
        DEPLOYED.set(read(pulumi.get_stack()))
        make_environment(find or import_module("stacks").environment, Path.cwd())
        limit.watch(loop)
    except SluiceError as error:
        _refuse(str(error))
    except SystemExit as end:
        _refuse(f"{error_line(end, Path.cwd())}: {ENDS_EARLY}")


def _task(loop: asyncio.AbstractEventLoop, steps: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(_without_exit(steps), loop=loop, **options)


async def _without_exit(steps: Awaitable[Any]) -> Any:
    """Do the steps of a task, such as a callback of `apply`, which may not end the program either.

    Pulumi would take it for the end of a program that has declared all.
    """
    try:
        return await steps
    except SystemExit as end:
        _refuse(f"{error_line(end, Path.cwd())}: {ENDS_EARLY}")


def _refuse(why: str) -> None:
    pulumi.log.error(why)
    # At once: on an exception Pulumi would first register what is declared so far.
    os._exit(_SAID_WHY)


def _without_success(leave: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    """Return what ends this process, but never as if all had been declared."""
    program = os.getpid()

    def end(status: int) -> NoReturn:
        if status == 0 and os.getpid() == program:
            pulumi.log.error(f"{caller()}: {ENDS_EARLY}")
            leave(_SAID_WHY)
        leave(status)

    return end


def _hurry() -> None:
    # Four messages for each object, each waited for; `pulumi --debug` alone would show them.
    pulumi.log.debug = _say_nothing
    # What is declared lives until the program ends, so there is no garbage to look for.
    gc.disable()


def _say_nothing(*_message: Any, **_options: Any) -> None:
    pass


def _honour_suspensions() -> None:
    """Refuse to update what is suspended, unless Pulumi leaves it out; a preview is only warned."""
    config = pulumi.Config()
    key, stack = config.full_key("suspended"), pulumi.get_stack()
    where = f"stacks/Pulumi.{stack}.yaml: {key}"
    left_out = os.environ.get(LEFT_OUT, "").split()
    for entry in parse_suspensions(config.get_object("suspended") or [], where=where):
        if entry.component in left_out:
            continue
        if not pulumi.runtime.is_dry_run():
            raise DeclarationError(_refusal(stack, entry))
        pulumi.log.warn(_refusal(stack, entry))


def _refusal(stack: str, entry: Suspension) -> str:
    if not entry.component:
        return f"stack {stack} is {entry}; run `sluice resume {stack}` first"
    return (
        f"{entry.component} is {entry}; run `sluice up {stack}`, which leaves it out, "
        f"or `sluice resume {stack} {entry.component}` first"
    )


def make_environment(find: Callable[[str], type[Environment]], root: Path) -> Environment:
    """Make the current stack's environment, with the charts of its lock unless others are set."""
    check_settings(root)
    LIMIT.megabytes = pulumi.Config().get_int("manifestMegabytes") or Limit.megabytes
    stack = pulumi.get_stack()
    if LOCKED.get(None) is not None:
        return _made(find(stack), stack)
    mirrors = Mirrors(pulumi.Config().get_object("mirrors") or {})
    token = LOCKED.set(LockedArtifacts.of(root, stack, mirrors))
    try:
        return _made(find(stack), stack)
    finally:
        LOCKED.reset(token)


def _made(environment: type[Environment], stack: str) -> Environment:
    options = pulumi.ResourceOptions(providers=[_cluster()])
    return environment(stack, options)


def _stop_quietly(_signal: int, _frame: FrameType | None) -> None:
    # The engine interrupts the program once an object has failed, and has said why.
    os._exit(1)


def _in_cluster() -> InCluster:
    return InCluster(Setting(str, "context").read(), pulumi.Config().get("kubeconfig") or "")


def _impersonation(root: Path) -> Impersonation:
    return Impersonation(
        root,
        pulumi.get_stack(),
        Setting(str, "context").read(),
        pulumi.Config().get("kubeconfig") or "",
        looks_only=pulumi.runtime.is_dry_run(),
    )


def _cluster() -> pulumi.ProviderResource:
    context = Setting(str, "context").read()
    kubeconfig = pulumi.Config().get("kubeconfig") or ""
    return provider(context, context=context, kubeconfig=kubeconfig)
