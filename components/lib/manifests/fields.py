"""Fields that a person writes, checked by Kubernetes' own rules before anything is applied.

Each function returns its value unchanged (or parsed), or raises
`DeclarationError` naming the field. An `Output` is known only while Pulumi
runs, so it passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from components.errors import DeclarationError

__all__ = [
    "choice",
    "dns_label",
    "dns_subdomain",
    "duration",
    "image",
    "image_name",
    "is_output",
    "mapping",
    "port",
    "quantity",
    "release_name",
    "replicas",
    "texts",
]

T = TypeVar("T")

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
)
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?")
_DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?")
_DURATION_PART = re.compile(r"(\d+)([hms])")
_RELEASE_NAME = 53
_SECONDS = {"h": 3600, "m": 60, "s": 1}

# The grammar of distribution/reference: [host[:port]/]path[:tag][@digest].
_IMAGE = re.compile(
    r"(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?)/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?P<tag>:[\w][\w.-]{0,127})?(?P<digest>@sha256:[0-9a-f]{64})?"
)


def dns_label(field: str, value: str) -> str:
    """A DNS label (RFC 1123), as names of namespaces and services are: `my-app`."""
    return _matching(
        _DNS_LABEL, field, value, "lower-case letters, digits and '-', at most 63 long"
    )


def dns_subdomain(field: str, value: str) -> str:
    """A DNS subdomain (RFC 1123), as names of most objects and hosts are: `app.example.org`."""
    return _matching(
        _DNS_SUBDOMAIN, field, value, "lower-case letters, digits, '-' and '.', at most 253 long"
    )


def quantity(field: str, value: T) -> T:
    """A resource quantity, such as `250m`, `128Mi` or `2`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return _matching(_QUANTITY, field, value, "a quantity such as 250m, 128Mi or 2")


def image(field: str, value: T) -> T:
    """An image reference with a tag or a digest: `registry.local:5000/team/app:1.2@sha256:…`."""
    _matching(_IMAGE, field, value, "an image such as registry.local/team/app:1.2.3")
    if isinstance(value, str):
        parts = _IMAGE.fullmatch(value)
        if parts and not (parts["tag"] or parts["digest"]):
            raise DeclarationError(
                f"{field}: {value!r} has no tag and no digest, so a commit would not say what "
                f"runs; write {value}:VERSION"
            )
    return value


def image_name(field: str, value: T) -> T:
    """An image's name without tag and digest: `registry.local:5000/team/app`."""
    _matching(_IMAGE, field, value, "an image's name such as registry.local/team/app")
    if isinstance(value, str):
        parts = _IMAGE.fullmatch(value)
        if parts and (parts["tag"] or parts["digest"]):
            raise DeclarationError(f"{field}: {value!r} has a tag or digest; leave them out")
    return value


def duration(field: str, value: str) -> int:
    """A duration as Flux writes it (`90s`, `5m`, `1h30m`), in seconds."""
    if not isinstance(value, str) or not value or not _DURATION.fullmatch(value):
        raise DeclarationError(f"{field}: {value!r} is not a duration such as 90s, 5m or 1h30m")
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))


def port(field: str, value: int) -> int:
    """A port number, 1 to 65535."""
    return _within(field, value, 1, 65535)


def replicas(field: str, value: int) -> int:
    """A number of replicas, 0 or more."""
    return _within(field, value, 0, 2**31 - 1)


def release_name(field: str, value: str) -> str:
    """A name that Helm takes for a release: a DNS label of at most 53 characters."""
    if len(dns_label(field, value)) > _RELEASE_NAME:
        raise DeclarationError(f"{field}: {value!r} is longer than Helm's {_RELEASE_NAME}")
    return value


def mapping(field: str, value: T) -> T:
    """A map of values by name."""
    if not isinstance(value, Mapping):
        raise DeclarationError(f"{field}: want a map, got {value!r}")
    return value


def texts(field: str, value: Sequence[str]) -> Sequence[str]:
    """A list of texts; a text alone would be taken for its letters."""
    if isinstance(value, str):
        raise DeclarationError(f"{field}: {value!r} is a text, want a list of texts")
    return value


def choice(field: str, value: str, choices: type[StrEnum]) -> str:
    """One of an enumeration's words."""
    words = [str(word) for word in choices]
    if value not in words:
        raise DeclarationError(f"{field}: {value!r} is none of {', '.join(words)}")
    return value


def _within(field: str, value: int, low: int, high: int) -> int:
    if is_output(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DeclarationError(f"{field}: {value!r} is not a whole number from {low} to {high}")
    return value


def _matching(pattern: re.Pattern[str], field: str, value: T, wanted: str) -> T:
    if is_output(value):
        return value
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DeclarationError(f"{field}: {value!r} is not {wanted}")
    return value


def is_output(value: Any) -> bool:
    """Whether a value is a Pulumi output, known only while Pulumi runs."""
    # Duck-typed: an isinstance check would import pulumi into pure code.
    return hasattr(value, "apply") and hasattr(value, "future")
