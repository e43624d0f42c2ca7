from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sluice.commands.images_policy import policy

CASES = json.loads((Path(__file__).parents[3] / "data" / "semver-cases.json").read_text())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(policy, ["test", *arguments])


def answered(case: dict[str, Any]) -> str:
    result = run("-o", "json", "--", case["range"], *case["tags"])
    return "error" if result.exit_code else json.loads(result.stdout)["tag"] or ""


def test_the_command_selects_what_flux_selects_in_all_of_its_librarys_cases() -> None:
    assert [answered(case) for case in CASES] == [case["want"] for case in CASES]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["1.x", "1.4.2", "v1.10.0", "2.0.0"], "v1.10.0\n"),
        (
            ["1.x", "1.4.2-alpine", "1.5.0", "--filter", "^(.*)-alpine$", "--extract", "$1"],
            "1.4.2-",
        ),
        (["3.x", "1.4.2"], "none of 1 tags satisfies 3.x\n"),
        (["1.x"], "none of 0 tags satisfies 1.x\n"),
    ],
)
def test_the_selected_tag_is_printed(arguments: list[str], printed: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert result.output.startswith(printed)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["newest", "1.4.2"], "'newest' is not a version range"),
        (["1.x", "1.4.2", "--filter", "("], "'(' is not a regular expression of Go's"),
        (["1.x", "1.4.2", "--extract", "$1"], "--extract needs --filter"),
    ],
)
def test_a_wrong_policy_is_refused(arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.exit_code
    assert problem in f"{result.output} {result.exception}"
