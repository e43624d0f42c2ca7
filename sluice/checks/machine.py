"""What `sluice check` finds on this machine and in this repository."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import git

from components.errors import SluiceError
from sluice.errors import NoRemoteError
from sluice.git.remote import Remote
from sluice.stack.repository import Repository
from toolchain.installer import Installer
from toolchain.machine import Machine
from toolchain.programs import program_set
from toolchain.progress import Silent

__all__ = ["Check", "machine_checks", "repository_checks"]

_MACHINE, _REPOSITORY = "machine", "repository"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        about: `machine`, `repository`, or a stack's name.
        ok: whether it is as it has to be; null where it is only worth knowing.
        message: what it is, or what is wrong.
        remedy: what to do; empty where there is nothing to do.

    """

    about: str
    ok: bool | None
    message: str
    remedy: str = ""


def machine_checks() -> Iterator[Check]:
    """Look at Python, the pinned programs and Git."""
    yield Check(_MACHINE, True, f"Python {platform.python_version()}")
    installer = Installer(program_set("deploy"), Machine.here(), Silent())
    missing = installer.locate()
    for program in installer.programs:
        yield (
            Check(_MACHINE, True, str(program))
            if program not in missing
            else Check(
                _MACHINE,
                False,
                f"{program} is not installed",
                "python3 -m toolchain install deploy",
            )
        )
    yield _git()


def repository_checks(repository: Repository) -> Iterator[Check]:
    """Look at the project, its stacks, its commit and its remote."""
    try:
        stacks = ", ".join(repository.stacks) or "no stack"
        yield Check(_REPOSITORY, True, f"project {repository.project}: {stacks}")
    except SluiceError as error:
        yield Check(_REPOSITORY, False, str(error))
    try:
        with git.Repo(repository.root, search_parent_directories=True) as repo:
            yield _commit(repo)
            yield _identity(repo)
            yield _remote(repository)
    except (git.InvalidGitRepositoryError, ValueError):
        remedy = "git init, and commit: else nothing tells what was deployed"
        yield Check(_REPOSITORY, None, "no commit", remedy)


def _commit(repo: git.Repo) -> Check:
    head = repo.head.commit.hexsha[:7]
    if repo.is_dirty(untracked_files=True):
        message = f"files differ from commit {head}, and would be deployed as no commit has them"
        return Check(_REPOSITORY, None, message, "git commit, or git stash")
    return Check(_REPOSITORY, True, f"commit {head}, nothing uncommitted")


def _identity(repo: git.Repo) -> Check:
    try:
        name = repo.git.var("GIT_COMMITTER_IDENT").rpartition(">")[0]
    except git.GitCommandError:
        remedy = "git config --global user.name NAME; git config --global user.email MAIL"
        return Check(_REPOSITORY, None, "Git knows no name to commit as", remedy)
    return Check(_REPOSITORY, True, f"commits as {name}>")


def _remote(repository: Repository) -> Check:
    try:
        return Check(_REPOSITORY, True, f"follows {Remote.of(repository)}")
    except NoRemoteError:
        return Check(_REPOSITORY, None, "no remote", "git remote add origin URL, to share it")
    except SluiceError as error:
        return Check(_REPOSITORY, None, str(error))


def _git() -> Check:
    if shutil.which("git") is None:
        return Check(_MACHINE, False, "git is not on PATH", "install Git")
    version = ".".join(str(part) for part in git.Git().version_info)
    return Check(_MACHINE, True, f"git {version}")
