"""What a change does that no later change undoes: data that goes, hooks and Jobs that run.

Git has what is declared, and nothing of what was in a volume or a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sluice.backend.secret_values import RELEASE
from sluice.backend.state import Resource
from sluice.diff.change import Change

__all__ = ["irrevocable"]

_WITH_IT: Final[Mapping[str, str]] = {
    "PersistentVolumeClaim": "the data on its volume",
    "PersistentVolume": "the data on it",
    "Namespace": "everything in it, also what Git does not declare",
    "CustomResourceDefinition": "every object of its kind",
}
_OLDER_SOFTWARE: Final = "an older version may not read what a newer one has written"


def irrevocable(changes: Sequence[Change], resources: Sequence[Resource]) -> list[str]:
    """Return a sentence for each thing that these changes lose, or do again, for good.

    `resources` is the stack's state before them: it says what is in a Helm release.
    """
    releases = {resource.urn: resource for resource in resources if resource.type == RELEASE}
    return [
        sentence
        for change in changes
        for sentence in (
            _of_release(change, releases.get(change.urn))
            if change.kind == "Release"
            else _of_object(change)
        )
    ]


def _of_object(change: Change) -> Iterator[str]:
    subject, held = _subject(change), _WITH_IT.get(change.kind)
    if held and change.operation in ("delete", "replace"):
        yield f"{subject} is deleted, and with it {held}"
    if held and change.operation == "create":
        yield f"{subject} is made anew, without {held} of an earlier one"
    if change.kind == "StatefulSet" and change.operation == "update":
        yield f"{subject} keeps its data: {_OLDER_SOFTWARE}"
    if change.kind == "Job":
        again = (
            "is not undone" if change.operation == "delete" else "is not undone, and it runs again"
        )
        yield f"{subject}: what it did {again}"


def _of_release(change: Change, release: Resource | None) -> Iterator[str]:
    subject = f"Helm release {change.name}"
    objects = _objects(release) if release else {}
    if change.operation in ("delete", "replace"):
        for kind, held in _WITH_IT.items():
            for path in objects.get(kind, ()):
                yield f"{subject}: {kind} {path} is deleted, and with it {held}"
    if change.operation == "update" and "StatefulSet" in objects:
        yield f"{subject} keeps its data: {_OLDER_SOFTWARE}"
    yield f"{subject}: its hooks run, and what they and earlier ones did is not undone"


def _objects(release: Resource) -> Mapping[str, Sequence[str]]:
    names: Mapping[str, Sequence[str]] = release.outputs.get("resourceNames") or {}
    # Keys are such as `StatefulSet.apps/apps/v1`.
    return {key.partition(".")[0].partition("/")[0]: paths for key, paths in names.items()}


def _subject(change: Change) -> str:
    return f"{change.kind} {change.namespace}/{change.name}".replace(" /", " ")
