"""Typed fields of a custom resource: Python names here, the API's names in the manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from components.errors import DeclarationError

__all__ = ["Typed", "api_name", "is_set", "named"]

_NAME: Final = "field"


def named(name: str) -> dict[str, str]:
    """Give a dataclass field the API's name, where that is not its own in camel case."""
    return {_NAME: name}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A part of a custom resource.

    Attributes:
        extra: fields that a newer definition of the resource has, by the API's names.

    Raises:
        DeclarationError: where `extra` has a field that is an argument of its own.

    """

    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arguments = {api_name(each): each.name for each in dataclasses.fields(self)}
        for name in self.extra:
            if name in arguments:
                raise DeclarationError(
                    f"{type(self).__name__}: extra: {name} is the argument {arguments[name]}"
                )

    def as_fields(self) -> dict[str, Any]:
        """Return what is set, by the API's names."""
        own = {
            api_name(each): _plain(getattr(self, each.name))
            for each in dataclasses.fields(self)
            if each.name != "extra" and is_set(getattr(self, each.name))
        }
        return {**own, **self.extra}

    def refusal(self, problem: object) -> DeclarationError:
        """Return the error for what is wrong with this part."""
        return DeclarationError(f"{type(self).__name__}: {problem}")


def is_set(value: Any) -> bool:
    """Whether an argument says something: not None, not empty."""
    return value is not None and not (isinstance(value, (str, Mapping, Sequence)) and not value)


def api_name(each: dataclasses.Field[Any]) -> str:
    """Return what the API calls a field."""
    if _NAME in each.metadata:
        return str(each.metadata[_NAME])
    first, *rest = each.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    if isinstance(value, Typed):
        return value.as_fields()
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
