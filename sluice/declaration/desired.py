"""What a stack declares on its cluster, with all that its program is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.kubernetes.cluster import Cluster

__all__ = ["DesiredState"]


class DesiredState:
    """What a stack declares, asked for when it is first needed, and then kept.

    A verb makes one at its top and hands it on, so that the program runs, and
    the secrets are decrypted, at most once.
    """

    def __init__(self, stack: Stack) -> None:
        """Name the stack of the checkout whose program is run."""
        self.stack = stack

    @cached_property
    def cluster(self) -> Cluster:
        """The stack's cluster, whose objects the program may read."""
        return self.stack.cluster()

    @cached_property
    def secrets(self) -> Mapping[str, str]:
        """The secrets of its configuration by full key, never to be shown.

        Raises:
            DeploymentError: where they cannot be decrypted.

        """
        return self.stack.secrets()

    @cached_property
    def declaration(self) -> Declaration:
        """What its program declares.

        Raises:
            DeclarationError: where a declaration is wrong.
            ApiError: where the cluster cannot be asked for what the program reads.

        """
        return declaration(
            self.stack,
            self.stack.locked(),
            read=lambda kind, path: self.cluster.get("v1", kind, *path.split("/", 1)),
            config=self.secrets,
        )
