"""What a stack declares, read by running its program without Pulumi's engine, state or cluster."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, NoReturn

import pulumi

from components.base.location import error_line
from components.environment.deployment import ENDS_EARLY, make_environment
from components.environment.environment import Environment
from components.environment.time_limit import TimeLimit
from components.errors import DeclarationError, SluiceError
from components.runtime.answers import LOCKED, Locked
from components.runtime.references import IN_CLUSTER, DataReference
from sluice.declaration.monitor import Monitor
from sluice.declaration.records import Declaration, Declared, Reader
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["declaration", "declared"]


def declared(stack: Stack, locked: Locked) -> list[Declared]:
    """Return the custom resources of a stack, in the order of their declaration.

    Raises:
        DeclarationError: where a declaration is wrong.
        ArtifactError: where `locked` has no answer.

    """
    return declaration(stack, locked).resources


def declaration(
    stack: Stack,
    locked: Locked,
    *,
    read: Reader | None = None,
    config: Mapping[str, str] | None = None,
) -> Declaration:
    """Return what a stack declares.

    `read` gives an object that the program reads from the cluster, by kind and
    `namespace/name`; what follows from one that it has not is unknown. `config`
    holds values of the stack's configuration by full key, decrypted.

    Raises:
        DeclarationError: where a declaration is wrong.
        ArtifactError: where `locked` has no answer.

    """
    monitor = Monitor(read or (lambda _kind, _path: None))
    settings = {key: _text(value) for key, value in stack.settings().config.items()}
    made: list[Environment] = []
    wrong: list[SluiceError] = []
    with _inside(stack.repository), _printing_aside():
        pulumi.runtime.set_mocks(
            monitor.mocks, stack.repository.project, stack.name, preview=True, monitor=monitor
        )
        pulumi.runtime.set_all_config({**settings, **(config or {})})
        limit = TimeLimit(_refusing())
        tokens = LOCKED.set(locked), IN_CLUSTER.set(_found_by(read))
        leave, os._exit = os._exit, _raising(os._exit)  # type: ignore[assignment]
        try:
            limit.begin()
            find = importlib.import_module("stacks").environment
            run = pulumi.runtime.test(lambda: _make(stack.repository, find, made, wrong))  # type: ignore[no-untyped-call]
            run()
        except Exception as error:
            # By way of what waits for it, the error comes without the program's lines.
            raise wrong[0] if wrong else error from error
        except _TooLongError as error:
            raise DeclarationError(str(error)) from None
        except SystemExit as end:
            where = error_line(end, stack.repository.root)
            raise DeclarationError(f"{where}: {ENDS_EARLY}") from end
        finally:
            limit.end()
            os._exit = leave
            LOCKED.reset(tokens[0])
            IN_CLUSTER.reset(tokens[1])
    return Declaration(made[0], monitor.seen, monitor.after)


def _found_by(read: Reader | None) -> Callable[[DataReference], bool]:
    """Return what says whether an optional object is there; it is unknown where nothing reads."""
    if read is None:
        return lambda _reference: True
    return lambda each: read(each.kind, f"{each.namespace}/{each.name}") is not None


def _make(
    repository: Repository, find: Any, made: list[Environment], wrong: list[SluiceError]
) -> None:
    # What waits for a wrong declaration fails with it, which asyncio would tell once more.
    asyncio.get_event_loop().set_exception_handler(lambda _loop, _context: None)
    try:
        made.append(make_environment(find, repository.root))
    except SluiceError as error:
        wrong.append(error)
        raise
    except _TooLongError as error:
        wrong.append(DeclarationError(str(error)))
        raise wrong[0] from None
    except Exception as error:
        where = error_line(error, repository.root)
        wrong.append(DeclarationError(f"{where}: {type(error).__name__}: {error}"))
        raise


def _raising(leave: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    """Return what ends the program as `sys.exit` does: `os._exit` would end the command too."""
    command = os.getpid()

    def end(status: int) -> NoReturn:
        if os.getpid() == command:
            raise SystemExit(status)
        leave(status)

    return end


class _TooLongError(BaseException):
    """The program has not ended in its time; no `except Exception` of its own catches it."""


def _refusing() -> Callable[[str], NoReturn]:
    """Return what refuses the program: as any error in it, then as one that it cannot pass over."""
    errors: Iterator[type[BaseException]] = itertools.chain(
        [DeclarationError], itertools.repeat(_TooLongError)
    )

    def refuse(why: str) -> NoReturn:
        raise next(errors)(why)

    return refuse


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _inside(repository: Repository) -> Iterator[None]:
    before = os.getcwd()  # noqa: PTH109 - chdir's counterpart
    os.chdir(repository.root)
    sys.path.insert(0, str(repository.root))
    # Each checkout has stacks of its own.
    for name in [name for name in sys.modules if name.partition(".")[0] == "stacks"]:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.path.remove(str(repository.root))
        os.chdir(before)


@contextmanager
def _printing_aside() -> Iterator[None]:
    """Send what the program prints, and what it runs prints, to people: stdout is the verb's."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
