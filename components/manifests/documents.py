"""Reading YAML as Kubernetes does: only `true` and `false` are booleans, dates are text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from components.errors import DeclarationError

__all__ = ["load", "load_all", "load_file"]


class _Loader(yaml.CSafeLoader):
    """PyYAML's loader without the readings of YAML 1.1 that Kubernetes does not have."""


_UNWANTED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNWANTED]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    list("tTfF"),
)


def load(text: str, *, where: str) -> Any:
    """Parse one YAML document.

    Raises:
        DeclarationError: naming `where` and the line that is not YAML.

    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise DeclarationError(f"{where}: not YAML: {_problem(error)}") from error


def load_all(text: str, *, where: str) -> Iterator[Any]:
    """Parse each document of a YAML stream, leaving out empty ones.

    Raises:
        DeclarationError: naming `where` and the line that is not YAML.

    """
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
    try:
        return load(path.read_text(), where=str(path))
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}") from error


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}{getattr(error, 'problem', None) or error}"
