"""An object of which some fields may have drifted, and what of them is asked how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.lib.manifests.empty import is_empty, is_hollow
from sluice.drift.drifted import Drift, Operation, drifted
from sluice.drift.fields import ABSENT, Suspect, value_at
from sluice.drift.owned import OwnedObject
from sluice.kubernetes.connection import Object

__all__ = ["ALIASES", "MISSING", "ChangedError", "Doubt"]

MISSING: Final = (ABSENT, None)
"""What is live where nothing is."""

ALIASES: Final = {"serviceAccountName": "serviceAccount"}
"""Fields with an older name beside them, from which the API server fills an empty one again."""


class ChangedError(Exception):
    """An object has changed since it was read."""


@dataclass(frozen=True)
class Doubt:
    """An object of which some fields may have drifted."""

    declared: OwnedObject
    live: Object
    suspected: Sequence[Suspect]

    def parted(self) -> tuple[list[Suspect], list[Suspect]]:
        """Return what is to be emptied, since no applying does that, and the rest."""
        filled = [each for each in self.suspected if self._is_to_be_emptied(each)]
        return filled, [each for each in self.suspected if each not in filled]

    def _is_to_be_emptied(self, suspect: Suspect) -> bool:
        value = self.value(suspect)
        if not is_empty(value) or value_at(self.live, suspect.where) in MISSING:
            return False
        is_scalar = value is not None and not isinstance(value, (Mapping, list))
        return (
            not is_scalar
            or suspect.path[-1] in ALIASES
            or value_at(self.declared.sent, suspect.path) is ABSENT
        )

    def is_gone(self, suspect: Suspect) -> bool:
        """Whether an empty value, or a map of such, is not in the live object."""
        value = self.value(suspect)
        return is_hollow(value) and value_at(self.live, suspect.where) in MISSING

    def check_unchanged(self, tried: Object, tries: int) -> None:
        """Refuse what was tried on another version of the object than was read.

        Controllers write to an object at any moment. What changes each time, such as a
        lease, is taken as it is at the last try.
        """
        version = tried["metadata"].get("resourceVersion")
        if tries and version != self.live["metadata"].get("resourceVersion"):
            raise ChangedError

    def value(self, suspect: Suspect) -> Any:
        """Return the declared value."""
        return value_at(self.declared.manifest, suspect.path)

    def field(self, suspect: Suspect) -> tuple[str, ...]:
        """Return the object's kind with the field, whatever its places in lists."""
        names = [str(part) for part in suspect.path if not isinstance(part, int)]
        return (self.declared.api_version, self.declared.kind, *names)

    def drift(self, suspect: Suspect, operations: Sequence[Operation] = ()) -> Drift:
        """Return a suspected field as one that has drifted."""
        values = (self.value(suspect), value_at(self.live, suspect.where))
        return drifted(self.declared, self.live, suspect, *values, operations=operations)
