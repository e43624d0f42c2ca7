"""`Alert`: where people are told what happens to a stack."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

import pulumi

from components.base.component import Component
from components.errors import DeclarationError
from components.lib.manifests import fields

__all__ = ["Alert", "AlertArgs", "AlertType", "SecretReference"]


class AlertType(StrEnum):
    """What is told to: a webhook, Alertmanager, or a service that the Apprise library knows."""

    GENERIC = "generic"
    ALERTMANAGER = "alertmanager"
    APPRISE = "apprise"


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A value that is kept out of the program and of its state; one of both is given.

    Attributes:
        config: a key of the stack's configuration, in full: `alerts:slack`, set by
            `pulumi config set --secret`.
        env: a variable of whoever reconciles, such as a secret of the pipeline.

    """

    config: str = ""
    env: str = ""

    def __post_init__(self) -> None:
        """Refuse both, and neither."""
        if bool(self.config) == bool(self.env):
            raise DeclarationError("a SecretReference has either config or env")
        if self.config and ":" not in self.config:
            raise DeclarationError(f"config: {self.config!r}: want the full key, as alerts:slack")

    def __str__(self) -> str:
        return self.config or f"${self.env}"


@dataclass(frozen=True, kw_only=True)
class AlertArgs:
    """Arguments of `Alert`.

    Attributes:
        type: what is told to; docs/alerts.md has the services that Apprise knows.
        address: its URL. One that Apprise takes holds a token, so it is a reference.
        hmac_key: the key by which a `generic` webhook is signed, SHA-256; by default it is not.
        event_severity: `info` for everything, `error` for what went wrong and its recovery.
        event_sources: only what touches these components, as `HelmRelease/redis`, `*` for any
            name; by default everything.
        inclusion_list: regular expressions of which the message has to match one; by
            default none is asked for.
        exclusion_list: regular expressions of which the message may match none.
        summary: what is added to each message, such as whom to call.

    """

    type: AlertType | Literal["generic", "alertmanager", "apprise"]
    address: str | SecretReference
    hmac_key: SecretReference | None = None
    event_severity: Literal["info", "error"] = "info"
    event_sources: Sequence[str] = ()
    inclusion_list: Sequence[str] = ()
    exclusion_list: Sequence[str] = ()
    summary: str = ""


class Alert(Component):
    """Who is told of the stack's deployments, drift, rollbacks and suspensions.

    Makes no object: `sluice` reads it from the stack's state and sends the
    events itself. Answers to Flux's `Provider` and `Alert` in one.

    Attributes:
        args: what it was declared with.

    """

    def __init__(
        self, name: str, args: AlertArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the alert `name`."""
        super().__init__("notification:Alert", name, opts)
        self.args = args
        try:
            _check(args)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.register_outputs({"declaration": json.dumps(self.as_dict())})

    def as_dict(self) -> dict[str, Any]:
        """Return the declaration as JSON, in which no secret is."""
        return {"name": self.name, **asdict(self.args), "type": str(self.args.type)}


def _check(args: AlertArgs) -> None:
    if str(args.type) not in set(AlertType):
        raise DeclarationError(f"type: {args.type!r} is none of {', '.join(AlertType)}")
    if args.event_severity not in ("info", "error"):
        raise DeclarationError(f"event_severity: {args.event_severity!r} is neither info nor error")
    if args.hmac_key and args.type != AlertType.GENERIC:
        raise DeclarationError("hmac_key: only a generic webhook is signed")
    for name in ("event_sources", "inclusion_list", "exclusion_list"):
        fields.texts(name, getattr(args, name))
    for source in args.event_sources:
        if not re.fullmatch(r"[A-Za-z]+/\S+", source):
            raise DeclarationError(f"event_sources: {source!r}: want KIND/NAME or KIND/*")
    for name in ("inclusion_list", "exclusion_list"):
        _check_patterns(name, getattr(args, name))
    if isinstance(args.address, str):
        _check_address(args)


def _check_patterns(name: str, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise DeclarationError(
                f"{name}: {pattern!r} is no regular expression: {error}"
            ) from None


def _check_address(args: AlertArgs) -> None:
    if args.type == AlertType.APPRISE:
        raise DeclarationError(
            "address: a URL of Apprise holds a token; keep it in the stack's configuration or in a "
            "variable, and give a SecretReference"
        )
    address = urlsplit(str(args.address))
    if address.scheme not in ("http", "https") or not address.hostname:
        raise DeclarationError(f"address: {args.address!r} is no http URL")
    if address.password or address.username:
        raise DeclarationError("address: it holds a password; give a SecretReference")
