"""What an update would delete, asked about before: nothing goes that somebody has.

Pulumi deletes what a program declares no more. Whether another stack or a Helm
release has it now, only `sluice` can tell: it gives the program a file to ask by.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import pulumi

from components.base.component import Component
from components.errors import DeclarationError
from components.lib.manifests import documents
from components.lib.state.deployed import ANSWER, ASKS, PRUNING, Deployed, DeployedObject, ObjectKey

__all__ = ["check_pruning"]

_LISTED: Final = 3
_PAUSE: Final = 0.02


def check_pruning(deployed: Deployed, components: Sequence[Component], root: Path) -> None:
    """Refuse to delete what may be somebody else's, and to let everything go at once.

    A preview only warns where `sluice` is not there to be asked.

    Raises:
        DeclarationError: saying what would go, and what to do.

    """
    if not deployed.objects:
        return
    _refuse_emptiness(deployed, components)
    undeclared, taken = deployed.undeclared(), deployed.taken_from_releases()
    if not undeclared and not taken:
        return
    if file := os.environ.get(PRUNING):
        _ask(Path(file), undeclared, taken)
    elif reason := _doubt(deployed, undeclared, taken, root):
        if not pulumi.runtime.is_dry_run():
            raise DeclarationError(reason)
        pulumi.log.warn(reason)


def _refuse_emptiness(deployed: Deployed, components: Sequence[Component]) -> None:
    stack = pulumi.get_stack()
    if deployed.declares_nothing:
        raise DeclarationError(
            f"stack {stack} declares nothing any more, and has {_objects(len(deployed.objects))}; "
            f"to remove them all, run `pulumi destroy --stack {stack}`"
        )
    by_place = {each.place: each for each in components}
    for at, count in deployed.emptied().items():
        component = by_place.get(at)
        if component is not None and not component.may_be_empty:
            raise component.refusal(
                f"renders nothing any more, and has {_objects(count)}, which would be deleted; "
                "take it out of the stack, or give allow_empty=True"
            )


def _ask(file: Path, undeclared: Sequence[DeployedObject], taken: Mapping[ObjectKey, str]) -> None:
    going = [each.urn for each in undeclared]
    taking = [[list(key), urn] for key, urn in taken.items()]
    file.write_text(json.dumps({"undeclared": going, "taken": taking}))
    if pulumi.runtime.is_dry_run():
        return
    pulumi.log.info(ASKS)
    answer = Path(f"{file}{ANSWER}")
    while not answer.exists():
        time.sleep(_PAUSE)
    if not json.loads(answer.read_bytes()):
        raise DeclarationError("somebody else has what would be deleted; it is let go first")


def _doubt(
    deployed: Deployed,
    undeclared: Sequence[DeployedObject],
    taken: Collection[ObjectKey],
    root: Path,
) -> str:
    """Return why only `sluice` can tell whether these may be deleted; empty where they may."""
    stack = pulumi.get_stack()
    run = f"run `sluice up {stack}`"
    if taken:
        _, kind, _, name, _ = next(iter(taken))
        return f"{kind} {name} belongs to a Helm release, which would delete it; {run}"
    twice = [each for each in undeclared if deployed.is_declared(each.key)]
    if twice:
        return f"the state has {_named(twice)} twice, and would delete what is declared; {run}"
    others = _others_on_cluster(root, stack)
    if undeclared and others:
        return (
            f"{_named(undeclared)} may belong to another stack of this cluster "
            f"({', '.join(others)}); {run}, which asks them"
        )
    return ""


def _others_on_cluster(root: Path, stack: str) -> list[str]:
    key = pulumi.Config().full_key("context")
    contexts = {
        file.name.split(".")[1]: (documents.load_file(file).get("config") or {}).get(key)
        for file in sorted((root / "stacks").glob("Pulumi.*.yaml"))
    }
    own = contexts.pop(stack, None)
    return [name for name, context in contexts.items() if context == own]


def _named(objects: Sequence[DeployedObject]) -> str:
    more = len(objects) - _LISTED
    names = ", ".join(str(each.identity) for each in objects[:_LISTED])
    return f"{names} and {more} more" if more > 0 else names


def _objects(count: int) -> str:
    return f"{count} object{'' if count == 1 else 's'} deployed"
