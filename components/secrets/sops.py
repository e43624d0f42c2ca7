"""Files encrypted with SOPS: decrypted by `sops` itself, into memory only.

SOPS finds the key by its own rules: an age key in `SOPS_AGE_KEY`,
`SOPS_AGE_KEY_FILE` or `~/.config/sops/age/keys.txt`, a PGP keyring, a cloud's
credentials. No plain value is in an argument, a file or an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from components.errors import DeclarationError

__all__ = ["FORMATS", "decrypt", "is_encrypted", "read_encrypted", "sops"]

FORMATS: Final[Mapping[str, str]] = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".env": "dotenv",
    ".ini": "ini",
}
"""SOPS' format by a file's extension; any other file is `binary`."""

_INSTALL: Final = "run: python3 -m toolchain install secrets"
# SOPS' exit codes: CouldNotRetrieveKey, MacMismatch, MacNotFound.
_NO_KEY, _MAC_MISMATCH, _MAC_NOT_FOUND = 128, 51, 52
_DAMAGED = "message authentication failed"
_KEYS = re.compile(r"\bage1[0-9a-z]{58}\b|\b[0-9A-F]{40}\b|\barn:\S+")


def read_encrypted(path: Path) -> str:
    """Return the text of an encrypted file as YAML, or of a binary one as it was.

    Raises:
        DeclarationError: naming the file, where it is not there, not encrypted,
            tampered with, or where none of its keys is at hand.

    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text, as what SOPS writes is"
        raise DeclarationError(f"{path}: {reason}") from None
    form = FORMATS.get(path.suffix, "binary")
    if not is_encrypted(text):
        raise DeclarationError(
            f"{path}: is not encrypted with SOPS; run: sluice secret encrypt {path}"
        )
    return decrypt(text, form, "binary" if form == "binary" else "yaml", where=str(path))


def is_encrypted(text: str) -> bool:
    """Whether a file's text is one that SOPS has written."""
    return bool(re.search(r'(^|[\n{,\s])"?\[?sops[":_\]]', text)) and "ENC[" in text


def decrypt(text: str, form: str, wanted: str, *, where: str, verify: bool = True) -> str:
    """Return an encrypted text in clear.

    `form` and `wanted` are SOPS' formats of what is given and returned. With
    `verify`, the text has to be as SOPS wrote it; without, each value by itself
    is still authenticated, but fields may have been added, as kustomize does.

    Raises:
        DeclarationError: naming `where`, where it cannot be decrypted.

    """
    options = [f"--input-type={form}", f"--output-type={wanted}"]
    ran = subprocess.run(
        [sops(where), "decrypt", *options, *([] if verify else ["--ignore-mac"]), "/dev/stdin"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise DeclarationError(f"{where}: {_reason(ran.returncode, ran.stderr)}")
    return ran.stdout


def sops(where: str) -> str:
    """Return the path of the `sops` program.

    Raises:
        DeclarationError: naming `where`, for which it is needed, where it is not on PATH.

    """
    program = shutil.which("sops")
    if program is None:
        raise DeclarationError(f"{where}: sops is not on PATH; {_INSTALL}")
    return program


def _reason(code: int, stderr: str) -> str:
    said = " ".join(stderr.split())
    if code in (_MAC_MISMATCH, _MAC_NOT_FOUND) or _DAMAGED in said:
        return "was changed after it was encrypted, or is damaged; put back what Git has"
    if code == _NO_KEY:
        keys = sorted(set(_KEYS.findall(said)))
        named = f" ({', '.join(keys)})" if keys else ""
        return f"none of the keys that it is encrypted for is at hand{named}; see docs/secrets.md"
    return f"sops cannot decrypt it: {said[:300]}"
