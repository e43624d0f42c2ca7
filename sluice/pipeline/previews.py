"""Previewing every stack that a change can affect, each in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from sluice.backend.session import run
from sluice.errors import RepositoryError
from sluice.inputs.affected import affected_stacks
from sluice.report.record import StackPreview, save
from sluice.stack.repository import Repository

__all__ = ["Previews"]

_UNAFFECTED = "not affected: its program reads nothing that this changes"


@dataclass(frozen=True)
class Previews:
    """The previews of a change, to be written into a folder.

    Attributes:
        repository: the checkout, whose stacks are the changed commit's.
        commit: the changed commit, in full.
        base: the commit that the change is made to, in full.
        folder: where each stack's preview is written, as `<stack>.json`.
        offline: whether two commits are compared, without a cluster and without state.

    """

    repository: Repository
    commit: str
    base: str
    folder: Path
    offline: bool

    def write(self) -> Iterator[str]:
        """Preview the affected stacks at once; yield what each came to, as it ends.

        Raises:
            RepositoryError: naming the stack of which there is no preview, with the reason.

        """
        stacks = self.repository.chosen(())
        affected = affected_stacks(stacks, self.base, self.commit)
        for stack in stacks:
            if stack.name not in affected:
                yield self._unaffected(stack.name)
        yield from self._previewed(list(affected))

    def _unaffected(self, stack: str) -> str:
        record = StackPreview(
            *(stack, self.commit, self.base, self.offline, 0.0), notes=[_UNAFFECTED]
        )
        save(record, self._file(stack))
        return f"{stack}: {_UNAFFECTED}"

    def _previewed(self, stacks: Sequence[str]) -> Iterator[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            running = {pool.submit(self._run, stack): stack for stack in stacks}
            for done in as_completed(running):
                code, output, errors = done.result()
                if code:
                    reason = errors.strip().removeprefix("Error: ")
                    raise RepositoryError(f"{running[done]} cannot be previewed: {reason}")
                yield f"{errors}{output}".strip()

    def _run(self, stack: str) -> tuple[int, str, str]:
        commits = (f"--commit={self.commit}", f"--base={self.base}", f"--out={self._file(stack)}")
        mode = ("--offline",) if self.offline else ()
        command = [sys.executable, "-m", "sluice", "pipeline", "preview", *commits, *mode]
        return run([*command, "--", stack], f"{stack}: preview", cwd=self.repository.root)

    def _file(self, stack: str) -> Path:
        return self.folder / f"{stack}.json"
