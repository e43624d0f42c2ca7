"""Objects of a kustomization whose values are encrypted with SOPS, as Flux decrypts them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from components.errors import DeclarationError
from components.kustomize.build import directories
from components.lib.manifests import documents
from components.secrets.sops import FORMATS, decrypt, is_encrypted

__all__ = ["DecryptionProvider", "decrypted", "verify_files"]

_VALUES: Final = ("data", "stringData")
_ENCRYPTED: Final = "ENC[AES256_GCM"


class DecryptionProvider(StrEnum):
    """What decrypts a directory's Secrets. Flux's word."""

    SOPS = "sops"


def verify_files(folder: Path) -> None:
    """Refuse an encrypted manifest of a kustomization that is not as SOPS wrote it.

    What kustomize makes of it cannot be verified as a whole any more.

    Raises:
        DeclarationError: naming the file, where it was changed, where none of its
            keys is at hand, or where more than the values is encrypted.

    """
    for file in _manifests(folder):
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        if is_encrypted(text):
            _check_readable(text, file)
            decrypt(text, FORMATS[file.suffix], "yaml", where=str(file))


def decrypted(manifest: dict[str, Any], *, where: str) -> dict[str, Any]:
    """Return an object as it was before SOPS encrypted it, or as it is.

    That is a Secret whose manifest is encrypted, or a Secret of kustomize's
    `secretGenerator` with a file that is.

    Raises:
        DeclarationError: naming `where` and the object, where it cannot be
            decrypted or is no Secret, whose values would stand plain in the state.

    """
    about = f"{where}: {manifest.get('kind')} {(manifest.get('metadata') or {}).get('name')}"
    if "sops" in manifest:
        if manifest.get("kind") != "Secret":
            raise DeclarationError(f"{about}: is encrypted, and only a Secret's values stay secret")
        values = {key: manifest[key] for key in ("sops", *_VALUES) if key in manifest}
        clear = decrypt(json.dumps(values), "json", "json", where=about, verify=False)
        others = {key: value for key, value in manifest.items() if key not in values}
        manifest = {**others, **json.loads(clear)}
    elif manifest.get("kind") == "Secret" and isinstance(manifest.get("data"), Mapping):
        data = {key: _file(key, value, about) for key, value in manifest["data"].items()}
        manifest = {**manifest, "data": data}
    else:
        return manifest
    if _ENCRYPTED in json.dumps(manifest, default=str):
        raise DeclarationError(
            f"{about}: something beside data and stringData is encrypted; encrypt it with: "
            "sluice secret encrypt FILE"
        )
    return manifest


def _manifests(folder: Path) -> Iterator[Path]:
    for directory in directories(folder):
        yield from (file for file in sorted(directory.iterdir()) if file.suffix in FORMATS)


def _check_readable(text: str, file: Path) -> None:
    if FORMATS[file.suffix] not in ("yaml", "json"):
        return
    for document in documents.load_all(text, where=str(file)):
        if isinstance(document, dict) and str(document.get("kind")).startswith(_ENCRYPTED):
            raise DeclarationError(
                f"{file}: more than the values is encrypted, so that kustomize cannot read it; "
                "encrypt the plain file with: sluice secret encrypt FILE"
            )


def _file(key: str, value: Any, about: str) -> Any:
    """Return a value of `data` in clear where it is a file that SOPS encrypted."""
    try:
        # kustomize breaks what is long into lines.
        text = base64.b64decode("".join(str(value).split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
    if not is_encrypted(text):
        return value
    form = FORMATS.get(Path(key).suffix, "binary")
    clear = decrypt(text, form, form, where=f"{about}: {key}")
    return base64.b64encode(clear.encode()).decode()
