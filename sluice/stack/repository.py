"""The repository that the command works on: its root, its stacks, its local state."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from components.lib.manifests import documents
from sluice.errors import RepositoryError

__all__ = ["Repository"]

T = TypeVar("T")


@dataclass(frozen=True)
class Repository:
    """A checkout of a platform's repository.

    Attributes:
        root: the directory of `Pulumi.yaml`.

    """

    root: Path

    @classmethod
    def find(cls, start: Path) -> Repository:
        """Return the repository that `start` lies in.

        Raises:
            RepositoryError: where no directory above has a `Pulumi.yaml`.

        """
        for folder in (start, *start.parents):
            if (folder / "Pulumi.yaml").is_file():
                return cls(folder)
        raise RepositoryError(
            f"{start} is not below a directory with a Pulumi.yaml; change into your checkout"
        )

    @property
    def local(self) -> Path:
        """The directory of what belongs to this machine alone; never committed."""
        # A clean checkout, which is soon gone, has a link to the one that it was made from.
        return (self.root / ".sluice").resolve()

    @cached_property
    def project(self) -> str:
        """The Pulumi project's name."""
        return str(documents.load_file(self.root / "Pulumi.yaml")["name"])

    @cached_property
    def backend(self) -> str:
        """Where the project keeps its state, unless the environment says otherwise; or empty."""
        content = documents.load_file(self.root / "Pulumi.yaml")
        return str((content.get("backend") or {}).get("url") or "")

    @cached_property
    def stacks(self) -> list[str]:
        """The stacks' names, each after the one that it `follows`.

        Raises:
            RepositoryError: where they follow each other in a circle, or follow none that is there.

        """
        names = sorted(path.name.split(".")[1] for path in self._config_files())
        order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
        for name in names:
            before = self.setting(name, "follows")
            if before and before not in names:
                raise RepositoryError(
                    f"stacks/Pulumi.{name}.yaml: follows {before!r}, which is no stack"
                )
            order.add(name, *([before] if before else []))
        try:
            return list(order.static_order())
        except graphlib.CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            raise RepositoryError(f"stacks/: the stacks follow each other: {circle}") from None

    def chosen(self, names: tuple[str, ...]) -> list[str]:
        """Return the named stacks in their order, or all of them where none is named.

        Raises:
            RepositoryError: naming the stacks that there are, where one is unknown.

        """
        for name in names:
            if name not in self.stacks:
                raise RepositoryError(
                    f"there is no stack {name!r}; there are: {', '.join(self.stacks)}"
                )
        return [stack for stack in self.stacks if not names or stack in names]

    def config(self, stack: str) -> Mapping[str, Any]:
        """Return the stack's configuration by full key, with the project's defaults."""
        schema = documents.load_file(self.root / "Pulumi.yaml").get("config") or {}
        defaults = {key: entry["default"] for key, entry in schema.items() if "default" in entry}
        content = documents.load_file(self.root / "stacks" / f"Pulumi.{stack}.yaml") or {}
        return {**defaults, **(content.get("config") or {})}

    def secrets_provider(self, stack: str) -> str:
        """Return the URL of the key that encrypts a stack's secrets; empty for a passphrase."""
        content = documents.load_file(self.root / "stacks" / f"Pulumi.{stack}.yaml") or {}
        return str(content.get("secretsprovider") or "")

    def setting(self, stack: str, key: str) -> Any:
        """Return one of the project's own keys for a stack; None where it is not set."""
        return self.config(stack).get(f"{self.project}:{key}")

    def _config_files(self) -> list[Path]:
        return [
            path
            for path in (self.root / "stacks").glob("Pulumi.*.yaml")
            if path.name.count(".") == 2  # noqa: PLR2004 - Pulumi.<stack>.yaml
        ]
