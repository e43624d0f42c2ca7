"""A stack: where its files, its state and its cluster are."""

from __future__ import annotations

import json
from collections.abc import Mapping

from components.lib.registry.mirrors import Mirrors
from components.runtime.answers import LockedArtifacts
from sluice.engine.engine import Engine
from sluice.stack.repository import Repository

__all__ = ["has_secrets", "locked_charts", "secret_settings"]


def locked_charts(repository: Repository, stack: str) -> LockedArtifacts:
    """Return the charts of a stack's lock, by its mirrors."""
    mirrors = Mirrors(repository.setting(stack, "mirrors") or {})
    return LockedArtifacts.of(repository.root, stack, mirrors)


def has_secrets(repository: Repository, stack: str) -> bool:
    """Whether a stack's configuration has secrets."""
    return any('"secure"' in json.dumps(value) for value in repository.config(stack).values())


def secret_settings(repository: Repository, stack: str) -> Mapping[str, str]:
    """Return the secrets of a stack's configuration by full key; Pulumi is asked if it has any.

    Raises:
        DeploymentError: where they cannot be decrypted.

    """
    if not has_secrets(repository, stack):
        return {}
    return Engine(repository, stack).secret_settings()
