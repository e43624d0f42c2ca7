from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice.backend.home import quiet_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "users"
    monkeypatch.setenv("PULUMI_HOME", str(home))
    return home


def test_plugins_and_the_login_are_the_user_s(tmp_path: Path, users: Path) -> None:
    home = quiet_home(tmp_path / ".sluice")
    (users / "plugins" / "resource-kubernetes").mkdir()
    (users / "credentials.json").write_text("{}")
    assert (home / "plugins" / "resource-kubernetes").is_dir()
    assert (home / "credentials.json").read_text() == "{}"


@pytest.mark.usefixtures("users")
def test_no_folder_for_logs_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        (quiet_home(tmp_path / ".sluice") / "logs").mkdir(exist_ok=True)


@pytest.mark.usefixtures("users")
def test_it_is_the_same_in_a_shell_that_has_it_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = quiet_home(tmp_path / ".sluice")
    monkeypatch.setenv("PULUMI_HOME", str(home))
    assert quiet_home(tmp_path / ".sluice") == home
    assert (home / "plugins").is_dir()
