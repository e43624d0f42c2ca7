"""The `pulumi` command on one stack: what it is asked, and why it failed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice.backend import command
from sluice.backend.command import CommandError, ConcurrentUpdateError, StackNotFoundError
from sluice.backend.local_state import LocalState
from sluice.backend.messages import plain
from sluice.errors import DeploymentError

__all__ = ["Pulumi", "reason"]


def _nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Pulumi:
    """Pulumi's command on a stack; nothing is asked before a method is called.

    Attributes:
        root: the folder of `Pulumi.yaml`.
        stack: the stack's name.
        secrets_provider: the URL of the key of its secrets; empty for a passphrase.
        local: its state, where that is a folder of this machine.
        environment: variables over this process's.
        prepare: is called before something is only read, such as to find the command.

    """

    root: Path
    stack: str
    secrets_provider: str
    local: LocalState | None
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = _nothing

    def read(self, *arguments: str) -> Any:
        """Return what Pulumi answers, as JSON; None where the stack was never made.

        Raises:
            DeploymentError: where it cannot be asked.

        """
        self.prepare()
        with self._explained():
            try:
                return json.loads(self._run(arguments))
            except StackNotFoundError:
                return None

    def secret_settings(self) -> dict[str, str]:
        """Return the secrets of the stack's configuration by full key, decrypted.

        Raises:
            DeploymentError: where they cannot be decrypted.

        """
        found = self.read("config", "--show-secrets", "--json") or {}
        return {key: str(each["value"]) for key, each in found.items() if each["secret"]}

    def ask(self, *arguments: str) -> str:
        """Return what Pulumi prints, of a stack that is made where it is not there.

        Raises:
            DeploymentError: where it fails.
            ConcurrentUpdateError: where an update holds the stack.

        """
        with self._explained():
            return self.run(*arguments)

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        on_output: Callable[[str], None] | None = None,
    ) -> str:
        """Do the same; `environment` is over all others, and `on_output` is told each line.

        Raises:
            CommandError: where it fails.

        """
        if self.local is None or self.local.is_made:
            with suppress(StackNotFoundError):
                return self._run(arguments, environment, on_output)
        # Without it, Pulumi would ask for a passphrase whatever the stack's configuration says.
        key = [f"--secrets-provider={self.secrets_provider}"] if self.secrets_provider else []
        try:
            self._run(("stack", "init", *key), environment)
        except CommandError as error:
            if "already exists" not in str(error):  # another process has made it meanwhile
                raise
        return self._run(arguments, environment, on_output)

    def _run(
        self,
        arguments: tuple[str, ...],
        environment: Mapping[str, str] | None = None,
        on_output: Callable[[str], None] | None = None,
    ) -> str:
        # automation.Stack runs a command before each one, and three after an update.
        named = [*arguments, "--stack", self.stack]
        return command.run(named, self.root, {**self.environment, **(environment or {})}, on_output)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ConcurrentUpdateError:
            raise
        except CommandError as error:
            raise DeploymentError(f"{self.stack}: {reason(str(error))}") from error


def reason(text: str) -> str:
    """Return the sentence in what Pulumi printed, which is more than people can read."""
    error = re.search(r"error: (.+)", text)
    if error:
        return plain(error[1])
    code = re.match(r" code: (\d+)\n", text)
    told = plain(text.rpartition("\n stderr: ")[2])
    return told or f"pulumi ended with exit code {code[1] if code else 'unknown'}, and said nothing"
