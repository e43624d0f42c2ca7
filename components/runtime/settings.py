"""The scalars of a stack: `stacks/Pulumi.<stack>.yaml`, typed by the schema in `Pulumi.yaml`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import pulumi
from pulumi.runtime import config as runtime

from components.errors import DeclarationError
from components.lib.manifests import documents

__all__ = ["Setting", "check_settings"]

T = TypeVar("T")

_READERS: Mapping[type, str] = {
    str: "get",
    int: "get_int",
    bool: "get_bool",
    dict: "get_object",
    list: "get_object",
}


class Setting(Generic[T]):
    """An attribute of an environment whose value each stack's config file gives.

        class Platform(Environment):
            agents = Setting(int, "agents")     # <project>:agents

    The key's type, description and default stand in `Pulumi.yaml`. An overlay
    may set the attribute to a plain value instead.

    Raises:
        DeclarationError: when read, where the key is missing or of another type.

    """

    def __init__(self, kind: type[T], key: str) -> None:
        """Bind to `<project>:<key>`, read as `kind`."""
        self._kind = kind
        self._key = key

    @overload
    def __get__(self, owner: None, kind: type) -> Setting[T]: ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: object | None, kind: type) -> Setting[T] | T:
        """Read the key from the stack's configuration."""
        return self if owner is None else self.read()

    def read(self) -> T:
        """Return the value, or raise where there is none."""
        config = pulumi.Config()
        try:
            value = getattr(config, _READERS[self._kind])(self._key)
        except (pulumi.ConfigTypeError, ValueError) as error:
            raise DeclarationError(f"{_file()}: {config.full_key(self._key)}: {error}") from error
        if not isinstance(value, self._kind):
            problem = "is not set" if value is None else f"is {value!r}"
            raise DeclarationError(
                f"{_file()}: {config.full_key(self._key)} {problem}, want {self._kind.__name__}"
            )
        return value


def check_settings(root: Path) -> None:
    """Refuse a key of the project that `Pulumi.yaml` does not declare.

    Raises:
        DeclarationError: naming the stack's file, the key and the nearest declared one.

    """
    prefix = f"{pulumi.get_project()}:"
    declared = {_full(key, prefix) for key in _schema(root)}
    for key in {**runtime.get_config_env(), **runtime.CONFIG.get()}:
        if key.startswith(prefix) and key not in declared:
            close = difflib.get_close_matches(key, declared, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise DeclarationError(
                f"{_file()}: {key} is not declared under config in Pulumi.yaml{hint}"
            )


def _schema(root: Path) -> Mapping[str, Any]:
    project = documents.load_file(root / "Pulumi.yaml")
    schema: Mapping[str, Any] = project.get("config") or {}
    return schema


def _full(key: str, prefix: str) -> str:
    return key if ":" in key else prefix + key


def _file() -> str:
    return f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
