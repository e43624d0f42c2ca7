"""What the preview of a stack at a commit came to: written by one job, read by the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from sluice.diff.change import OPERATIONS, VERBS, PlannedChange
from sluice.drift.report import DriftedField
from sluice.errors import RepositoryError
from sluice.output import as_json
from sluice.status.graph import Graph

__all__ = ["StackPreview", "counted", "load", "loads", "save", "shown_operations", "title"]

_USUAL: Final = ("create", "update", "replace", "delete")
_LISTED: Final = 3


@dataclass(frozen=True)
class StackPreview:
    """What an update of a stack to a commit would do.

    Attributes:
        stack: the stack.
        commit: the commit that is previewed, in full.
        base: the commit that the change is made to, in full; empty where it is not known.
        offline: whether two commits were compared, without a cluster and without state.
        seconds: how long the preview took.
        changes: the objects that would change, what loses data first; those of a Helm release
            follow it.
        drift: what was changed by hand and would be put back; null where it was not looked for.
        notes: what is left out or not shown, a sentence each.
        error: the one reason for which the update would fail; empty where it would not.
        where: the file and line of that reason, such as `stacks/base.py:42`; empty where none is
            known.
        graph: the components that the commit declares, and what each needs.
        charts: the source of each locked chart, by the chart's name.
        tree: Git's name of all files of the commit; empty where it was not asked for.
        state: a digest of the state that it was compared with; empty where that is not in a folder
            of this machine.

    """

    stack: str
    commit: str
    base: str
    offline: bool
    seconds: float
    changes: list[PlannedChange] = field(default_factory=list)
    drift: list[DriftedField] | None = None
    notes: list[str] = field(default_factory=list)
    error: str = ""
    where: str = ""
    graph: Graph = field(default_factory=lambda: Graph((), ()))
    charts: dict[str, str] = field(default_factory=dict)
    tree: str = ""
    state: str = ""

    @property
    def dangerous(self) -> list[PlannedChange]:
        """The changes that lose data."""
        return [change for change in self.changes if change.loss]

    @property
    def findings(self) -> list[tuple[PlannedChange, str]]:
        """What the cluster's policies find with each object that would change."""
        return [(change, found) for change in self.changes for found in change.findings]

    @property
    def counts(self) -> Counter[str]:
        """How many objects there are for each of `OPERATIONS`.

        A Helm release counts as its objects, where those are known.
        """
        return Counter(change.operation for change in _objects(self.changes))

    @property
    def sentence(self) -> str:
        """What the preview came to, in one sentence."""
        if self.error:
            return f"it would fail: {self.error}"
        said = counted(self.counts) or "nothing to do"
        if self.dangerous:
            said += f"; data is lost with {_listed([title(each) for each in self.dangerous])}"
        return said


def shown_operations(previews: Sequence[StackPreview]) -> list[str]:
    """Return the operations that a table counts: the usual ones, and which else there are."""
    return [each for each in OPERATIONS if each in _USUAL or any(p.counts[each] for p in previews)]


def counted(counts: Counter[str]) -> str:
    """Return the counts as people read them: `2 to create, 1 to delete`."""
    return ", ".join(f"{counts[each]} to {VERBS[each]}" for each in OPERATIONS if counts[each])


def title(change: PlannedChange) -> str:
    """Return what people call an object: `Deployment shop/web`."""
    path = f"{change.namespace}/{change.name}" if change.namespace else change.name
    return f"{change.kind} {path}"


def save(preview: StackPreview, file: Path) -> None:
    """Write a preview as JSON, in the form of `docs/schemas/pipeline-preview.json`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{as_json(preview)}\n")


def load(file: Path) -> StackPreview:
    """Read a preview.

    Raises:
        RepositoryError: naming the file, where it is none.

    """
    try:
        return loads(file.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise RepositoryError(f"{file}: not a preview: {error}") from error


def loads(content: bytes) -> StackPreview:
    """Return the preview that is written in a file's content."""
    return msgspec.json.decode(content, type=StackPreview)


def _objects(changes: Sequence[PlannedChange]) -> Iterator[PlannedChange]:
    inside = {change.component for change in changes if change.release}
    for change in changes:
        if change.kind != "Release" or change.component not in inside:
            yield change


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
