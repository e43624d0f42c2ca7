"""Runs a stack's program for Pulumi, in a Python that is warm before Pulumi asks for it.

Pulumi's own host for Python asks pip for the packages, then starts Python and
loads its SDK and the components: one after the other, while nothing else is
done. This process loads them while `pulumi` starts, and then does what the
host's `pulumi-language-python-exec`, which it is given, does. It is run by
file in the stack's own Python, so it uses nothing of Sluice.

It prints the port at which Pulumi finds it, and ends after one program, or
when the one that started it closes its input.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import grpc

_SERVICE = "pulumirpc.LanguageRuntime"
# What every program loads, and nothing that it may not need: its reads are noted.
_NEEDED = ("pulumi", "components.environment.deployment")
# By this exit code a program has said what is wrong, as for Pulumi's own host.
_SAID_WHY = 32
# No exit code of a process: what was not declared by then would be deleted.
_TOO_EARLY = 256
_FLUSHING_SECONDS = 5


class _Host:
    """The service that Pulumi calls: one program, run by the main thread."""

    def __init__(self) -> None:
        self._request: Future[bytes] = Future()
        self._answer: Future[bytes] = Future()
        self._server = grpc.server(ThreadPoolExecutor(4))
        nothing = _handler(lambda _request: b"")
        methods = dict.fromkeys(("GetRequiredPackages", "GetPluginInfo"), nothing)
        methods["Run"] = _handler(self._run)
        handlers = grpc.method_handlers_generic_handler(_SERVICE, methods)
        self._server.add_generic_rpc_handlers((handlers,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def asked(self) -> Any:
        """Return what Pulumi asks to be run, once it does."""
        from pulumi.runtime.proto import language_pb2  # noqa: PLC0415 - loaded while Pulumi starts

        return language_pb2.RunRequest.FromString(self._request.result())

    def answer(self, code: int) -> None:
        """Tell Pulumi by which exit code the program ended."""
        from pulumi.runtime.proto import language_pb2  # noqa: PLC0415

        if self._answer.done():
            return
        failed = code not in (0, _SAID_WHY)
        error = f"program exited with non-zero exit code: {code}" if failed else ""
        if code == _TOO_EARLY:
            error = "the program ended itself before all was declared; take its exit out"
        answer = language_pb2.RunResponse(error=error, bail=code == _SAID_WHY)
        self._answer.set_result(answer.SerializeToString())
        self._server.stop(_FLUSHING_SECONDS).wait(_FLUSHING_SECONDS)

    def close(self, leave: Callable[[int], NoReturn]) -> None:
        """End this process: no program is asked for any more, or Pulumi has ended."""
        if not self._request.cancel():
            time.sleep(_FLUSHING_SECONDS)
        leave(0)

    def _run(self, request: bytes) -> bytes:
        self._request.set_result(request)
        return self._answer.result()


def _handler(answer: Callable[[bytes], bytes]) -> Any:
    return grpc.unary_unary_rpc_method_handler(lambda request, _context: answer(request))


def _detach() -> int:
    """Give the program an empty input and nobody to print to; return the input that was."""
    given, nothing = os.dup(0), os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return given


def _close_with(given: int, host: _Host, leave: Callable[[int], NoReturn]) -> None:
    os.read(given, 1)
    host.close(leave)


def _warm_up() -> None:
    sys.path.insert(0, ".")
    # Where something is wrong with one, the program says so better.
    with suppress(Exception):
        for module in _NEEDED:
            importlib.import_module(module)
    sys.path.remove(".")


def _prepare(executor: str, request: Any) -> None:
    arguments = {
        "monitor": request.monitor_address,
        "engine": request.args[0],
        "project": request.project,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": str(request.dryRun).lower(),
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = (word for name, value in arguments.items() if value for word in (f"--{name}", value))
    sys.argv = [executor, *options, request.program or "."]
    os.environ["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))


def _run(executor: str) -> int:
    try:
        runpy.run_path(executor, run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return code or _ended_by(traceback.extract_tb(end.__traceback__)[-1].filename, executor)
    except BaseException:  # noqa: BLE001 - Pulumi is gone, or waits for an answer whatever it is
        return 1
    return 0


def _ended_by(file: str, executor: str) -> int:
    """Return 0 where Pulumi's own runs to its end; else the program has ended itself too early."""
    return 0 if file == executor else _TOO_EARLY


def main() -> None:
    """Serve one program, which is run by `pulumi-language-python-exec` at the path given."""
    executor = sys.argv[1]
    sys.path[0] = str(Path(executor).parent)
    host = _Host()
    print(host.port, flush=True)
    closing = (_detach(), host, os._exit)
    threading.Thread(target=_close_with, args=closing, daemon=True).start()
    _warm_up()
    _prepare(executor, host.asked())
    leave, process = os._exit, os.getpid()

    def told(code: int) -> None:
        # So a program ends at once, and Pulumi is to know why.
        if os.getpid() == process:
            host.answer(code or _TOO_EARLY)
        leave(code)

    os._exit = told  # type: ignore[assignment]
    host.answer(_run(executor))


if __name__ == "__main__":
    main()
