"""Git without touching the caller's working tree, on real repositories."""

from __future__ import annotations

from pathlib import Path

import git
import pytest

from sluice.checkout import Remote, checked_out
from sluice.errors import NoRemoteError, RepositoryError
from sluice.repository import Repository


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


@pytest.fixture
def platform(tmp_path: Path) -> Repository:
    """A checkout whose branch is at its remote."""
    git.Repo.init(tmp_path / "remote.git", bare=True, initial_branch="main")
    root = tmp_path / "platform"
    repo = git.Repo.clone_from(str(tmp_path / "remote.git"), root)
    repo.git.checkout("-B", "main")
    (root / "Pulumi.yaml").write_text("name: infrastructure\n")
    (root / ".gitignore").write_text("/.venv\n/.sluice\n")
    (root / ".sluice").mkdir()
    repo.git.add("--all")
    repo.git.commit("-m", "feat: a platform")
    repo.git.push("--set-upstream", "origin", "main")
    return Repository(root)


@pytest.fixture
def colleague(platform: Repository, tmp_path: Path) -> Repository:
    assert Remote.of(platform).branch == "main"
    git.Repo.clone_from(str(tmp_path / "remote.git"), tmp_path / "colleague")
    return Repository(tmp_path / "colleague")


def add(name: str, text: str = "") -> object:
    return lambda root: (root / name).write_text(text)


def test_a_colleagues_commit_is_fetched_without_touching_the_working_tree(
    platform: Repository, colleague: Repository
) -> None:
    (platform.root / "Pulumi.yaml").write_text("name: unsaved work\n")
    pushed = Remote.of(colleague).publish("feat: theirs", add("theirs"))

    newest = Remote.of(platform).fetch()

    assert newest == pushed
    assert (platform.root / "Pulumi.yaml").read_text() == "name: unsaved work\n"
    assert not (platform.root / "theirs").exists()


def test_a_checkout_is_the_commit_and_shares_the_local_state(platform: Repository) -> None:
    (platform.root / "Pulumi.yaml").write_text("name: unsaved work\n")
    (platform.local / "state").write_text("kept")
    with checked_out(platform, "HEAD") as checkout:
        assert checkout.project == "infrastructure"
        assert (checkout.local / "state").read_text() == "kept"
        assert not git.Repo(checkout.root).is_dirty(untracked_files=True)
    assert not checkout.root.exists()
    assert (platform.local / "state").read_text() == "kept"
    assert git.Repo(platform.root).git.worktree("list").count("\n") == 0


def test_what_a_killed_process_checked_out_is_removed_by_the_next(platform: Repository) -> None:
    left = platform.local / "worktrees" / "99999999-left"
    git.Repo(platform.root).git.worktree("add", "--detach", str(left), "HEAD")
    with checked_out(platform, "HEAD"):
        assert not left.exists()


def test_a_push_that_comes_too_late_is_done_again_on_top(
    platform: Repository, colleague: Repository
) -> None:
    rounds: list[Path] = []

    def edit(root: Path) -> None:
        rounds.append(root)
        if len(rounds) == 1:
            Remote.of(colleague).publish("feat: theirs", add("theirs"))
        (root / "ours").write_text("ours")

    Remote.of(platform).publish("feat: ours", edit)

    subjects = git.Repo(platform.root).git.log("--format=%s", "origin/main").splitlines()
    assert subjects == ["feat: ours", "feat: theirs", "feat: a platform"]
    assert len(rounds) == 2


def test_a_change_goes_to_a_branch_of_its_own(platform: Repository) -> None:
    remote = Remote.of(platform)
    main = remote.fetch()
    commit = remote.publish("fix: it", add("fixed"), branch="fix/it")
    heads = git.Repo(platform.root).git.ls_remote("--heads", "origin")
    assert f"{commit}\trefs/heads/fix/it" in heads
    assert f"{main}\trefs/heads/main" in heads


def test_a_branch_that_is_there_already_is_not_overwritten(platform: Repository) -> None:
    remote = Remote.of(platform)
    first = remote.publish("fix: it", add("fixed"), branch="fix/it")
    with pytest.raises(RepositoryError, match=r"origin/fix/it cannot be pushed: .*rejected"):
        remote.publish("fix: otherwise", add("other"), branch="fix/it")
    assert first in git.Repo(platform.root).git.ls_remote("--heads", "origin", "fix/it")


def test_an_edit_that_changes_nothing_is_no_commit(platform: Repository) -> None:
    remote = Remote.of(platform)
    assert remote.publish("chore: nothing", lambda _root: None) == remote.fetch()


def test_a_remotes_password_is_not_in_the_error(platform: Repository) -> None:
    url = "http://ada:hunter2@127.0.0.1:1/x.git"
    git.Repo(platform.root).remote("origin").set_url(url)
    with pytest.raises(RepositoryError) as refused:
        Remote.of(platform).fetch()
    assert "origin/main cannot be fetched" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_what_is_no_repository_has_no_remote_or_no_branch_is_refused(
    platform: Repository, tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryError, match="is not in a Git repository"):
        Remote.of(Repository(tmp_path / "plain"))
    repo = git.Repo(platform.root)
    repo.git.checkout("--detach")
    with pytest.raises(RepositoryError, match="no branch is checked out"):
        Remote.of(platform)
    repo.git.checkout("main")
    repo.delete_remote(repo.remote("origin"))
    with pytest.raises(NoRemoteError, match="has no remote"):
        Remote.of(platform)


def test_a_commit_that_is_not_there_is_named(platform: Repository) -> None:
    with (
        pytest.raises(RepositoryError, match="commit deadbeef cannot be checked out"),
        checked_out(platform, "deadbeef"),
    ):
        pass
