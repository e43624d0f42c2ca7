"""A stack: where its files, its state and its cluster are.

What changes a stack, or looks at what it has, is a function of a `Stack` in
the room of its subject.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sluice.stack.repository import Repository

if TYPE_CHECKING:  # each is loaded by whoever asks for it
    from components.lib.locks.lock import Lock
    from components.lib.registry.mirrors import Mirrors
    from components.runtime.answers import LockedArtifacts
    from components.runtime.suspension import Suspension
    from sluice.backend.local_state import LocalState
    from sluice.backend.pulumi import Pulumi
    from sluice.backend.state import StackState
    from sluice.kubernetes.cluster import Cluster
    from sluice.stack.settings import Settings

__all__ = ["Stack"]


@dataclass(frozen=True)
class Stack:
    """One environment of a checkout.

    It keeps nothing that it reads: what was read before a suspension is
    committed, or a lock saved, would be wrong after it. Whoever needs
    something twice keeps it and hands it on.

    Attributes:
        repository: the checkout that it is a stack of.
        name: its name.

    """

    repository: Repository
    name: str

    def __str__(self) -> str:
        return self.name

    def at(self, checkout: Repository) -> Stack:
        """Return the same stack of another checkout."""
        return Stack(checkout, self.name)

    @property
    def config_file(self) -> Path:
        """Its configuration: `stacks/Pulumi.<stack>.yaml`."""
        return self.repository.root / "stacks" / f"Pulumi.{self.name}.yaml"

    @property
    def lock_file(self) -> Path:
        """Its lock: `stacks/<stack>.lock.yaml`."""
        return self.repository.root / "stacks" / f"{self.name}.lock.yaml"

    def local(self, folder: str, suffix: str = "") -> Path:
        """Return its file of this machine alone: `.sluice/<folder>/<stack><suffix>`."""
        return self.repository.local / folder / f"{self.name}{suffix}"

    def settings(self) -> Settings:
        """Return what its configuration says, with the project's defaults."""
        return self.repository.settings(self.name)

    def suspensions(self) -> list[Suspension]:
        """Return what of it is suspended, in the file's order.

        Raises:
            DeclarationError: naming the file, where an entry is not one.

        """
        return self.settings().suspensions

    def mirrors(self) -> Mirrors:
        """Return its mirrors, those of this machine before them."""
        from components.lib.registry.mirrors import Mirrors  # noqa: PLC0415
        from components.runtime.answers import MACHINE_MIRRORS  # noqa: PLC0415

        machine = Mirrors.load(self.repository.root / MACHINE_MIRRORS)
        return Mirrors(self.settings().mirrors).merged(machine)

    def lock(self) -> Lock:
        """Return its lock; empty where it has none.

        Raises:
            ArtifactError: where the file cannot be used.

        """
        from components.lib.locks.lock import Lock  # noqa: PLC0415

        return Lock.load(self.lock_file)

    def locked(self) -> LockedArtifacts:
        """Return what answers its program by its lock, fetching what is not there yet."""
        from components.lib.registry.mirrors import Mirrors  # noqa: PLC0415
        from components.runtime.answers import LockedArtifacts  # noqa: PLC0415

        mirrors = Mirrors(self.settings().mirrors)
        return LockedArtifacts.of(self.repository.root, self.name, mirrors)

    def cluster(self) -> Cluster:
        """Return a new client of its cluster; nothing is asked yet."""
        from sluice.kubernetes.cluster import Cluster  # noqa: PLC0415

        settings = self.settings()
        return Cluster(settings.context, settings.kubeconfig)

    def local_state(self) -> LocalState | None:
        """Return its files of a file backend; None where the state is kept elsewhere."""
        from sluice.backend.local_state import LocalState  # noqa: PLC0415

        url = os.environ.get("PULUMI_BACKEND_URL") or self.repository.backend
        return LocalState.at(url, self.repository.root, self.repository.project, self.name)

    def pulumi(self, environment: Mapping[str, str] | None = None) -> Pulumi:
        """Return Pulumi's command on it, with variables over this process's."""
        from sluice.backend.pulumi import Pulumi  # noqa: PLC0415
        from sluice.stack.tool_environment import enter  # noqa: PLC0415

        return Pulumi(
            self.repository.root,
            self.name,
            self.settings().secrets_provider,
            self.local_state(),
            environment or {},
            prepare=lambda: enter(self.repository),
        )

    def state(self) -> StackState:
        """Return its state and history, which are read when they are asked for."""
        from sluice.backend.state import StackState  # noqa: PLC0415

        return StackState(self.local_state(), self.pulumi())

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets of its configuration by full key; Pulumi is asked if it has any.

        Raises:
            DeploymentError: where they cannot be decrypted.

        """
        return self.pulumi().secret_settings() if self.settings().has_secrets else {}
