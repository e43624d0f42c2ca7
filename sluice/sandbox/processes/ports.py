"""Which loopback ports the sandbox listens on.

A port is chosen once and kept, so that a kubeconfig stays valid across `down`
and `up`. Choices are made below the range that operating systems hand to
outgoing connections, which would otherwise take a kept port by accident.
"""

from __future__ import annotations

import fcntl
import functools
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sluice.sandbox.errors import PortTakenError, SandboxError

__all__ = ["LOOPBACK", "claimed", "is_free", "settle", "unused_ports"]

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20000, 29999
ATTEMPTS = 500


def is_free(port: int) -> bool:
    """Whether a program could listen on the loopback `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@contextmanager
def claimed(port: int) -> Iterator[bool]:
    """Whether `port` is this sandbox's to listen on, and no other's of this user meanwhile.

    Of two that prefer the same one and start together, both would find it free.
    """
    lock = FileLock(Path(tempfile.gettempdir()) / f"sluice-{os.getuid()}-port-{port}.lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):  # of somebody else's file nothing can be claimed
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def unused_ports(taken: AbstractSet[int]) -> Iterator[int]:
    """Free ports in random order, none twice, none of `taken`.

    While this process lives, no other of this user is given them: two sandboxes
    that start together would both find free what neither listens on yet.
    """
    given = set(taken)
    for _ in range(ATTEMPTS):
        port = FIRST + secrets.randbelow(LAST - FIRST + 1)
        if port not in given and is_free(port) and _is_claimed(port):
            given.add(port)
            yield port
    raise SandboxError(
        f"no free port between {FIRST} and {LAST} on {LOOPBACK}; stop a program that listens there"
    )


def _is_claimed(port: int) -> bool:
    """Whether `port` is now this process's, by a lock on the byte of that number."""
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    return True


@functools.cache
def _claims() -> int:
    path = Path(tempfile.gettempdir()) / f"sluice-{os.getuid()}-ports.lock"
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SandboxError(
            f"{path}, by which sandboxes share the ports, cannot be opened: {error.strerror}; "
            "remove it, or set TMPDIR to a folder of your own"
        ) from error


def settle(
    owner: str,
    programs: Mapping[str, int | None],
    *,
    fixed: Mapping[str, int],
    running: AbstractSet[str],
    reserved: AbstractSet[int] = frozenset(),
) -> dict[str, int]:
    """A port for each of `programs`.

    `programs` gives the port kept from before, or None; one that is still free
    (or is held by the program itself, if it is `running`) stays. `fixed` ports
    are the user's wish: one that is taken raises PortTakenError for `owner`.
    `reserved` ports are never chosen.
    """
    for program, port in fixed.items():
        held_by_itself = program in running and programs.get(program) == port
        if not held_by_itself and not is_free(port):
            raise PortTakenError(owner, port)
    wanted = {**programs, **fixed}
    kept = {
        program: port
        for program, port in wanted.items()
        if port is not None and (program in fixed or program in running or is_free(port))
    }
    fresh = unused_ports(frozenset(kept.values()) | reserved)
    return {program: kept[program] if program in kept else next(fresh) for program in wanted}
