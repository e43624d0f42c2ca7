"""What a program declares, as records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.base.component import Component
from components.base.ignore import Ignore
from components.environment.environment import Environment
from sluice.errors import RepositoryError

__all__ = ["SECRET", "Declaration", "Declared", "Owner", "Reader", "named", "owner_of"]


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


def named(names: tuple[str, ...], known: Collection[str], stack: str) -> tuple[str, ...]:
    """Return the names, each of which has to be a component's.

    Raises:
        RepositoryError: naming the components that there are.

    """
    for name in names:
        if name not in known:
            there = ", ".join(dict.fromkeys(known))
            raise RepositoryError(f"stack {stack} has no component {name!r}; there are: {there}")
    return names
