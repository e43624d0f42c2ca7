"""An artifact of a registry that a signature can belong to."""

from __future__ import annotations

from dataclasses import dataclass

from components.lib.registry.access import ANYBODY, Access

__all__ = ["SignedArtifact"]


@dataclass(frozen=True)
class SignedArtifact:
    """What has to be signed, and how its registry is reached.

    Attributes:
        registry: the registry's host, with its port.
        name: the repository there.
        digest: `sha256:…` of its manifest or index.
        plain_http: whether the registry speaks plain HTTP.
        access: who we are to it.

    """

    registry: str
    name: str
    digest: str
    plain_http: bool = False
    access: Access = ANYBODY

    def __str__(self) -> str:
        """Return it as the programs name it: `host/name@sha256:…`."""
        return f"{self.registry}/{self.name}@{self.digest}"
