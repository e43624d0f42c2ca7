"""What an update has begun to make, written down by the engine itself, beside the state.

The state is saved once, when an update ends. Of one that is killed, the engine's
events are left: a line for each step, written as it begins. What the update had
changed or deleted is found in the cluster; what it had made is found by these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sluice.backend.local_state import LocalState
from sluice.backend.secret_values import HIDDEN, PROVIDERS, SECRET, Entry, is_secret

__all__ = ["Journal"]

_CREATIONS: Final = ("create", "create-replacement", "import")
_KEPT: Final = ("urn", "type", "custom", "id", "parent", "provider", "inputs", "outputs")


@dataclass(frozen=True)
class Journal:
    """The events of a stack's update that has not ended well.

    Attributes:
        file: where they are, a JSON object a line.

    """

    file: Path

    @classmethod
    def of(cls, state: LocalState) -> Journal:
        """Return the journal beside a stack's state."""
        return cls(state.folder / "journal" / state.project / f"{state.stack}.jsonl")

    @property
    def is_there(self) -> bool:
        """Whether an update has not ended, or has failed."""
        return self.file.exists()

    def begin(self) -> str:
        """Make room for an update's events; return Pulumi's option to write them."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return f"--event-log={self.file}"

    def end(self) -> None:
        """Forget an update: the state says what it has made."""
        self.file.unlink(missing_ok=True)

    def begun(self) -> list[Entry]:
        """Return the resources that it began to make and that did not fail, outer ones first.

        A provider is among them once it is there, with its id; one whose settings are
        secret is left out, for the events do not tell them.
        """
        found: dict[str, Entry] = {}
        for event in self._events():
            if failed := event.get("resOpFailedEvent"):
                found.pop(failed["metadata"]["urn"], None)
            for step in (event.get("resourcePreEvent"), event.get("resOutputsEvent")):
                made = _made(step["metadata"]) if step else None
                if made:
                    found[made["urn"]] = made
        return list(found.values())

    def _events(self) -> Iterator[dict[str, Any]]:
        for line in self.file.read_text().splitlines() if self.is_there else ():
            try:
                yield json.loads(line)
            except ValueError:  # the last line, in which it was killed
                return


def _made(step: dict[str, Any]) -> Entry | None:
    new = step.get("new")
    if step["op"] not in _CREATIONS or not new:
        return None
    if step["type"].startswith(PROVIDERS) and (not new["id"] or HIDDEN in str(new["inputs"])):
        return None
    kept = {key: _unknown(new[key]) for key in _KEPT if new.get(key)}
    return {**kept, "custom": bool(new.get("custom")), "inputs": _unknown(new.get("inputs") or {})}


def _unknown(value: Any) -> Any:
    """Return a value with something else for each secret, which the events do not tell."""
    if is_secret(value):
        return {**SECRET, "plaintext": json.dumps(HIDDEN)}
    if isinstance(value, dict):
        return {key: _unknown(inner) for key, inner in value.items()}
    return [_unknown(inner) for inner in value] if isinstance(value, list) else value
