"""The tools that are measured: what each is given, and its command for each operation."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from benchmarks.command import BenchmarkError, Command
from benchmarks.ground import CONTEXT, Ground
from benchmarks.manifests import LABEL, write_manifests
from benchmarks.programs import ENVIRONMENT, NOTHING, PROJECT, STACK_SETTINGS, plain_program

__all__ = ["Tool", "make_tool"]


class Tool(ABC):
    """A tool and a namespace of its own, with a number of objects to bring there."""

    name: str

    def __init__(self, ground: Ground, objects: int) -> None:
        """Nothing is made yet."""
        self.ground = ground
        self.objects = objects
        self.namespace = f"{self.name}-{objects}"

    def prepare(self) -> None:
        """Make the namespace and write what the tool is given."""
        self.ground.kubectl("create", "namespace", self.namespace).output()
        self._write()

    def command(self, operation: str) -> Command | None:
        """Make the change that an operation is about, and return its command; None without one."""
        commands: dict[str, Callable[[], Command | None]] = {
            "create": self._apply,
            "nothing to do": self._apply,
            "one change": self._changed,
            "refresh": self._refresh,
            "drift": self._drift,
            "destroy": self._destroy,
        }
        return commands[operation]()

    def check(self, operation: str) -> None:
        """Refuse a figure for work that was not done."""
        wanted = 0 if operation == "destroy" else self.objects
        listing = ("get", "configmaps", f"--namespace={self.namespace}", f"--selector={LABEL}")
        found = len(self.ground.kubectl(*listing, "--output=name").output().splitlines())
        if found != wanted:
            raise BenchmarkError(f"{self.name}: {operation} left {found} objects, not {wanted}")

    def _changed(self) -> Command:
        self._write(changed=True)
        return self._apply()

    @abstractmethod
    def _write(self, *, changed: bool = False) -> None: ...
    @abstractmethod
    def _apply(self) -> Command: ...
    @abstractmethod
    def _refresh(self) -> Command: ...
    @abstractmethod
    def _drift(self) -> Command | None: ...
    @abstractmethod
    def _destroy(self) -> Command: ...


class Kubectl(Tool):
    """Server-side apply of the directory; a refresh is a diff, as kubectl has no state."""

    name = "kubectl"

    def _write(self, *, changed: bool = False) -> None:
        write_manifests(self._manifests, self.namespace, self.objects, changed=changed)

    @property
    def _manifests(self) -> Path:
        return self.ground.folder / self.namespace

    def _apply(self) -> Command:
        return self.ground.kubectl("apply", "--server-side", "--filename", self._manifests)

    def _refresh(self) -> Command:
        return self.ground.kubectl("diff", "--server-side", "--filename", self._manifests)

    def _drift(self) -> Command:
        return self._refresh()

    def _destroy(self) -> Command:
        return self.ground.kubectl("delete", "--cascade=foreground", "--filename", self._manifests)


class Sluice(Tool):
    """A stack with a `Kustomization` of the directory; to destroy is to declare it no more."""

    name = "sluice"

    def prepare(self) -> None:
        """Make the namespace, the repository's stack and its state."""
        super().prepare()
        self.ground.pulumi("stack", "init", self.namespace).output()

    def _write(self, *, changed: bool = False) -> None:
        stacks = self.ground.repository / "stacks"
        folder = Path("manifests", self.namespace)
        write_manifests(
            self.ground.repository / folder, self.namespace, self.objects, changed=changed
        )
        if not changed:
            self._program.write_text(ENVIRONMENT.format(path=folder))
            settings = stacks / f"Pulumi.{self.namespace}.yaml"
            settings.write_text(STACK_SETTINGS.format(context=CONTEXT))

    @property
    def _program(self) -> Path:
        return self.ground.repository / "stacks" / f"{self.namespace}.py"

    def _apply(self) -> Command:
        return self._up("--no-refresh")

    def _refresh(self) -> Command:
        return self._up("--refresh")

    def _drift(self) -> Command:
        return self._sluice("drift", self.namespace)

    def _destroy(self) -> Command:
        self._program.write_text(NOTHING)
        return self._up("--no-refresh")

    def _up(self, *options: str) -> Command:
        return self._sluice("up", self.namespace, *options)

    def _sluice(self, *arguments: str) -> Command:
        program = str(Path(sys.executable).with_name("sluice"))
        return Command(
            [program, *arguments], self.ground.repository, self.ground.plain_environment()
        )


class Pulumi(Tool):
    """A program of typed resources as a user would write it, with the engine's defaults."""

    name = "pulumi"

    def prepare(self) -> None:
        """Make the namespace, the project and its stack."""
        super().prepare()
        self._pulumi("stack", "init", self.namespace).output()
        self._pulumi("config", "set", "kubernetes:context", CONTEXT).output()

    @property
    def _project(self) -> Path:
        return self.ground.folder / self.namespace

    def _write(self, *, changed: bool = False) -> None:
        self._project.mkdir(exist_ok=True)
        (self._project / "Pulumi.yaml").write_text(PROJECT.format(name=self.namespace))
        program = plain_program(self.namespace, self.objects, changed=changed)
        (self._project / "__main__.py").write_text(program)
        if not changed:
            (self._project / ".venv").symlink_to(self.ground.repository / ".venv")

    def _apply(self) -> Command:
        return self._pulumi("up", "--yes", "--skip-preview")

    def _refresh(self) -> Command:
        return self._pulumi("up", "--yes", "--skip-preview", "--refresh")

    def _drift(self) -> None:
        return None  # it has no answer but its refresh

    def _destroy(self) -> Command:
        return self._pulumi("destroy", "--yes", "--skip-preview")

    def _pulumi(self, *arguments: str) -> Command:
        command = [str(self.ground.programs / "pulumi"), "--non-interactive", *arguments]
        return Command(command, self._project, self.ground.plain_environment())


_TOOLS: dict[str, type[Tool]] = {tool.name: tool for tool in (Kubectl, Sluice, Pulumi)}


def make_tool(name: str, ground: Ground, objects: int) -> Tool:
    """Return the tool of that name for that many objects."""
    return _TOOLS[name](ground, objects)
