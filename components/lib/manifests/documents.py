"""YAML as Kubernetes reads and writes it: only `true` and `false` are booleans, dates are text."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import DeclarationError
from components.lib.manifests.limits import check_aliases, check_size

__all__ = ["dump", "load", "load_all", "load_file", "load_values", "load_values_file", "read"]


class _Loader(yaml.CSafeLoader):
    """PyYAML's loader with the scalars of go-yaml, through which Kubernetes and kustomize read."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Read a map, whose keys are text in JSON."""
        return {_key(key): value for key, value in super().construct_mapping(node, deep).items()}


def _key(key: object) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def _integer(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> int | float:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    if digits.isdigit() and digits[0] == "0":
        # As Go reads it: octal where it can be, else decimal.
        octal = not set(digits) & {"8", "9"}
        return int(sign + digits, 8) if octal else float(text)
    value = int(text, 0)
    return value if -(2**63) <= value < 2**64 else float(value)


def _float(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)).replace("_", ""))


def _boolean(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("true", "yes", "y", "on")


_TAG = "tag:yaml.org,2002:"
_INTEGER = _TAG + "int"
_FLOAT = _TAG + "float"
_READ_OTHERWISE = {_TAG + name for name in ("timestamp", "bool", "int", "float", "value")}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _READ_OTHERWISE]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _TAG + "bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    _INTEGER,
    re.compile(r"^[-+]?(?:0[bB][01_]+|0[oO][0-7_]+|0[xX][0-9a-fA-F_]+|[0-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"^[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9][0-9_]*)?$"),
    list("-+.0123456789"),
)
_Loader.add_constructor(_INTEGER, _integer)
_Loader.add_constructor(_FLOAT, _float)


class _ValuesLoader(_Loader):
    """The same with the words of YAML 1.1 for booleans, which Helm has kept."""


_ValuesLoader.add_implicit_resolver(
    _TAG + "bool",
    re.compile(r"^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$"),
    list("yYoOnN"),
)
_ValuesLoader.add_constructor(_TAG + "bool", _boolean)


_BREAKS = re.compile("[\r\x85\u2028\u2029]")


class _Dumper(yaml.SafeDumper):
    """Quotes what any reader could take for something else; keeps lines of text as lines."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's
        """Write everything in full."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # What YAML 1.1 takes for a line break but \n is only safe as an escape.
    style = '"' if _BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar(_TAG + "str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.yaml_implicit_resolvers = {
    first: [
        resolver
        for each in (yaml.SafeDumper, _ValuesLoader)
        for resolver in each.yaml_implicit_resolvers.get(first, ())
    ]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_ValuesLoader.yaml_implicit_resolvers}
}


def dump(value: Any) -> str:
    """Return the value as a YAML document, keys in the order of the alphabet."""
    text: str = yaml.dump(_plain(value), Dumper=_Dumper, allow_unicode=True, width=100)
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # Pulumi's wire format has no whole numbers
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def load(text: str, *, where: str) -> Any:
    """Parse one YAML document.

    Raises:
        DeclarationError: naming `where` and the line that is not YAML.

    """
    return _parsed(text, _Loader, where)


def load_values(text: str, *, where: str) -> dict[str, Any]:
    """Parse values of a chart as Helm does, to which `on` and `no` are booleans.

    Raises:
        DeclarationError: naming `where`, where the text is not YAML or no map.

    """
    values = _parsed(text, _ValuesLoader, where) or {}
    if not isinstance(values, dict):
        raise DeclarationError(f"{where}: values are a map")
    return values


def load_all(text: str, *, where: str) -> Iterator[Any]:
    """Parse each document of a YAML stream, leaving out empty ones.

    Raises:
        DeclarationError: naming `where` and the line that is not YAML.

    """
    check_aliases(text, where=where)
    try:
        for document in yaml.load_all(text, Loader=_Loader):
            if document is not None:
                yield document
    except yaml.YAMLError as error:
        raise DeclarationError(f"{where}: not YAML: {_problem(error)}") from error


def load_file(path: Path) -> Any:
    """Parse a file of one YAML document.

    Raises:
        DeclarationError: where the file cannot be read or is not YAML.

    """
    return load(read(path), where=str(path))


def load_values_file(path: Path) -> dict[str, Any]:
    """Parse a file of a chart's values.

    Raises:
        DeclarationError: where the file cannot be read or holds no values.

    """
    return load_values(read(path), where=str(path))


def read(path: Path) -> str:
    """Return the text of a file.

    Raises:
        DeclarationError: where it cannot be read, is too large, or is not UTF-8.

    """
    check_size(path)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{path}: not UTF-8: {error.reason}") from error


def _parsed(text: str, loader: type[_Loader], where: str) -> Any:
    check_aliases(text, where=where)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise DeclarationError(f"{where}: not YAML: {_problem(error)}") from error


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}{getattr(error, 'problem', None) or error}"
