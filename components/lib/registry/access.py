"""What a server of artifacts wants to see, and how it is trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from components.lib.registry.mirrors import Address

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

    def at(self, address: Address) -> Access:
        """Return who we are at an address: a mirror is shown no password meant for another."""
        return self if address.actual == address.declared else ANYBODY


ANYBODY: Final = Access()
"""Nobody in particular."""
