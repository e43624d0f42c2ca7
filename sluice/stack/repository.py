"""The repository that the command works on: its root, its stacks, its local state."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice.errors import RepositoryError

if TYPE_CHECKING:
    from sluice.stack.settings import Settings
    from sluice.stack.stack import Stack

__all__ = ["Checkout", "Repository"]


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

    @property
    def project(self) -> str:
        """The Pulumi project's name."""
        return str(self._project_file["name"])

    @property
    def backend(self) -> str:
        """Where the project keeps its state, unless the environment says otherwise; or empty."""
        return str((self._project_file.get("backend") or {}).get("url") or "")

    @cached_property
    def stacks(self) -> list[str]:
        """The stacks' names, each after the one that it `follows`.

        Raises:
            RepositoryError: where they follow each other in a circle, or follow none that is there.

        """
        names = sorted(path.name.split(".")[1] for path in self._config_files())
        order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
        for name in names:
            before = self.settings(name).follows
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

    def stack(self, name: str) -> Stack:
        """Return the stack of a name.

        Raises:
            RepositoryError: naming the stacks that there are, where it is unknown.

        """
        return self.chosen((name,))[0]

    def chosen(self, names: tuple[str, ...]) -> list[Stack]:
        """Return the named stacks in their order, or all of them where none is named.

        Raises:
            RepositoryError: naming the stacks that there are, where one is unknown.

        """
        for name in names:
            if name not in self.stacks:
                raise RepositoryError(
                    f"there is no stack {name!r}; there are: {', '.join(self.stacks)}"
                )
        from sluice.stack.stack import Stack  # noqa: PLC0415 - which is made of a repository

        return [Stack(self, name) for name in self.stacks if not names or name in names]

    def settings(self, stack: str) -> Settings:
        """Return what a stack's configuration says, with the project's defaults."""
        from components.lib.manifests import documents  # noqa: PLC0415 - --help does without YAML
        from sluice.stack.settings import Settings  # noqa: PLC0415 - the same

        schema = self._project_file.get("config") or {}
        defaults = {key: entry["default"] for key, entry in schema.items() if "default" in entry}
        file = f"stacks/Pulumi.{stack}.yaml"
        content = _parsed(documents.read(self.root / file), str(self.root / file))
        provider = str(content.get("secretsprovider") or "")
        return Settings(file, self.project, {**defaults, **(content.get("config") or {})}, provider)

    @cached_property
    def _project_file(self) -> Mapping[str, Any]:
        from components.lib.manifests import documents  # noqa: PLC0415 - as above

        content: Mapping[str, Any] = documents.load_file(self.root / "Pulumi.yaml")
        return content

    def _config_files(self) -> list[Path]:
        return [
            path
            for path in (self.root / "stacks").glob("Pulumi.*.yaml")
            if path.name.count(".") == 2  # noqa: PLR2004 - Pulumi.<stack>.yaml
        ]


@lru_cache(maxsize=64)
def _parsed(text: str, where: str) -> Mapping[str, Any]:
    """Parse a configuration, which a verb asks many things of, once for each text that it has."""
    from components.lib.manifests import documents  # noqa: PLC0415 - as above

    return documents.load(text, where=where) or {}


@dataclass(frozen=True)
class Checkout(Repository):
    """A clean checkout of one commit, which shares the local state of the caller's.

    Attributes:
        commit: the commit, in full.

    """

    commit: str
