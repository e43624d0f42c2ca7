"""What a stack declares, read by running its program without Pulumi's engine, state or cluster."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi

from components.charts import CHARTS, Charts
from components.deployment import make_environment
from sluice.repository import Repository

__all__ = ["Declared", "declared"]

_SECRET = "[secret]"  # noqa: S105 - what is shown instead of one


@dataclass(frozen=True)
class Declared:
    """A declared resource.

    Attributes:
        type: its type token.
        name: its name in the program.
        inputs: its arguments; of a Secret, the values are masked.

    """

    type: str
    name: str
    inputs: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What people call it: `Deployment ci-agents/ci-agents`."""
        return f"{self.type.rpartition(':')[2]} {self.name.rpartition(':')[2]}"


def declared(repository: Repository, stack: str, charts: Charts) -> list[Declared]:
    """Return the custom resources of a stack, in the order of their declaration.

    Raises:
        DeclarationError: where a declaration is wrong.
        ArtifactError: where `charts` cannot give a chart.

    """
    recorder = _Recorder()
    config = {key: _text(value) for key, value in repository.config(stack).items()}
    with _inside(repository):
        pulumi.runtime.set_mocks(recorder, project=repository.project, stack=stack, preview=True)
        pulumi.runtime.set_all_config(config)
        token = CHARTS.set(charts)
        try:
            find = importlib.import_module("stacks").environment
            run = pulumi.runtime.test(lambda: _made(repository, find))  # type: ignore[no-untyped-call]
            run()
        finally:
            CHARTS.reset(token)
    return recorder.resources


def _made(repository: Repository, find: Any) -> None:
    make_environment(find, repository.root)


class _Recorder(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.resources: list[Declared] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.custom:
            self.resources.append(Declared(args.typ, args.name, _masked(args)))
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ARG002 - Pulumi's
        return {}


def _masked(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    inputs: dict[str, Any] = args.inputs
    if not args.typ.endswith(":Secret"):
        return inputs
    hidden: dict[str, Any] = {
        field: dict.fromkeys(inputs[field], _SECRET)
        for field in ("data", "stringData")
        if field in inputs
    }
    return {**inputs, **hidden}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _inside(repository: Repository) -> Iterator[None]:
    before = os.getcwd()  # noqa: PTH109 - chdir's counterpart
    os.chdir(repository.root)
    sys.path.insert(0, str(repository.root))
    try:
        yield
    finally:
        sys.path.remove(str(repository.root))
        os.chdir(before)
