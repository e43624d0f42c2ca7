from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from components import Patch
from components.base.location import attribute_line, caller, function_line


class Sample:
    plain = 1
    annotated: int = 2


def test_the_caller_is_the_nearest_line_outside_of_the_components(here: str) -> None:
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    patch = Patch(kind="Pod", name="a", merge={})
    assert patch.where == f"{here}:{line}"
    assert caller().startswith(here)


def test_a_path_outside_of_the_working_directory_is_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert caller().startswith(f"{__file__}:")


def test_functions_and_attributes_are_found_by_line(here: str) -> None:
    lines = Path(__file__).read_text().splitlines()
    assert attribute_line(Sample, "plain") == f"{here}:{lines.index('    plain = 1') + 1}"
    assert (
        attribute_line(Sample, "annotated") == f"{here}:{lines.index('    annotated: int = 2') + 1}"
    )
    assert attribute_line(Sample, "none") == f"{here}:{lines.index('class Sample:') + 1}"
    assert function_line(test_functions_and_attributes_are_found_by_line).startswith(f"{here}:")


@pytest.fixture
def here(request: pytest.FixtureRequest) -> str:
    return str(request.path.relative_to(request.config.rootpath))
