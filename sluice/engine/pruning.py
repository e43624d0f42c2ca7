"""What an update would delete, asked about by the program before it registers anything.

`components.environment.pruning` says how it asks.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import SluiceError
from components.lib.files import atomic_file
from components.lib.state.deployed import ANSWER, PRUNING, Deployed
from sluice.diff.change import Change, component_title
from sluice.engine.outcome import Outcome
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.engine.holders import Holder

__all__ = ["Pruning", "asking_by_file", "without"]

_LOG = logging.getLogger(__name__)


@dataclass
class Pruning:
    """What the program of one update asks, and what it is answered.

    Attributes:
        stack: its stack.
        file: where it asks.
        held: what is let go, by its URN, with who has it.
        is_overtaken: whether the program was told that something is to be let go first.
        error: why it could not be answered.

    """

    stack: Stack
    file: Path
    _export: Callable[[], Mapping[str, Any]]
    _import: Callable[[Mapping[str, Any]], None]
    held: dict[str, Holder] = field(default_factory=dict)
    is_overtaken: bool = False
    error: SluiceError | None = None
    _answered: set[str] = field(default_factory=set)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the program's process gets."""
        return {PRUNING: str(self.file)}

    def find(self) -> None:
        """Find who has what the program would delete, where it has asked.

        Raises:
            DeploymentError: where another stack does not say what it declares.
            ApiError: where the cluster cannot be asked.

        """
        if not self.file.exists():
            return
        from sluice.engine.holders import holders  # noqa: PLC0415 - runs programs, seldom needed

        deployed = self._deployed()
        asked = [each for each in self._question()["undeclared"] if each not in self._answered]
        going = [deployed.objects[urn] for urn in asked if urn in deployed.objects]
        self.held |= holders(self.stack, deployed, going)
        self._answered |= set(asked)

    def answer(self) -> None:
        """Answer the program, which waits: it goes on where nothing is to be let go first.

        Helm is told of what it gets and of what it has no more.
        """
        from sluice.engine import handover  # noqa: PLC0415 - as above

        self.error = None
        let_go = dict(self.held)
        try:
            self.find()
            handover.take(self.stack, self._question()["taken"], self._deployed().objects)
        except SluiceError as error:
            self.error = error
        self.is_overtaken = self.held != let_go
        answer = self.file.with_name(f"{self.file.name}{ANSWER}")
        atomic_file.write(answer, json.dumps(not self.is_overtaken and not self.error).encode())

    def let_go(self) -> None:
        """Take what others have out of the state, and mark what a release gets as its own.

        Raises:
            ApiError: where the cluster refuses.

        """
        from sluice.engine import handover  # noqa: PLC0415 - as above

        handover.give(self.stack, self.held.values())
        for holder in self.held.values():
            _LOG.warning("%s: %s", self.stack, holder)
        self._import(without(self._export(), self.held))
        self.file.with_name(f"{self.file.name}{ANSWER}").unlink()
        self.file.unlink()
        self.is_overtaken = False

    def finish(self) -> None:
        """Leave what changed hands to its releases: the update has succeeded.

        Raises:
            ApiError: where the cluster refuses.

        """
        from sluice.engine import handover  # noqa: PLC0415 - as above

        handover.finish(self.stack, self.held.values())

    def told(self, outcome: Outcome) -> Outcome:
        """Return what an update did, with what it let go in place of its deletion."""
        if not self.held:
            return outcome
        deleted = [each for each in outcome.changes if each.urn in self.held]
        others = [each for each in outcome.changes if each.urn not in self.held]
        counts = {**outcome.counts, "orphan": len(self.held)}
        counts["delete"] = counts.get("delete", 0) - len(deleted)
        held = sorted(self.held.items(), key=lambda each: each[1].identity)
        return replace(outcome, counts=counts, changes=[*others, *map(_orphan, held)])

    def _deployed(self) -> Deployed:
        return Deployed.of((self._export().get("deployment") or {}).get("resources") or ())

    def _question(self) -> Mapping[str, Any]:
        question: Mapping[str, Any] = json.loads(self.file.read_bytes())
        return question


@contextmanager
def asking_by_file(
    stack: Stack,
    export: Callable[[], Mapping[str, Any]],
    restore: Callable[[Mapping[str, Any]], None],
) -> Iterator[Pruning]:
    """Give the file by which one update's program asks, and how its state is read and written."""
    with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
        yield Pruning(stack, Path(folder) / "pruning.json", export, restore)


def without(state: Mapping[str, Any], urns: Collection[str]) -> dict[str, Any]:
    """Return an exported state without these resources, which stay in the cluster."""
    deployment = state["deployment"]
    kept = [_apart(each, urns) for each in deployment["resources"] if each["urn"] not in urns]
    return {**state, "deployment": {**deployment, "resources": kept}}


def _orphan(held: tuple[str, Holder]) -> Change:
    urn, holder = held
    it = holder.identity
    component = component_title(urn).partition("/")[2]
    return Change(urn, "orphan", component, it.kind, it.namespace, it.name, note=str(holder))


def _apart(entry: Mapping[str, Any], urns: Collection[str]) -> Mapping[str, Any]:
    """Return a resource that waits for none of these any more."""
    changed = dict(entry)
    if "dependencies" in entry:
        changed["dependencies"] = [each for each in entry["dependencies"] if each not in urns]
    if "propertyDependencies" in entry:
        changed["propertyDependencies"] = {
            name: [each for each in found or () if each not in urns]
            for name, found in entry["propertyDependencies"].items()
        }
    return changed
