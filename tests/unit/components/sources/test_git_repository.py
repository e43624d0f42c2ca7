from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components import (
    GitRef,
    GitRepository,
    GitRepositoryArgs,
    HelmRelease,
    HelmReleaseArgs,
    Kustomization,
    KustomizationArgs,
)
from components.lib.artifacts.git_source import GitRequest
from components.lib.registry.access import Access
from components.runtime.answers import LOCKED

if TYPE_CHECKING:
    from conftest import Declare, FakeLock

URL = "https://gitea.local/team/base"


@pytest.fixture
def files(charts: FakeLock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The files of whatever source is asked for."""
    root = tmp_path / "source"
    (root / "charts" / "web").mkdir(parents=True)
    (root / "charts" / "web" / "Chart.yaml").write_text("version: 1.2.3")
    (root / "web").mkdir()
    monkeypatch.setattr(charts, "files", lambda _request: root)
    monkeypatch.chdir(tmp_path)
    return root


def source(**arguments: Any) -> GitRepository:
    return GitRepository("team", GitRepositoryArgs(url=URL, **arguments))


def test_a_source_asks_the_lock_for_its_ref_and_makes_no_object(
    declare: Declare, charts: FakeLock
) -> None:
    registered = declare(lambda: source(ref=GitRef(semver="1.x"), ca_file=__file__))
    assert charts.requests == [GitRequest(name="team", url=URL, ref="semver 1.x")]
    assert registered.objects() == []
    assert registered.outputs["GitRepository team"]["url"] == URL


def test_its_password_is_a_secret_of_the_stacks_configuration(
    declare: Declare, charts: FakeLock
) -> None:
    declare(
        lambda: source(secret="token", username="ada"),  # noqa: S106 - a key's name
        config={"infrastructure:token": "s3cret"},
    )
    (asked,) = charts.requests
    assert isinstance(asked, GitRequest)
    assert asked.access == Access(username="ada", password="s3cret")  # noqa: S106


def test_a_kustomization_and_a_release_take_its_files(
    declare: Declare, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(
        "components.kustomize.kustomization.build", lambda folder, _: built.append(folder) or []
    )

    def program() -> None:
        team = source()
        Kustomization("web", KustomizationArgs(path="./web", source=team))
        arguments = HelmReleaseArgs(chart="./charts/web", repository=team, namespace="web")
        HelmRelease("web", arguments)

    registered = declare(program)
    assert built == [files / "web"]
    release = registered.one("Release")
    assert release["chart"] == "./source/charts/web"
    assert release["version"] == "1.2.3"


def test_where_nothing_is_fetched_a_kustomization_has_no_objects(declare: Declare) -> None:
    registered = declare(
        lambda: Kustomization("web", KustomizationArgs(path="./web", source=source()))
    )
    assert registered.outputs["Kustomization web"]["objects"] == 0


@pytest.mark.parametrize("path", ["../secret", "none"])
def test_a_path_out_of_the_source_is_refused(
    refused: Callable[..., str], files: Path, path: str
) -> None:
    (files.parent / "secret").mkdir()
    error = refused(lambda: Kustomization("web", KustomizationArgs(path=path, source=source())))
    assert f"Kustomization 'web': path: the source has no {path!r}" in error


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"ref": GitRef()}, "ref: give one of branch, tag, semver, commit and name"),
        ({"ref": GitRef(branch="a", tag="b")}, "ref: give one of branch, tag"),
        ({"ref": GitRef(commit="abc")}, "ref: 'abc' is no commit: 40 hex digits"),
        ({"ref": GitRef(semver="one")}, "one"),
        ({"ca_file": "none.pem"}, "ca_file: 'none.pem' is not a file here"),
        ({"secret": "none"}, "infrastructure:none is not set"),
    ],
)
def test_a_wrong_source_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, arguments: dict[str, Any], problem: str
) -> None:
    error = refused(lambda: source(**arguments))
    assert error.startswith(f"{here}:")
    assert "GitRepository 'team': " in error
    assert problem in error


@pytest.mark.parametrize("url", ["git@gitea.local:team/base", "https://ada:token@gitea.local/a"])
def test_a_url_is_one_without_a_password(refused: Callable[..., str], url: str) -> None:
    error = refused(lambda: GitRepository("team", GitRepositoryArgs(url=url)))
    assert "does not start with https://" in error or "has a user or password in it" in error
    assert "token" not in error


def test_it_is_the_lock_that_names_its_revision(declare: Declare, charts: FakeLock) -> None:
    made: list[GitRepository] = []
    declare(lambda: made.append(source(ref=GitRef(commit="a" * 40))))
    assert LOCKED.get() is charts
    assert made[0].revision == f"sha1:{'0' * 40}"
