"""Whether a passphrase is a stack's own, by the salt that stands in the stack's configuration.

Pulumi encrypts the word `pulumi` with the key and writes it beside the salt:
`v1:<salt>:v1:<nonce>:<word>`. No command of Pulumi's tells this without
decrypting a secret, or before there is one.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["fits", "passphrase"]

_ROUNDS = 1_000_000
_WORD = b"pulumi"
_PARTS = 5


def passphrase() -> str | None:
    """Return the one that Pulumi would use; None where none is set."""
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        return os.environ["PULUMI_CONFIG_PASSPHRASE"]
    try:
        return Path(file).read_text().strip() if file else None
    except OSError:
        return None


def fits(passphrase: str, encryption_salt: str) -> bool:
    """Whether the passphrase is the one that the salt of a stack's configuration was made with."""
    parts = encryption_salt.split(":")
    if len(parts) != _PARTS:
        return False
    salt, nonce, word = (base64.b64decode(parts[index]) for index in (1, 3, 4))
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, 32)
    try:
        return AESGCM(key).decrypt(nonce, word, None) == _WORD
    except InvalidTag:
        return False
