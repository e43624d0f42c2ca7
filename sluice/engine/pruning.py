"""What an update would delete, asked about by the program before it registers anything.

`components.environment.pruning` says how it asks.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.lib.state.deployed import PRUNING, Deployed, DeployedObject
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

    """

    stack: Stack
    file: Path
    held: dict[str, Holder] = field(default_factory=dict)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the program's process gets."""
        return {PRUNING: str(self.file)}

    @property
    def has_asked(self) -> bool:
        """Whether there is something to answer."""
        return "undeclared" in self._content()

    def find(self, state: Mapping[str, Any]) -> None:
        """Find who has what the program would delete.

        Raises:
            DeploymentError: where another stack does not say what it declares.
            ApiError: where the cluster cannot be asked.

        """
        from sluice.engine.holders import holders  # noqa: PLC0415 - runs programs, seldom needed

        deployed = _deployed(state)
        self.held |= holders(self.stack, deployed, self._undeclared(deployed))

    def answer(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Agree to what was asked; return the state without what is let go.

        Helm is told of what it gets and of what it has no more.

        Raises:
            ApiError: where the cluster refuses.
            DeploymentError: where it is a cluster that only Pulumi can reach.

        """
        from sluice.engine import handover  # noqa: PLC0415 - as above

        deployed = _deployed(state)
        going = [each.urn for each in self._undeclared(deployed)]
        for urn in going:
            if urn in self.held:
                _LOG.warning("%s: %s", self.stack, self.held[urn])
        handover.give(self.stack, self.held.values())
        taken = self._content().get("taken", ())
        handover.take(self.stack, taken, deployed.objects)
        agreed = [*self._content()["agreed"], *going, *(key for key, _ in taken)]
        self.file.write_text(json.dumps({"agreed": agreed}))
        return without(state, self.held)

    def finish(self) -> None:
        """Leave what changed hands to its releases: the update has succeeded.

        Raises:
            ApiError: where the cluster refuses.

        """
        from sluice.engine import handover  # noqa: PLC0415 - as above

        handover.finish(self.stack, self.held.values())

    def told(self, outcome: Outcome) -> Outcome:
        """Return what an update did, with what it let go in place of its deletion."""
        deleted = [each for each in outcome.changes if each.urn in self.held]
        others = [each for each in outcome.changes if each.urn not in self.held]
        counts = {**outcome.counts, "orphan": len(self.held)}
        counts["delete"] = counts.get("delete", 0) - len(deleted)
        held = sorted(self.held.items(), key=lambda each: each[1].identity)
        return replace(outcome, counts=counts, changes=[*others, *map(_orphan, held)])

    def _undeclared(self, deployed: Deployed) -> list[DeployedObject]:
        asked = self._content().get("undeclared", ())
        return [deployed.objects[urn] for urn in asked if urn in deployed.objects]

    def _content(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = json.loads(self.file.read_bytes())
        return content


@contextmanager
def asking_by_file(stack: Stack) -> Iterator[Pruning]:
    """Give the file by which one update's program asks."""
    with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
        file = Path(folder) / "pruning.json"
        file.write_text(json.dumps({"agreed": []}))
        yield Pruning(stack, file)


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


def _deployed(state: Mapping[str, Any]) -> Deployed:
    return Deployed.of((state.get("deployment") or {}).get("resources") or ())


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
