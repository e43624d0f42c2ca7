"""Declarations run against mocks: what would be asked of the engine, and what is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from components.errors import SluiceError
from components.lib.locks.locked_chart import ChartRequest
from components.runtime.answers import LOCKED, Unlocked

PROJECT = "infrastructure"


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi keeps secret."""

    value: Any


@dataclass(frozen=True)
class Registered:
    """A resource as the engine is asked for it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    after: frozenset[str]
    request: resource_pb2.RegisterResourceRequest

    def __getitem__(self, key: str) -> Any:
        return self.inputs[key]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


@dataclass
class Registrations:
    """What a declaration registers, in order, and the error that ended it."""

    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    error: BaseException | None = None

    def __iter__(self) -> Iterator[Registered]:
        return iter(self.resources)

    def names(self) -> list[str]:
        return [resource.name for resource in self.resources]

    def one(self, kind: str, name: str = "") -> Registered:
        """The only resource of a kind (and name, `component:namespace/name`)."""
        found = [r for r in self.resources if r.kind == kind and name in ("", r.name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name} in {self.names()}"
        return found[0]

    def objects(self) -> list[dict[str, Any]]:
        """The Kubernetes objects, without the annotations that every one has."""
        return [
            _without_mechanics(resource.inputs)
            for resource in self.resources
            if resource.type.startswith("kubernetes:") and "kind" in resource.inputs
        ]

    def object(self, kind: str) -> dict[str, Any]:
        """The only Kubernetes object of a kind."""
        (found,) = [manifest for manifest in self.objects() if manifest["kind"] == kind]
        return found


class _Monitor(MockMonitor):
    """Pulumi's mock monitor, which keeps the requests as they are."""

    def __init__(
        self, registrations: Registrations, reads: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.registrations = registrations
        self.reads = reads

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack":
            self.registrations.resources.append(_registered(request))
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=request.name if request.custom else "", object=request.object
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        name = " ".join(request.urn.rsplit(":", 3)[1::2])
        self.registrations.outputs[name] = _plain(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        response = resource_pb2.ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name)
        )
        response.properties.update(self.reads[request.id])
        return response


def _registered(request: Any) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        inputs=_plain(json_format.MessageToDict(request.object)),
        parent=request.parent.rpartition("::")[2],
        after=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
        request=request,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return Secret(_plain(value["value"]))
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_mechanics(manifest: Mapping[str, Any]) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    annotations = dict(metadata.pop("annotations"))
    assert annotations.pop("pulumi.com/patchFieldManager") == "sluice"
    assert annotations.pop("pulumi.com/patchForce") == "true"
    if annotations:
        metadata["annotations"] = annotations
    return {**manifest, "metadata": metadata}


class FakeLock(Unlocked):
    """Everything is locked; what was asked for is kept."""

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        super().chart(request)
        return f"./charts/{request.chart}.tgz", "12.1.9"


@pytest.fixture
def charts() -> Iterator[FakeLock]:
    """The charts that releases get while the test runs."""
    fake = FakeLock()
    token = LOCKED.set(fake)
    yield fake
    LOCKED.reset(token)


Declare = Callable[..., Registrations]


@pytest.fixture
def declare(charts: FakeLock) -> Iterator[Declare]:  # noqa: ARG001 - set while it runs
    """Run a declaration as a program; what it registers, once all of it is done."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # What failed is raised; the futures that failed with it are not news.
    loop.set_exception_handler(lambda _loop, _context: None)

    def run(
        program: Callable[[], object],
        *,
        config: Mapping[str, str] | None = None,
        reads: Mapping[str, Mapping[str, Any]] | None = None,
        stack: str = "dev",
    ) -> Registrations:
        registrations = Registrations()
        pulumi.runtime.set_mocks(
            None,  # type: ignore[arg-type]  # the monitor answers without them
            project=PROJECT,
            stack=stack,
            logger=logging.getLogger("pulumi-mocks"),
            monitor=_Monitor(registrations, reads or {}),
        )
        pulumi.runtime.set_all_config(dict(config or {}))

        def awaited() -> None:
            program()

        try:
            pulumi.runtime.test(awaited)()  # type: ignore[no-untyped-call]
        except SluiceError as error:
            registrations.error = error
        return registrations

    yield run
    pulumi.runtime.set_all_config({})
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def refused(declare: Declare) -> Callable[..., str]:
    """Run a declaration that is wrong; its error, after which nothing was applied."""

    def run(program: Callable[[], object], **options: Any) -> str:
        registrations = declare(program, **options)
        assert registrations.error is not None, "nothing was refused"
        assert [r for r in registrations if r.request.custom] == []
        return str(registrations.error)

    return run


@pytest.fixture
def here(request: pytest.FixtureRequest) -> str:
    """The test's own file, as errors name it."""
    return str(request.path.relative_to(request.config.rootpath))
