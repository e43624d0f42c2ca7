"""Secret values as Pulumi's state and its programs have them.

Pulumi's mark stands here as a literal, for the SDK takes half a second to load;
a test holds it against the SDK's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "HIDDEN",
    "PROVIDERS",
    "RELEASE",
    "SECRET",
    "Entry",
    "holds_secret",
    "is_secret",
    "plain_text",
]

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
"""The type of a Helm release in the state."""

HIDDEN: Final = "[secret]"
"""What the engine's events have in the place of a secret value."""

PROVIDERS: Final = "pulumi:providers:"
"""What the type of a provider begins with."""

Entry = Mapping[str, Any]
"""A resource of the state, as Pulumi exports it."""

SECRET: Final[Mapping[str, str]] = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"
}
"""The mark that each secret value carries."""


def is_secret(value: Any) -> bool:
    """Whether a value is one that Pulumi has marked as secret."""
    return isinstance(value, Mapping) and SECRET.items() <= value.items()


def holds_secret(value: Any) -> bool:
    """Whether a value is a secret, or has one in it."""
    if isinstance(value, Mapping):
        return is_secret(value) or any(holds_secret(inner) for inner in value.values())
    return isinstance(value, list) and any(holds_secret(inner) for inner in value)


def plain_text(value: Any) -> Any:
    """Return a value of the decrypted state with each secret in plain text, never to be shown."""
    if is_secret(value):
        return json.loads(value["plaintext"])
    if isinstance(value, Mapping):
        return {key: plain_text(inner) for key, inner in value.items()}
    return [plain_text(inner) for inner in value] if isinstance(value, list) else value
