from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from components.lib.locks.lock import Lock
from components.lib.locks.locked_chart import ChartRequest
from components.runtime.answers import lock_file
from sluice.backend.pulumi import Pulumi
from sluice.cli import cli
from sluice.commands.compare import compare
from sluice.commands.lock import lock
from sluice.errors import DeploymentError, RepositoryError
from sluice.locks import next_lock as locking
from sluice.stack.settings import Settings

if TYPE_CHECKING:
    from sluice.stack.repository import Repository


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart is downloaded and no directory rendered."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dashboard-ci"}}
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [manifest])


def run(command: Any, *arguments: str, on: Repository) -> str:
    result = CliRunner().invoke(command, arguments, obj=on, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("verb", cli.list_commands(click.Context(cli)))
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert f"sluice {verb}" in result.output.partition("Example:")[2] or verb == "env"
    assert "Example:" in result.output


def test_comparing_shows_what_one_stack_declares_otherwise(platform: Repository) -> None:
    output = run(compare, "staging", "prod", on=platform)
    assert "--- Deployment ci-agents/ci-agents\n" in output
    assert "-  replicas: 2\n" in output
    assert "+  replicas: 4\n" in output
    for sign, stack in (("-", "staging"), ("+", "prod")):
        redis = Lock.load(lock_file(platform.root, stack)).charts["redis"]
        assert f"{sign}version: {redis.version}\n" in output
    assert "--- Namespace" not in output


def test_comparing_shows_what_only_one_stack_has(platform: Repository) -> None:
    output = run(compare, "dev", "staging", on=platform)
    assert "--- /dev/null\n+++ Release gitea\n" in output


def test_a_stack_compared_with_itself_declares_the_same(platform: Repository) -> None:
    assert run(compare, "dev", "dev", on=platform) == "dev and dev declare the same\n"


def test_comparing_with_an_unknown_stack_is_an_error(platform: Repository) -> None:
    with pytest.raises(RepositoryError, match="there is no stack 'qa'"):
        run(compare, "dev", "qa", on=platform)


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where anything is looked up."""
    monkeypatch.setattr(locking, "look_ups_of", lambda *_: {})


@pytest.mark.usefixtures("unasked")
def test_the_committed_locks_fit_what_the_stacks_declare(platform: Repository) -> None:
    assert run(lock, "--check", on=platform) == (
        "dev: the lock fits\nstaging: the lock fits\nprod: the lock fits\n"
    )


@pytest.mark.usefixtures("unasked")
def test_a_lock_that_fits_is_told_without_the_passphrase(
    platform: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Pulumi) -> dict[str, str]:
        raise DeploymentError("there is no passphrase")

    monkeypatch.setattr(Pulumi, "secret_settings", refuse)
    monkeypatch.setattr(Settings, "has_secrets", True)
    assert run(lock, "dev", "--check", on=platform) == "dev: the lock fits\n"
    with pytest.raises(DeploymentError, match="no passphrase"):
        run(lock, "dev", "--upgrade", on=platform)


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_an_entry_that_nobody_asks_for_is_shown_and_the_file_left_alone(
    platform: Repository, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    file = lock_file(platform.root, "dev")
    before = file.read_text()
    charts = Lock.load(file).charts
    asked = [
        ChartRequest(name=name, source=chart.source, chart=chart.chart, range=chart.range)
        for name, chart in charts.items()
        if name != "redis"
    ]
    monkeypatch.setattr(locking, "requests", lambda *_: asked)
    result = CliRunner().invoke(lock, ["dev", option], obj=platform)
    assert "redis" in result.output
    assert charts["redis"].version in result.output
    assert file.read_text() == before
    if option == "--check":
        assert "the lock of dev does not fit; run `sluice lock`" in str(result.exception)
    else:
        assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "stacks", "upgraded"),
    [
        ([], ["dev", "staging", "prod"], ()),
        (["--upgrade"], ["dev", "staging", "prod"], None),
        (
            ["prod", "--upgrade", "redis", "charts/keda", "--dry-run"],
            ["prod"],
            ["redis", "charts/keda"],
        ),
        (["--dry-run", "--upgrade", "redis"], ["dev", "staging", "prod"], ["redis"]),
    ],
)
def test_the_names_to_upgrade_follow_the_option_and_stacks_come_before_it(
    platform: Repository,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    stacks: list[str],
    upgraded: Any,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        "sluice.commands.lock.next_locks",
        lambda stacks, names: asked.extend([list(map(str, stacks)), names]) or [],
    )
    monkeypatch.chdir(platform.root)
    run(lock, *arguments, on=platform)
    assert asked == [stacks, upgraded]
