"""What happens to one object of a stack: told by the engine, kept in logs, printed as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "OPERATIONS",
    "VERBS",
    "Change",
    "FieldDifference",
    "PlannedChange",
    "VersionChange",
    "component_kind_of",
    "component_title",
]

OPERATIONS: Final = ("create", "update", "move", "replace", "delete", "orphan")
"""What can happen to an object.

`move`: it only belongs to another component. `orphan`: it is declared no more, and stays,
for somebody else has it.
"""

VERBS: Final = {**{each: each for each in OPERATIONS}, "orphan": "let go"}
"""What people call each."""


@dataclass(frozen=True)
class FieldDifference:
    """A field that differs; secret values are masked.

    Attributes:
        path: the field, such as `spec.replicas`.
        before: the value that it has; null where it has none.
        after: the value that it gets; null where it gets none.

    """

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class VersionChange:
    """An image or a chart that runs in another version.

    Attributes:
        what: `image` or `chart`.
        name: the image without its tag, or the chart's name.
        before: the version that runs, an image's tag or digest; empty where it is new.
        after: the version that will run; empty where it goes.

    """

    what: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What happened to one object, or would happen.

    Attributes:
        urn: Pulumi's name of it.
        operation: one of `OPERATIONS`.
        component: the name of the component that it belongs to.
        kind: its kind, such as `Deployment`.
        namespace: its namespace; empty where it has none.
        name: its name; a Helm release's is its component's.
        fields: the fields that differ, of an object that was there before.
        versions: the images and charts that it runs in another version.
        seconds: how long it took; 0 in a preview.
        error: the cluster's reason where it failed, else empty.
        moved_from: the component that it belonged to, `kustomization/web`; empty where
            to the same.
        note: who has it, where it is let go.

    """

    urn: str
    operation: str
    component: str
    kind: str
    namespace: str
    name: str
    fields: tuple[FieldDifference, ...] = field(default=())
    versions: tuple[VersionChange, ...] = field(default=())
    seconds: float = 0.0
    error: str = ""
    moved_from: str = ""
    note: str = ""


def component_title(urn: str) -> str:
    """Return the component of an object's URN: `kustomization/web`; empty where it has none."""
    types, name = urn.split("::")[2].split("$"), urn.rpartition("::")[2]
    ours = [each.rpartition(":")[2].lower() for each in types if each.startswith("sluice:")]
    return f"{ours[-1]}/{name.partition(':')[0]}" if ours else ""


def component_kind_of(change: Change) -> str:
    """Return the kind of the component that an object belongs to, else the object's."""
    types = change.urn.split("::")[2].split("$")
    ours = [each.rpartition(":")[2] for each in types if each.startswith("sluice:")]
    return ours[-1] if ours else change.kind


@dataclass(frozen=True)
class PlannedChange:
    """An object that an update would change.

    Attributes:
        stack: its stack.
        operation: one of `OPERATIONS`.
        component: the component that it belongs to.
        component_kind: that component's kind, such as `HelmRelease`.
        release: the Helm release that it is in, `namespace/name`; else empty.
        kind: its kind; `Release` for a Helm release.
        namespace: its namespace; empty where it has none.
        name: its name.
        fields: the fields that differ, of an object that is there already.
        versions: the images and charts that it runs in another version.
        loss: what is lost with it; empty where nothing is.
        note: what else there is to know, such as what a replacement interrupts.
        warnings: what the cluster's admission warns of: Pod Security, policies that do not deny.
        refusal: why the cluster refuses it; empty where it does not.
        moved_from: the component that it belongs to until then, `kustomization/web`;
            empty where to the same.

    """

    stack: str
    operation: str
    component: str
    component_kind: str
    release: str
    kind: str
    namespace: str
    name: str
    fields: list[FieldDifference]
    versions: list[VersionChange]
    loss: str
    note: str
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""
    moved_from: str = ""

    @property
    def findings(self) -> list[str]:
        """What the cluster's policies find with it, a refusal first."""
        return [*([f"refused: {self.refusal}"] if self.refusal else []), *self.warnings]
