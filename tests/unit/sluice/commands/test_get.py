from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from sluice.cli import cli
from sluice.commands import get as verb
from sluice.errors import RepositoryError
from sluice.stack.stack import Stack
from sluice.status.rows import component_rows, stack_row
from tests.unit.sluice.stack_data import DEPLOYED, live

if TYPE_CHECKING:
    from conftest import MakeRepository

    from sluice.stack.repository import Repository


@pytest.fixture(autouse=True)
def shop(repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of dev and prod, both deployed; in prod redis is not there."""
    checkout = repository(dev="", prod="dev")
    monkeypatch.chdir(checkout.root)
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    monkeypatch.setattr(verb, "enter", lambda _: None)

    def deployed(stack: str) -> Any:
        return type(DEPLOYED)(stack, DEPLOYED.components, DEPLOYED.history)

    def found(stack: str) -> Any:
        return live() if stack == "dev" else live(StatefulSet=[])

    def rows(stacks: list[Stack]) -> Any:
        return [row for s in map(str, stacks) for row in component_rows(deployed(s), found(s), [])]

    def stack_rows(stacks: list[Stack]) -> Any:
        return [stack_row(deployed(s), found(s), []) for s in map(str, stacks)]

    monkeypatch.setattr(verb, "deployed_rows", rows)
    monkeypatch.setattr(verb, "_stack_rows", stack_rows)
    return checkout


def get(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["get", *arguments])


def names(*arguments: str) -> list[str]:
    result = get(*arguments, "-o", "name")
    assert result.exit_code == 0, result.output
    return result.output.split()


@pytest.mark.parametrize("word", ["helmreleases", "helmrelease", "hr"])
def test_a_kind_is_named_as_flux_names_it(word: str) -> None:
    assert names(word, "--stack", "dev") == ["helmrelease/redis"]


def test_every_stack_is_shown_unless_one_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names("stacks") == ["stack/dev", "stack/prod"]
    monkeypatch.setenv("PULUMI_STACK", "prod")
    assert names("stacks") == ["stack/prod"]
    assert names("stacks", "-A") == ["stack/dev", "stack/prod"]
    assert names("stacks", "--stack", "dev") == ["stack/dev"]


def test_only_what_has_a_status_is_shown() -> None:
    assert names("all", "--status-selector", "ready=false") == ["helmrelease/redis"]
    assert names("stacks", "--status-selector", "ready=true") == ["stack/dev"]
    assert names("all", "--status-selector", "suspended=true") == []


def test_one_is_shown_by_its_name_in_each_stack() -> None:
    shown = json.loads(get("all", "redis", "-o", "json").output)
    assert [(row["stack"], row["ready"]) for row in shown] == [("dev", True), ("prod", False)]


def test_sources_are_the_repositories() -> None:
    assert names("sources", "--stack", "dev") == ["helmrepository/charts"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("cows",), "'cows' is not one of 'all', 'stacks'"),
        (("all", "--status-selector", "colour=red"), "is not ready= or suspended="),
        (("all", "-A", "--stack", "dev"), "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], reason: str) -> None:
    result = get(*arguments)
    assert result.exit_code == 2
    assert reason in result.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("hr", "web"), "dev, prod: among helmreleases there is no 'web'"),
        (("all", "--stack", "qa"), "there is no stack 'qa'; there are: dev, prod"),
        (("stacks", "qa"), "there is no stack 'qa'; there are: dev, prod"),
    ],
)
def test_what_is_not_there_is_an_error(arguments: tuple[str, ...], reason: str) -> None:
    error = get(*arguments).exception
    assert isinstance(error, RepositoryError)
    assert reason in str(error)


def test_watching_shows_each_row_that_changes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter([live(), live(), live(StatefulSet=[]), live(StatefulSet=[])])

    class EnoughError(Exception):
        pass

    def rows(*_: object) -> Any:
        found = next(states, None)
        if found is None:
            raise EnoughError
        return component_rows(DEPLOYED, found, [])

    monkeypatch.setattr(verb, "deployed_rows", rows)
    monkeypatch.setattr(verb.time, "sleep", lambda _: None)
    result = get("all", "--stack", "dev", "--watch")
    assert isinstance(result.exception, EnoughError)
    lines = result.output.splitlines()
    assert len(lines) == 1 + 4 + 1
    assert "StatefulSet shop/redis-master: not there" in lines[-1]
