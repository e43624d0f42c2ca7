"""Git without touching the caller's working tree, on real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import git
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sluice.errors import NoRemoteError, RepositoryError
from sluice.git.committer import Committer
from sluice.git.remote import Remote
from sluice.git.worktree import checked_out
from sluice.stack.repository import Repository


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


def test_a_checkout_knows_its_commit_however_git_names_it(platform: Repository) -> None:
    for name in ("HEAD", "main", "main@{now}"):
        with checked_out(platform, name) as checkout:
            assert checkout.commit == git.Repo(platform.root).head.commit.hexsha


def test_what_a_killed_process_checked_out_is_removed_by_the_next(platform: Repository) -> None:
    folder = platform.local / "worktrees"
    # In a container, where each run has the same number.
    left = folder / f"{os.getpid()}-left"
    git.Repo(platform.root).git.worktree("add", "--detach", str(left), "HEAD")
    # As Git leaves it when it is killed meanwhile.
    (platform.root / ".git" / "worktrees" / left.name / "locked").write_text("initializing")
    with checked_out(platform, "HEAD") as checkout:
        assert not left.exists()
        with checked_out(platform, "HEAD"):
            assert checkout.root.exists()
    assert not list(folder.iterdir())
    assert not list((platform.root / ".git" / "worktrees").glob("*"))


def test_a_killed_run_s_checkout_is_removed_by_the_next(platform: Repository) -> None:
    script = (
        "import os, pathlib, signal\n"
        "from sluice.git.worktree import checked_out\n"
        "from sluice.stack.repository import Repository\n"
        f"with checked_out(Repository(pathlib.Path({str(platform.root)!r})), 'HEAD'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    (left,) = [each for each in (platform.local / "worktrees").iterdir() if each.is_dir()]
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


BOT = Committer(name="Bot", mail="bot@example.com")


def head_of(remote: Remote, branch: str) -> git.Commit:
    repo = git.Repo(remote.repository.root)
    repo.git.fetch(remote.name, f"+refs/heads/{branch}:refs/remotes/{remote.name}/{branch}")
    return repo.commit(f"{remote.name}/{branch}")


def test_a_message_is_asked_for_after_the_edit(platform: Repository) -> None:
    said: list[str] = []

    def edit(root: Path) -> None:
        (root / "new").write_text("")
        said.append("feat: new")

    remote = Remote.of(platform)
    remote.publish(lambda: said[-1], edit)
    assert head_of(remote, "main").message == "feat: new\n"


def test_a_commit_is_its_committers_and_signed_off(platform: Repository) -> None:
    remote = Remote.of(platform)
    bot = Committer(name="Bot", mail="bot@example.com", sign_off=True)
    remote.publish("feat: new", add("new"), committer=bot)
    commit = head_of(remote, "main")
    assert {str(commit.author), str(commit.committer)} == {"Bot"}
    assert commit.message == "feat: new\n\nSigned-off-by: Bot <bot@example.com>\n"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="Git signs with ssh-keygen")
def test_a_commit_is_signed_with_an_ssh_key(platform: Repository, tmp_path: Path) -> None:
    key = tmp_path / "key"
    pair = ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.OpenSSH
    plain = serialization.NoEncryption()
    key.write_bytes(pair.private_bytes(serialization.Encoding.PEM, form, plain))
    key.chmod(0o600)
    public = pair.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    key.with_suffix(".pub").write_bytes(public)
    remote = Remote.of(platform)
    bot = Committer(name="Bot", mail="bot@example.com", key=str(key), key_type="ssh")

    remote.publish("feat: new", add("new"), committer=bot)

    signed = git.Repo(platform.root).git.cat_file("commit", "origin/main")
    assert "\ngpgsig -----BEGIN SSH SIGNATURE-----\n" in signed


def test_a_key_that_git_does_not_have_pushes_nothing(platform: Repository) -> None:
    remote = Remote.of(platform)
    before = remote.fetch()
    bot = Committer(name="Bot", mail="bot@example.com", key="/nowhere/key", key_type="ssh")
    with pytest.raises(RepositoryError, match="the commit cannot be made"):
        remote.publish("feat: new", add("new"), committer=bot)
    assert remote.fetch() == before


def test_a_branch_is_made_anew_when_what_it_carries_changes(platform: Repository) -> None:
    remote = Remote.of(platform)
    first, pushed = remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)
    second, again = remote.republish("feat: two", add("new", "2"), "auto", committer=BOT)

    assert (pushed, again) == (True, True)
    assert head_of(remote, "auto").hexsha == second != first
    assert [str(parent) for parent in head_of(remote, "auto").parents] == [remote.fetch()]


def test_a_branch_that_carries_the_same_is_left_as_it_is(platform: Repository) -> None:
    remote = Remote.of(platform)
    first, _ = remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)
    assert remote.republish("feat: one", add("new", "1"), "auto", committer=BOT) == (first, False)


def test_a_branch_is_rebased_when_the_stacks_branch_moved(
    platform: Repository, colleague: Repository
) -> None:
    remote = Remote.of(platform)
    remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)
    moved = Remote.of(colleague).publish("feat: theirs", add("theirs"))

    remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)

    assert [parent.hexsha for parent in head_of(remote, "auto").parents] == [moved]


def test_nothing_to_commit_makes_no_branch(platform: Repository) -> None:
    remote = Remote.of(platform)
    newest = remote.fetch()
    assert remote.republish("feat: one", lambda _root: None, "auto") == (newest, False)
    assert git.Repo(platform.root).git.ls_remote("origin", "refs/heads/auto") == ""


def test_commits_of_others_on_the_branch_are_not_lost(
    platform: Repository, colleague: Repository
) -> None:
    remote = Remote.of(platform)
    remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)
    theirs = git.Repo(colleague.root)
    theirs.git.fetch()
    theirs.git.checkout("auto")
    (colleague.root / "by-hand").write_text("mended")
    theirs.git.add("--all")
    theirs.git.commit("-m", "fix: by hand")
    theirs.git.push("origin", "auto")

    with pytest.raises(RepositoryError, match=r"origin/auto has commit \w{7} of Ada, which making"):
        remote.republish("feat: two", add("new", "2"), "auto", committer=BOT)

    assert head_of(remote, "auto").message == "fix: by hand\n"


def test_a_merge_of_the_stacks_branch_is_nobodys_work(
    platform: Repository, colleague: Repository
) -> None:
    remote = Remote.of(platform)
    remote.republish("feat: one", add("new", "1"), "auto", committer=BOT)
    Remote.of(colleague).publish("feat: theirs", add("theirs"))
    theirs = git.Repo(colleague.root)
    theirs.git.fetch()
    theirs.git.checkout("auto")
    theirs.git.merge("--no-edit", "origin/main")
    theirs.git.push("origin", "auto")

    remote.republish("feat: two", add("new", "2"), "auto", committer=BOT)

    assert head_of(remote, "auto").message == "feat: two\n"


@pytest.mark.parametrize("method", ["publish", "republish"])
def test_a_push_that_is_refused_says_why_and_changes_nothing(
    platform: Repository, tmp_path: Path, method: str
) -> None:
    hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'branch main is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    remote = Remote.of(platform)
    before = remote.fetch()
    target = {} if method == "publish" else {"branch": "auto"}

    with pytest.raises(RepositoryError, match=r"cannot be pushed: .*branch main is protected"):
        getattr(remote, method)("feat: one", add("new"), **target)

    assert remote.fetch() == before
    assert git.Repo(platform.root).git.status("--porcelain") == ""


def test_many_checkouts_are_made_and_removed_at_once(platform: Repository) -> None:
    def made(_number: int) -> bool:
        with checked_out(platform, "HEAD") as checkout:
            return (checkout.root / "Pulumi.yaml").is_file()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(made, range(24)))
