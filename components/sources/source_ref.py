"""Which revision of a source: one of several keys, each a kind of reference."""

from __future__ import annotations

from dataclasses import dataclass, fields

from components.errors import DeclarationError

__all__ = ["SourceRef"]


@dataclass(frozen=True, kw_only=True)
class SourceRef:
    """The keys of Flux's `spec.ref`, of which exactly one is given; each is a text."""

    def given(self) -> dict[str, str]:
        """Return the keys that are given."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    def asked(self) -> str:
        """Return the key with its value, as a lock has it: `branch main`.

        Raises:
            DeclarationError: where it is none or several.

        """
        if len(given := self.given()) != 1:
            *names, last = (each.name for each in fields(self))
            raise DeclarationError(f"ref: give one of {', '.join(names)} and {last}")
        ((kind, value),) = given.items()
        return f"{kind} {value}"
