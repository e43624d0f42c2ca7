"""`sluice images update` and `sluice promote` as they are called."""

from __future__ import annotations

from collections.abc import Callable

import git
import pytest
from click.testing import CliRunner, Result

from components.errors import SluiceError
from sluice.cli import cli
from sluice.commands import images_update
from sluice.notification.event import Event
from sluice.stack.repository import Repository
from tests.unit.sluice.images.platform import Registry

Run = Callable[..., Result]


@pytest.fixture
def run(platform: Repository, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in the platform."""
    monkeypatch.chdir(platform.root)
    monkeypatch.delenv("GITEA_TOKEN", raising=False)
    for verb in ("images_update", "promote"):
        monkeypatch.setattr(f"sluice.commands.{verb}.enter", lambda _: None)

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, arguments)
        if result.exception and not isinstance(result.exception, (SluiceError, SystemExit)):
            raise result.exception
        return result

    return call


@pytest.mark.usefixtures("registry")
def test_a_dry_run_shows_changes_and_message_and_writes_nothing(
    run: Run, platform: Repository
) -> None:
    shown = run("images", "update", "--dry-run").output
    assert "dev/apps      apps/app.yaml" in shown
    assert "ImagePolicy flux-system/app" in shown
    assert "gitea.local/raibid/app:1.1.0@sha256:000000000000" in shown
    assert "\nchore(dev): update app 1.1.0\n" in shown
    assert git.Repo(platform.root).git.status("--porcelain") == ""


@pytest.mark.usefixtures("registry")
def test_without_a_forge_the_branch_is_pushed_and_said(run: Run) -> None:
    shown = run("images", "update", "--pr").output
    assert (
        "dev/apps: branch image-updates/dev-apps pushed; open a pull request from it to main"
        in shown
    )
    assert "image-updates/dev-apps as it was" in run("images", "update", "--pr").output


@pytest.mark.usefixtures("registry")
def test_nothing_new_is_a_line_and_no_failure(run: Run) -> None:
    assert run("images", "update", "--push").exit_code == 0
    result = run("images", "update", "--push")
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        ["dev/apps: every image is the newest that its policy allows"],
    )


def test_what_became_of_an_automation_is_told(
    run: Run, platform: Repository, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    monkeypatch.setattr(images_update, "publish", lambda _, event: told.append(event))
    for tags in (["1.1.0"], ["1.1.0"], ["9.9.9"]):
        registry.tags["gitea.local/raibid/app"] = tags
        run("images", "update", "--pr")
    pushed, unchanged, failed = told
    assert pushed.title == f"dev: images of apps pushed at {pushed.commit[:7]}"
    assert pushed.changes[0].startswith("update app to gitea.local/raibid/app:1.1.0@sha256:")
    newest = git.Repo(platform.root).commit("origin/main").hexsha
    assert (unchanged.result, unchanged.commit) == ("unchanged", newest)
    assert (failed.result, failed.severity, failed.commit) == ("failed", "error", newest)


@pytest.mark.parametrize(
    "arguments",
    [
        ("images", "update", "--push", "--pr"),
        ("promote", "dev", "staging", "--pr", "--dry-run"),
        ("promote",),
        ("promote", "dev"),
        ("promote", "dev", "staging", "--due"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_promotion_of_nothing_says_so(run: Run) -> None:
    result = run("promote", "dev", "staging", "--dry-run")
    assert (result.exit_code, result.output) == (0, "dev -> staging: nothing to carry\n")
    assert run("promote", "--due", "--pr").exit_code == 0
