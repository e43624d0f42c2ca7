"""What an author imports: one name a thing, and each leads to where it is defined."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import components


def seen_by_an_editor() -> Iterator[tuple[str, str]]:
    """The names that only type checkers import, with their modules."""
    source = ast.parse(Path(components.__file__ or "").read_text())
    for block in source.body:
        if isinstance(block, ast.If):
            for line in block.body:
                assert isinstance(line, ast.ImportFrom)
                yield from ((alias.name, line.module or "") for alias in line.names)


def test_an_editor_and_a_program_find_the_same_names() -> None:
    assert dict(seen_by_an_editor()) == components._MODULES
    assert sorted(components.__all__) == sorted(components._MODULES)


@pytest.mark.parametrize("name", components.__all__)
def test_a_name_is_imported_from_the_module_that_defines_it(name: str) -> None:
    module = import_module(components._MODULES[name])
    assert name in module.__all__
    assert getattr(components, name) is getattr(module, name)
