"""What a server of artifacts wants to see, and how it is trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["ANYBODY", "Access"]


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who we are to one server; by default nobody in particular, or whom the machine knows.

    Attributes:
        username: the user that a password or token is of.
        password: the password or token; never among a program's arguments.
        ca_file: a PEM file of the authority that signed the server's certificate.

    """

    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""


ANYBODY: Final = Access()
"""Nobody in particular."""
