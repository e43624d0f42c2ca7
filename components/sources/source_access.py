"""How a source's arguments say who we are to its server."""

from __future__ import annotations

from pathlib import Path

from components.errors import DeclarationError
from components.lib.registry.access import Access
from components.runtime.settings import Setting

__all__ = ["source_access"]


def source_access(username: str, secret: str, ca_file: str) -> Access:
    """Return a source's access; `secret` is the key of the stack's configuration that has it.

    Raises:
        DeclarationError: where the key is not set or the file is not there.

    """
    if ca_file and not Path(ca_file).is_file():
        raise DeclarationError(f"ca_file: {ca_file!r} is not a file here")
    password = Setting(str, secret).read() if secret else ""
    authority = str(Path(ca_file).absolute()) if ca_file else ""
    return Access(username=username, password=password, ca_file=authority)
