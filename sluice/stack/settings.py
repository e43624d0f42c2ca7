"""The product's own keys of a stack's configuration, each checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from components.lib.manifests import fields
from components.runtime.suspension import Suspension, parse_suspensions
from sluice.errors import RepositoryError

__all__ = ["DriftPolicy", "FailurePolicy", "OnFailure", "Settings"]


class OnFailure(StrEnum):
    """The values of `onFailure`: what is done where a deployment fails."""

    HALT = "halt"
    RETRY = "retry"
    ROLLBACK = "rollback"


class DriftPolicy(StrEnum):
    """The values of `drift`: what is done with what was changed by hand."""

    REPORT = "report"
    CORRECT = "correct"


@dataclass(frozen=True)
class FailurePolicy:
    """What a stack does when a deployment fails; Flux's `remediation`.

    Attributes:
        on_failure: what is done; by default nothing.
        retries: how often a `retry` tries again; by default 3.

    """

    on_failure: OnFailure
    retries: int


@dataclass(frozen=True)
class Settings:
    """What the product reads of `stacks/Pulumi.<stack>.yaml`.

    Each property raises a RepositoryError or DeclarationError that names the
    file and the key, where its value cannot be used.

    Attributes:
        file: the file, from the repository's root.
        project: the Pulumi project, whose keys these are.
        config: the stack's configuration by full key, with the project's defaults.
        secrets_provider: the URL of the key of its secrets; empty for a passphrase.

    """

    file: str
    project: str
    config: Mapping[str, Any]
    secrets_provider: str = ""

    @property
    def has_secrets(self) -> bool:
        """Whether the configuration has secrets."""
        return any('"secure"' in json.dumps(value) for value in self.config.values())

    @property
    def context(self) -> str:
        """The kubeconfig's context of the stack's cluster."""
        return str(self._value("context") or "")

    @property
    def kubeconfig(self) -> str:
        """The kubeconfig's file; empty for the usual one."""
        return str(self._value("kubeconfig") or "")

    @property
    def follows(self) -> str:
        """The stack that is deployed before this one; empty where there is none."""
        return str(self._value("follows") or "")

    @property
    def mirrors(self) -> Mapping[str, str]:
        """The repositories and registries that others stand in for."""
        return self._value("mirrors") or {}

    @property
    def drift(self) -> DriftPolicy:
        """What is done with what was changed by hand; by default it is reported."""
        wanted = self._value("drift") or DriftPolicy.REPORT
        if wanted not in list(DriftPolicy):
            raise RepositoryError(f"{self.key('drift')}: {wanted!r} is neither correct nor report")
        return DriftPolicy(wanted)

    @property
    def on_failure(self) -> FailurePolicy:
        """What is done where a deployment fails."""
        wanted = self._value("onFailure") or OnFailure.HALT
        retries = str(self._value("retries") or 3)
        if wanted not in list(OnFailure):
            known = ", ".join(OnFailure)
            raise RepositoryError(f"{self.key('onFailure')} is {wanted!r}, want one of {known}")
        if not retries.isdecimal():
            raise RepositoryError(
                f"{self.key('retries')} is {retries!r}, want a whole number from 1"
            )
        return FailurePolicy(OnFailure(wanted), int(retries))

    @property
    def approvers(self) -> Sequence[str]:
        """The users in Gitea who approve a commit; none where no approval is asked for."""
        names = self._value("approvers") or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RepositoryError(f"{self.key('approvers')}: {names!r} is no list of user names")
        return names

    @property
    def promote_after(self) -> timedelta | None:
        """How long the followed stack has to have run what is promoted; None for not by itself."""
        after = self._value("promoteAfter")
        if not after:
            return None
        if not self.follows:
            raise RepositoryError(
                f"{self.key('promoteAfter')}: the stack follows none to be promoted from"
            )
        return timedelta(seconds=fields.duration(self.key("promoteAfter"), str(after)))

    @property
    def suspensions(self) -> list[Suspension]:
        """What of the stack is suspended, in the file's order."""
        return parse_suspensions(self._value("suspended") or [], where=self.key("suspended"))

    def key(self, name: str) -> str:
        """Return where a key stands: `stacks/Pulumi.dev.yaml: infrastructure:drift`."""
        return f"{self.file}: {self.project}:{name}"

    def _value(self, name: str) -> Any:
        return self.config.get(f"{self.project}:{name}")
