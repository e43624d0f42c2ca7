from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sluice.errors import RepositoryError
from sluice.stack.repository import Repository

if TYPE_CHECKING:
    from conftest import MakeRepository


def test_this_repository_deploys_dev_then_staging_then_prod(platform: Repository) -> None:
    assert platform.project == "infrastructure"
    assert platform.stacks == ["dev", "staging", "prod"]


def test_each_stack_comes_after_the_one_that_it_follows(repository: MakeRepository) -> None:
    found = repository(a="b", b="z", z="")
    assert found.stacks == ["z", "b", "a"]
    assert [stack.name for stack in found.chosen(())] == ["z", "b", "a"]
    assert [stack.name for stack in found.chosen(("a", "z"))] == ["z", "a"]


def test_files_beside_the_configurations_are_no_stacks(repository: MakeRepository) -> None:
    found = repository(dev="")
    for name in ("dev.lock.yaml", "Pulumi.dev.backup.yaml", "dev.py"):
        (found.root / "stacks" / name).touch()
    assert found.stacks == ["dev"]


@pytest.mark.parametrize(
    ("follows", "problem"),
    [
        ({"a": "b", "b": "a"}, "stacks/: the stacks follow each other: "),
        ({"a": "a"}, "stacks/: the stacks follow each other: a -> a"),
        ({"a": "qa"}, "stacks/Pulumi.a.yaml: follows 'qa', which is no stack"),
    ],
)
def test_stacks_without_an_order_are_an_error(
    repository: MakeRepository, follows: dict[str, str], problem: str
) -> None:
    with pytest.raises(RepositoryError) as refusal:
        _ = repository(**follows).stacks
    assert problem in str(refusal.value)


def test_an_unknown_stack_is_an_error_that_names_those_that_there_are(
    repository: MakeRepository,
) -> None:
    with pytest.raises(RepositoryError, match="there is no stack 'qa'; there are: dev, prod"):
        repository(dev="", prod="dev").chosen(("dev", "qa"))


def test_a_setting_is_the_stack_s_or_the_project_s_default(repository: MakeRepository) -> None:
    found = repository(dev="")
    settings = found.settings("dev")
    assert settings.context == "dev-cluster"
    assert settings.config["infrastructure:agents"] == 1
    assert "infrastructure:none" not in settings.config


def test_a_repository_is_found_from_any_folder_below(repository: MakeRepository) -> None:
    root = repository(dev="").root
    (root / "docs" / "deep").mkdir(parents=True)
    assert Repository.find(root / "docs" / "deep") == Repository(root)


def test_outside_of_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"is not below a directory with a Pulumi\.yaml"):
        Repository.find(tmp_path)
