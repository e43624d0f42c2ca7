"""What a stack declares, read by running its program without Pulumi's engine, state or cluster."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import ReadResourceResponse, RegisterResourceResponse

from components.component import Component
from components.deployment import make_environment
from components.environment import Environment
from components.errors import DeclarationError, SluiceError
from components.ignore import Ignore
from components.locked import LOCKED, Locked
from components.references import IN_CLUSTER, DataReference
from sluice.repository import Repository

__all__ = [
    "SECRET",
    "Declaration",
    "Declared",
    "Owner",
    "Reader",
    "declaration",
    "declared",
    "owner_of",
]

SECRET = "[secret]"  # noqa: S105 - what is shown instead of one
Owner = tuple[str, str]
Reader = Callable[[str, str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Declared:
    """A declared resource.

    Attributes:
        type: its type token.
        name: its name in the program.
        inputs: its arguments; each secret value in them is masked.
        revealed: its arguments as they are sent to the cluster; never to be shown.
        secrets: the values that are masked, as text; never to be shown.
        owner: the type token and the name of the component that it belongs to.

    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    revealed: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    owner: Owner = ("", "")

    @property
    def component(self) -> str:
        """The name of the component that it belongs to."""
        return self.name.partition(":")[0]

    @property
    def title(self) -> str:
        """What people call it: `Deployment ci-agents/ci-agents`."""
        return f"{self.type.rpartition(':')[2]} {self.name.rpartition(':')[2]}"


@dataclass(frozen=True)
class Declaration:
    """All that a stack declares.

    Attributes:
        environment: the environment, with its components.
        resources: the custom resources, in the order of their declaration.
        after: for each component's type token and name, those of the ones that it waits for.

    """

    environment: Environment
    resources: list[Declared]
    after: Mapping[Owner, frozenset[Owner]]

    @property
    def components(self) -> list[Component]:
        """The components, in the order of their declaration."""
        return self.environment.components

    def ignored(self, owner: Owner) -> Sequence[Ignore]:
        """Return which fields of a component's objects are left to others."""
        rules = (each.left_to_others for each in self.components if owner_of(each) == owner)
        return next(rules, ())


def owner_of(component: Component) -> Owner:
    """Return the type token and the name of a component."""
    return component.pulumi_resource_type, component.title


def declared(repository: Repository, stack: str, locked: Locked) -> list[Declared]:
    """Return the custom resources of a stack, in the order of their declaration.

    Raises:
        DeclarationError: where a declaration is wrong.
        ArtifactError: where `locked` has no answer.

    """
    return declaration(repository, stack, locked).resources


def declaration(
    repository: Repository,
    stack: str,
    locked: Locked,
    *,
    read: Reader | None = None,
    config: Mapping[str, str] | None = None,
) -> Declaration:
    """Return what a stack declares.

    `read` gives an object that the program reads from the cluster, by kind and
    `namespace/name`; what follows from one that it has not is unknown. `config`
    holds values of the stack's configuration by full key, decrypted.

    Raises:
        DeclarationError: where a declaration is wrong.
        ArtifactError: where `locked` has no answer.

    """
    monitor = _Monitor(read or (lambda _kind, _path: None))
    settings = {key: _text(value) for key, value in repository.config(stack).items()}
    made: list[Environment] = []
    wrong: list[SluiceError] = []
    with _inside(repository):
        pulumi.runtime.set_mocks(
            monitor.mocks, repository.project, stack, preview=True, monitor=monitor
        )
        pulumi.runtime.set_all_config({**settings, **(config or {})})
        tokens = LOCKED.set(locked), IN_CLUSTER.set(_found_by(read))
        try:
            find = importlib.import_module("stacks").environment
            run = pulumi.runtime.test(lambda: _make(repository, find, made, wrong))  # type: ignore[no-untyped-call]
            run()
        except Exception as error:
            # By way of what waits for it, the error comes without the program's lines.
            raise wrong[0] if wrong else error from error
        finally:
            LOCKED.reset(tokens[0])
            IN_CLUSTER.reset(tokens[1])
    return Declaration(made[0], monitor.seen, monitor.after)


def _found_by(read: Reader | None) -> Callable[[DataReference], bool]:
    """Return what says whether an optional object is there; it is unknown where nothing reads."""
    if read is None:
        return lambda _reference: True
    return lambda each: read(each.kind, f"{each.namespace}/{each.name}") is not None


def _make(
    repository: Repository, find: Any, made: list[Environment], wrong: list[SluiceError]
) -> None:
    # What waits for a wrong declaration fails with it, which asyncio would tell once more.
    asyncio.get_event_loop().set_exception_handler(lambda _loop, _context: None)
    try:
        made.append(make_environment(find, repository.root))
    except SluiceError as error:
        wrong.append(error)
        raise
    except Exception as error:
        wrong.append(_located(error, repository.root))
        raise


def _located(error: Exception, root: Path) -> DeclarationError:
    """Return a program's own error as a sentence with the last of its lines that was run."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    last = (own or frames)[-1]
    where = f"{os.path.relpath(last.filename, root)}:{last.lineno}"
    return DeclarationError(f"{where}: {type(error).__name__}: {error}")


class _Monitor(MockMonitor):
    """Takes the requests as they are sent, where each secret value is marked by itself."""

    def __init__(self, read: Reader) -> None:
        super().__init__(_Mocks())
        self.seen: list[Declared] = []
        self.after: dict[Owner, frozenset[Owner]] = {}
        self._read = read

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
        if request.custom:
            self.seen.append(_declared(request))
        elif request.type.startswith("sluice:"):
            key = (request.type, request.name)
            self.after[key] = frozenset(map(_owner, request.dependencies)) - {key}
        urn = self.make_urn(request.parent, request.type, request.name)
        identifier = f"{request.name}-id" if request.custom else ""
        return RegisterResourceResponse(urn=urn, id=identifier, object=request.object)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's
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


def _is_secret(value: Any) -> bool:
    """Whether a value is one that Pulumi has marked as secret."""
    # Pulumi's mark of a secret and of other special values.
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig  # noqa: SLF001


def _masked(value: Any) -> Any:
    if _is_secret(value):
        return SECRET
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _revealed(value: Any, secrets: set[str]) -> Any:
    """Return the value without marks and with its whole numbers, and collect what was secret."""
    if _is_secret(value):
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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _inside(repository: Repository) -> Iterator[None]:
    before = os.getcwd()  # noqa: PTH109 - chdir's counterpart
    os.chdir(repository.root)
    sys.path.insert(0, str(repository.root))
    # Each checkout has stacks of its own.
    for name in [name for name in sys.modules if name.partition(".")[0] == "stacks"]:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.path.remove(str(repository.root))
        os.chdir(before)
