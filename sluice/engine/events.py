"""The engine's stream of events, as what happened to each object and why it failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from components.lib.state.deployed import ASKS
from sluice.backend.messages import is_failure, lost_cluster, plain, sentence
from sluice.backend.secret_values import PROVIDERS, RELEASE, Entry
from sluice.diff.change import Change, component_title
from sluice.diff.versions import version_changes
from sluice.engine.event_records import EngineEvent, ResourceState, StepEventMetadata, parse
from sluice.engine.values import field_changes, shown

__all__ = ["Events", "Moment", "Watcher", "nobody"]


@dataclass(frozen=True)
class Moment:
    """What happens to a resource, as it happens.

    Attributes:
        urn: the resource.
        waits: whether it is changed, and so waited for.
        done: whether it has ended.
        message: why it is not done yet, as the provider says it meanwhile.
        release: `namespace/name` where it is a Helm release.

    """

    urn: str
    waits: bool = False
    done: bool = False
    message: str = ""
    release: str = ""


Watcher = Callable[[Moment], None]

# Most of the stream says of objects that they stay the same; read no further than that.
_HEAD = 160
_SAME = '"op":"same"'
_BEGINS = '"resourcePreEvent"'
_URN = re.compile(r'"urn":"([^"]+)"')
COUNTED = ("create", "update", "replace", "delete", "same")
_CHANGES = ("create", "update", "replace", "delete", "import")
# What Helm says where an earlier update of the release did not come to its end.
_REFUSALS = (
    "another operation (install/upgrade/rollback) is in progress",
    "cannot re-use a name that is still in use",
    "has no deployed releases",
)


def nobody() -> None:
    """Answer nothing: the program asks nothing where nothing is changed."""


class Events:
    """Listens to the engine: counts, keeps each change, and what failed.

    Attributes:
        counts: resources by what happened to them.
        failures: a sentence for each failure, in their order.
        refused_releases: the Helm releases that are there already, or are being changed.
        unfinished_releases: those that a Helm has begun to change and not ended, as is seen
            by a refresh.
        lost_clusters: the second clusters that cannot be reached, by name.

    """

    def __init__(
        self, watch: Watcher, context: str, on_question: Callable[[], None] = nobody
    ) -> None:
        """Take who is told what happens to each resource, and the cluster's name for errors.

        `on_question` answers the program that asks what may be deleted, and waits.
        """
        self.counts: dict[str, int] = {}
        self.failures: list[str] = []
        self.refused_releases: list[Entry] = []
        self.unfinished_releases: list[Entry] = []
        self.lost_clusters: set[str] = set()
        self._changes: dict[str, Change] = {}
        self._begun: dict[str, float] = {}
        self._releases: dict[str, Entry] = {}
        self._above: dict[str, Entry] = {}
        self._watch = watch
        self._on_question = on_question
        self._context = context

    def changes(self) -> list[Change]:
        """Return what happened to each object, in the order of their beginning."""
        return list(self._changes.values())

    def read(self, line: str) -> None:
        """Take one line of the engine's output."""
        head = line[:_HEAD]
        if not head.startswith("{"):
            return
        if _SAME not in head:
            self._take(parse(line))
        elif _BEGINS in head:
            new, *old = _URN.findall(line)
            self._watch(Moment(new))
            if old and old[0] != new:
                self._move(parse(line))

    def _take(self, event: EngineEvent) -> None:
        if event.resource_pre_event:
            self._begin(event.resource_pre_event.metadata)
        if event.res_outputs_event:
            self._end(event.res_outputs_event.metadata.urn)
            self._look_at(event.res_outputs_event.metadata)
        if event.res_op_failed_event:
            self._end(event.res_op_failed_event.metadata.urn)
        if event.summary_event:
            self.counts = _counts(event.summary_event.resource_changes, self.changes())
        diagnostic = event.diagnostic_event
        if diagnostic and diagnostic.urn and diagnostic.ephemeral:
            message = plain(diagnostic.message)
            self._watch(Moment(diagnostic.urn, waits=bool(message), message=message))
        elif diagnostic and ASKS in diagnostic.message:
            self._on_question()
        elif diagnostic and is_failure(diagnostic.severity, diagnostic.message):
            self._keep(diagnostic.urn or "", diagnostic.message)

    def _begin(self, step: StepEventMetadata) -> None:
        self._begun[step.urn] = time.monotonic()
        operation = _operation(step.op)
        waits = operation in _CHANGES and not _is_group(step.type)
        self._watch(Moment(step.urn, waits=waits, release=_release(step)))
        if operation in _CHANGES and step.type.startswith("kubernetes:"):
            found, known = _change(step, operation), self._changes.get(step.urn)
            # The deletion of what is replaced does not know what comes instead.
            self._changes[step.urn] = found if found.fields or known is None else known
        if step.new and step.type == RELEASE:
            self._releases[step.urn] = _entry(step, step.new)
        elif step.new and (_is_group(step.type) or step.type.startswith(PROVIDERS)):
            self._above[step.urn] = _entry(step, step.new)

    def new_releases(self, component: str) -> list[Entry]:
        """Return the Helm releases of a component that a preview would make."""
        of_component = [each for each in self.changes() if each.component == component]
        made = [each.urn for each in of_component if each.operation == "create"]
        return [self._releases[urn] for urn in made if urn in self._releases]

    def above(self, release: Entry) -> list[Entry]:
        """Return what a release hangs on of what a preview would make: what is outer comes first.

        Those are the components that it is in, and its provider.
        """
        provider = str(release["provider"]).rpartition("::")[0]
        urns = [*self._chain(provider), *self._chain(release["parent"])]
        return [self._above[urn] for urn in dict.fromkeys(urns)]

    def _chain(self, urn: str) -> list[str]:
        if urn not in self._above:
            return []
        return [*self._chain(self._above[urn]["parent"]), urn]

    def _look_at(self, step: StepEventMetadata) -> None:
        """Keep a release that a refresh has found unfinished."""
        is_read = step.op == "refresh" and step.type == RELEASE
        if is_read and step.new and step.new.is_unfinished_release():
            self.unfinished_releases.append(_entry(step, step.new))

    def _move(self, event: EngineEvent) -> None:
        step = event.resource_pre_event and event.resource_pre_event.metadata
        if step and step.type.startswith("kubernetes:") and _moved_from(step):
            self._changes[step.urn] = _change(step, "move")
            self._begun[step.urn] = time.monotonic()

    def _end(self, urn: str) -> None:
        self._watch(Moment(urn, done=True))
        if urn in self._changes:
            seconds = time.monotonic() - self._begun[urn]
            self._changes[urn] = replace(self._changes[urn], seconds=round(seconds, 3))

    def _keep(self, urn: str, message: str) -> None:
        if urn in self._releases and any(words in message for words in _REFUSALS):
            self.refused_releases.append(self._releases[urn])
        if lost := lost_cluster(urn, message):
            self.lost_clusters.add(lost)
        reason = sentence(urn, message, self._context)
        if not reason:
            return
        self.failures.append(reason)
        if urn in self._changes:
            self._changes[urn] = replace(self._changes[urn], error=reason)


