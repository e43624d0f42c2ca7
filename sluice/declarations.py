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
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import RegisterResourceResponse

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
        inputs: its arguments; each secret value in them is masked.

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
    monitor = _Monitor()
    config = {key: _text(value) for key, value in repository.config(stack).items()}
    with _inside(repository):
        pulumi.runtime.set_mocks(
            monitor.mocks, repository.project, stack, preview=True, monitor=monitor
        )
        pulumi.runtime.set_all_config(config)
        token = CHARTS.set(charts)
        try:
            find = importlib.import_module("stacks").environment
            run = pulumi.runtime.test(lambda: _made(repository, find))  # type: ignore[no-untyped-call]
            run()
        finally:
            CHARTS.reset(token)
    return monitor.seen


def _made(repository: Repository, find: Any) -> None:
    make_environment(find, repository.root)


class _Monitor(MockMonitor):
    """Takes the requests as they are sent, where each secret value is marked by itself."""

    def __init__(self) -> None:
        super().__init__(_Mocks())
        self.seen: list[Declared] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        if request.custom:
            inputs = _masked(json_format.MessageToDict(request.object))
            self.seen.append(Declared(request.type, request.name, inputs))
        urn = self.make_urn(request.parent, request.type, request.name)
        identifier = f"{request.name}-id" if request.custom else ""
        return RegisterResourceResponse(urn=urn, id=identifier, object=request.object)


class _Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ARG002 - Pulumi's
        return {}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        # Pulumi's mark of a secret and of other special values.
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:  # noqa: SLF001
            return _SECRET
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


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
