"""What Pulumi and the cluster know of a stack, asked at once and no more often than needed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from components.errors import SluiceError
from sluice.inventory.component import Component, Owned, components
from sluice.inventory.history import Deployment, deployments_of
from sluice.inventory.liveness import Live
from sluice.stack.own_cluster import on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["Deployed", "live"]


@dataclass(frozen=True)
class Deployed:
    """What Pulumi knows of a stack, by two questions.

    Attributes:
        stack: its name.
        components: what its state holds, by kind and name.
        history: its deployments, the oldest first.

    """

    stack: str
    components: Sequence[Component]
    history: Sequence[Deployment]

    @classmethod
    def of(cls, stack: Stack) -> Deployed:
        """Ask for the stack's state and history, both at the same time.

        Raises:
            DeploymentError: where one of them cannot be read.

        """
        state = stack.state()
        with ThreadPoolExecutor(1) as pool:
            rows = pool.submit(state.history)
            found = on_own_cluster(
                components(state.resources()), lambda each: each.name, stack.name
            )
            return cls(stack.name, found, deployments_of(rows.result(), stack.repository))

    @property
    def objects(self) -> list[Owned]:
        """Everything that the stack owns, each once."""
        owned = (each for component in self.components for each in component.objects)
        return list(dict.fromkeys(owned))

    @property
    def last(self) -> Deployment | None:
        """The newest deployment; None before the first."""
        return self.history[-1] if self.history else None

    @property
    def revision(self) -> str:
        """The deployed commit as people read it, `-dirty` where files differed from it, or `-`."""
        return self.last.revision if self.last else "-"


def live(stack: Stack, deployed: Deployed, *, made: bool = False) -> Live:
    """Return the live objects that a stack owns; with `made`, what controllers made of them too."""
    try:
        cluster = stack.cluster()
        cluster.version()
    except SluiceError as error:
        return Live.unknown(deployed.objects, str(error))
    return Live.of(cluster, deployed.objects, made=made)
