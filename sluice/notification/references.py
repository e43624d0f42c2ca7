"""The alerts that a stack has, and what their references stand for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sluice.errors import AlertError
from sluice.notification.routing import Route
from sluice.stack.stack import Stack

__all__ = ["References", "declared_alerts"]

_ALERT: Final = "sluice:notification:Alert"


def declared_alerts(stack: Stack) -> list[dict[str, Any]]:
    """Return the alerts of what is deployed as JSON, in which no secret is.

    Raises:
        DeploymentError: where the stack's state cannot be read.

    """
    deployed = stack.state().resources()
    found = (each.outputs.get("declaration") for each in deployed if each.type == _ALERT)
    return [json.loads(text) for text in found if text]


@dataclass(frozen=True)
class References:
    """What is kept out of the program: in the stack's configuration, and in the environment."""

    stack: Stack

    def route(self, alert: Mapping[str, Any]) -> Route:
        """Return where an alert goes.

        Raises:
            AlertError: naming what is not set, or cannot be decrypted.

        """
        address, key = alert["address"], alert["hmac_key"]
        return Route.of(
            alert,
            address if isinstance(address, str) else self._value(address),
            self._value(key) if key else "",
        )

    def _value(self, reference: Mapping[str, str]) -> str:
        if variable := reference["env"]:
            value = os.environ.get(variable, "").strip()
            if not value:
                raise AlertError(f"${variable} is not set")
            return value
        return self._setting(reference["config"])

    def _setting(self, key: str) -> str:
        settings = self.stack.settings()
        value = settings.config.get(key)
        if value is None:
            raise AlertError(
                f"{key} is not in {settings.file}; run `pulumi config set --secret "
                f"{key} --stack {self.stack}`"
            )
        return self._secrets[key] if isinstance(value, Mapping) else str(value)

    @cached_property
    def _secrets(self) -> Mapping[str, str]:
        return self.stack.pulumi().secret_settings()
