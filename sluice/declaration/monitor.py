"""The monitor that a program registers its resources with, in place of Pulumi's engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import ReadResourceResponse, RegisterResourceResponse

from sluice.backend.secret_values import is_secret
from sluice.declaration.records import SECRET, Declared, Owner, Reader


class Monitor(MockMonitor):
    """Takes the requests as they are sent, where each secret value is marked by itself."""

    def __init__(self, read: Reader) -> None:
        super().__init__(_Mocks())
        self.seen: list[Declared] = []
        self.after: dict[Owner, frozenset[Owner]] = {}
        self._read = read

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        """Note a resource as it is declared."""
        if request.custom:
            self.seen.append(_declared(request))
        elif request.type.startswith("sluice:"):
            key = (request.type, request.name)
            self.after[key] = frozenset(map(_owner, request.dependencies)) - {key}
        urn = self.make_urn(request.parent, request.type, request.name)
        identifier = f"{request.name}-id" if request.custom else ""
        return RegisterResourceResponse(urn=urn, id=identifier, object=request.object)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        """Answer with the live object, where the reader knows it."""
        found = self._read(request.type.rpartition(":")[2], request.id)
        given = {**found, "data": found.get("data") or {}} if found else {"data": rpc.UNKNOWN}
        response = ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name)
        )
        response.properties.update(given)
        return response


class _Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ARG002 - Pulumi's
        return {}


def _declared(request: Any) -> Declared:
    inputs = json_format.MessageToDict(request.object)
    secrets: set[str] = set()
    revealed = _revealed(inputs, secrets)
    owner = _owner(request.parent) if request.parent else ("", "")
    return Declared(
        request.type, request.name, _masked(inputs), revealed, frozenset(secrets), owner
    )


def _owner(urn: str) -> Owner:
    """Return the type token and the name of the component that a URN is of, or of its child's."""
    types, name = urn.split("::")[2].split("$"), urn.rpartition("::")[2]
    if types[-1].startswith("sluice:"):
        return types[-1], name
    return types[0], name.partition(":")[0]


def _masked(value: Any) -> Any:
    if is_secret(value):
        return SECRET
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _revealed(value: Any, secrets: set[str]) -> Any:
    """Return the value without marks and with its whole numbers, and collect what was secret."""
    if is_secret(value):
        plain = _revealed(value["value"], secrets)
        secrets.update(_texts(plain))
        return plain
    if isinstance(value, dict):
        return {key: _revealed(item, secrets) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # Pulumi's wire format has no whole numbers
    return [_revealed(item, secrets) for item in value] if isinstance(value, list) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
