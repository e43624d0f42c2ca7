"""Whether an image's signature is one that is trusted, by Sigstore's own program."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from components.errors import ArtifactError, DeclarationError

__all__ = ["CosignVerification", "OIDCIdentity"]

_PROGRAM = "cosign"
_SECONDS = 120


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
class CosignVerification:
    """A signature by cosign: by the key of a file, or without one by an identity.

    Checked by `cosign`, which has to be on PATH, when an image is locked. As
    in Flux, a signature by a key needs no entry in the transparency log.
    Answers to `verify` of Flux's OCIRepository with the provider `cosign`.
    Raises DeclarationError where it is neither or both.

    Attributes:
        key: a public key's PEM file, below the repository's root.
        identity: who signed, where there is no key.

    """

    key: str = ""
    identity: OIDCIdentity | None = None

    def __post_init__(self) -> None:
        if bool(self.key) == (self.identity is not None):
            raise DeclarationError("verify: give either the file of a key or an identity")

    def __str__(self) -> str:
        """Return what a lock file says of it."""
        if self.identity is None:
            return f"cosign key {self.key}"
        return f"cosign identity {self.identity.subject} of {self.identity.issuer}"

    def check(self, image: str, root: Path, options: tuple[str, ...] = ()) -> None:
        """Verify `name@sha256:…`; `options` say how its registry is reached.

        Raises ArtifactError where it is not verified, which says why, and
        where there is no `cosign`.
        """
        program = shutil.which(_PROGRAM)
        if program is None:
            raise ArtifactError(
                f"{image} has to be verified, and there is no `cosign` on PATH; install it, as"
                " https://docs.sigstore.dev/cosign/system_config/installation tells.",
            )
        command = [program, "verify", *self._trusted(root), *options, image]
        try:
            result = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise self._refusal(image, f"no answer within {_SECONDS} s") from None
        if result.returncode:
            raise self._refusal(image, _reason(result.stderr))

    def _trusted(self, root: Path) -> list[str]:
        if self.identity is None:
            file = root / self.key
            if not file.is_file():
                raise ArtifactError(f"{self.key}, which is to verify images, is not there.")
            return ["--key", str(file), "--insecure-ignore-tlog=true"]
        return [
            f"--certificate-oidc-issuer-regexp={self.identity.issuer}",
            f"--certificate-identity-regexp={self.identity.subject}",
        ]

    def _refusal(self, image: str, reason: str) -> ArtifactError:
        return ArtifactError(
            f"{image} is not locked, as it is not verified by {self}: {reason};"
            " have it signed, or choose another version.",
        )


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.startswith("Error: ")]
    lines = lines or errors.strip().splitlines() or ["cosign says nothing"]
    return lines[0].removeprefix("Error: ").rstrip(".;:")
