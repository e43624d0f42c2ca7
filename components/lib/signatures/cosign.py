"""Signatures by cosign, which Sigstore's own program checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from components.errors import DeclarationError
from components.lib.registry.signed_artifact import SignedArtifact
from components.lib.signatures.verification import Verification

__all__ = ["CosignVerification", "OIDCIdentity"]


@dataclass(frozen=True, kw_only=True)
class OIDCIdentity:
    """Who signed without a key; both are regular expressions in Go's syntax.

    Answers to an entry of `verify.matchOIDCIdentity` of Flux's OCIRepository.

    Attributes:
        issuer: who vouches for the identity.
        subject: the identity.

    """

    issuer: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class CosignVerification(Verification):
    """A signature by cosign: by the key of a file, or without one by an identity.

    Checked by `cosign`, which has to be on PATH, when something is locked. As
    in Flux, a signature by a key needs no entry in the transparency log.
    Answers to `verify` of Flux's OCIRepository with the provider `cosign`.
    Raises DeclarationError where it is neither or both.

    Attributes:
        key: a public key's PEM file, below the repository's root.
        identity: who signed, where there is no key.

    """

    PROGRAM: ClassVar = "cosign"
    INSTALLATION: ClassVar = "https://docs.sigstore.dev/cosign/system_config/installation"

    key: str = ""
    identity: OIDCIdentity | None = None

    def __post_init__(self) -> None:
        if bool(self.key) == (self.identity is not None):
            raise DeclarationError("verify: give either the file of a key or an identity")

    @property
    def files(self) -> Sequence[str]:
        """The key's file, where there is one."""
        return (self.key,) if self.key else ()

    def __str__(self) -> str:
        """Return what people call it."""
        if self.identity is None:
            return f"cosign key {self.key}"
        return f"cosign identity {self.identity.subject} of {self.identity.issuer}"

    def _options(self, artifact: SignedArtifact, root: Path) -> Sequence[str]:
        authority = artifact.access.ca_file
        return (
            *self._trusted(root),
            *(("--allow-http-registry",) if artifact.plain_http else ()),
            *(("--registry-cacert", authority) if authority else ()),
        )

    def _trusted(self, root: Path) -> Sequence[str]:
        if self.identity is None:
            return "--key", str(self.file(self.key, root)), "--insecure-ignore-tlog=true"
        return (
            f"--certificate-oidc-issuer-regexp={self.identity.issuer}",
            f"--certificate-identity-regexp={self.identity.subject}",
        )
