"""Digests as registries and locks write them: `sha256:` and 64 hex digits."""

from __future__ import annotations

import hashlib
import re

from components.errors import DeclarationError

__all__ = ["check_digest", "digest_of"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """Return the digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check_digest(digest: str) -> None:
    """Raise DeclarationError for what is not `sha256:` and 64 hex digits."""
    if not _DIGEST.fullmatch(digest):
        raise DeclarationError(f"digest: {digest!r} is not sha256: and 64 hex digits")