def _entry(step: StepEventMetadata, resource: ResourceState) -> Entry:
    """Return a resource as the state would have it, without what became of it."""
    return {
        "urn": step.urn,
        "type": step.type,
        "parent": resource.parent,
        "provider": resource.provider,
        "inputs": resource.inputs or {},
    }


def _is_group(kind: str) -> bool:
    """Whether a resource is a component or the stack, which end with the last of their parts."""
    return kind.startswith(("sluice:", "pulumi:pulumi:Stack"))


def _release(step: StepEventMetadata) -> str:
    inputs = (step.new.inputs if step.new else None) or {}
    return f"{inputs.get('namespace')}/{inputs.get('name')}" if step.type == RELEASE else ""


def _operation(op: str) -> str:
    # A replacement is told as three steps: replace, and its creation and deletion.
    return "replace" if op in ("create-replacement", "delete-replaced") else op


def _change(step: StepEventMetadata, operation: str) -> Change:
    name = step.urn.rpartition("::")[2]
    component, _, path = name.partition(":")
    namespace, _, own = path.rpartition("/")
    kind = step.type.rpartition(":")[2]
    before, after = (shown(side.inputs) if side else None for side in (step.old, step.new))
    paths = sorted(step.detailed_diff or step.diffs or ())
    is_there = operation in ("update", "replace")
    return Change(
        *(step.urn, operation, component, kind, namespace, own or component),
        fields=field_changes(before, after, paths) if is_there else (),
        versions=version_changes(
            before if operation != "create" else None, after if operation != "delete" else None
        ),
        moved_from=_moved_from(step),
    )


def _moved_from(step: StepEventMetadata) -> str:
    """Return the component that an object was in; empty where it still is, or was in none."""
    before = component_title(step.old.urn) if step.old and step.new else ""
    return "" if before == component_title(step.urn) else before


def _counts(resources: Mapping[str, int] | None, changes: Sequence[Change]) -> dict[str, int]:
    """Return the engine's counts; what has only moved stays the same for it."""
    counts = {name: count for name, count in (resources or {}).items() if name in COUNTED}
    moved = [each.operation for each in changes].count("move")
    return {**counts, "move": moved, "same": counts.get("same", 0) - moved} if moved else counts
