from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components import Setting
from components.runtime.settings import check_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare

SCHEMA = """\
name: infrastructure
config:
  agents: {type: integer}
  infrastructure:context: {type: string}
  aws:region: {type: string}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(SCHEMA)
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (str, "eu", "eu"),
        (int, "4", 4),
        (bool, "true", True),
        (dict, '{"a": [1]}', {"a": [1]}),
        (list, "[1, 2]", [1, 2]),
    ],
)
def test_a_setting_is_read_as_its_type(
    declare: Declare, kind: type, written: str, value: object
) -> None:
    seen: list[Any] = []
    config = {"infrastructure:key": written}
    declare(lambda: seen.append(Setting(kind, "key").read()), config=config)
    assert seen == [value]


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (int, "four", "infrastructure:key"),
        (int, "1.5", "infrastructure:key"),
        (bool, "yes", "infrastructure:key"),
        (dict, "{", "infrastructure:key"),
        (dict, "[1]", "infrastructure:key is [1], want dict"),
        (list, '{"a": 1}', "infrastructure:key is {'a': 1}, want list"),
        (str, None, "infrastructure:key is not set, want str"),
    ],
)
def test_a_setting_of_another_type_is_an_error_that_names_the_stack_s_file(
    refused: Callable[..., str], kind: type, written: str | None, problem: str
) -> None:
    config = {} if written is None else {"infrastructure:key": written}
    error = refused(lambda: Setting(kind, "key").read(), config=config, stack="prod")
    assert error.startswith("stacks/Pulumi.prod.yaml: ")
    assert problem in error


def test_declared_keys_and_those_of_others_pass(declare: Declare, root: Path) -> None:
    config = {
        "infrastructure:agents": "1",
        "infrastructure:context": "dev",
        "aws:region": "eu-west-1",
        "gcp:zone": "a",
    }
    assert declare(lambda: check_settings(root), config=config).error is None


def test_an_undeclared_key_is_refused_with_a_suggestion(
    refused: Callable[..., str], root: Path
) -> None:
    config = {"infrastructure:agent": "1"}
    assert refused(lambda: check_settings(root), config=config, stack="prod") == (
        "stacks/Pulumi.prod.yaml: infrastructure:agent is not declared under config in "
        "Pulumi.yaml; did you mean infrastructure:agents?"
    )
