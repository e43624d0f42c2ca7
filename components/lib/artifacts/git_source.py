"""Git repositories as sources: the commit that a ref is now, and a commit's files.

By the `git` program through GitPython, so credential helpers and SSH keys work
as they do in a shell. Git names a commit by its content: what is fetched under
a locked commit's name is what was locked.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from components.errors import ArtifactError
from components.lib.locks.locked_source import FetchedRequest, LockedSource
from components.lib.policies.range import newest
from components.lib.registry.access import Access
from components.lib.registry.loopback import is_loopback
from components.lib.registry.mirrors import Address, Mirrors, printable

if TYPE_CHECKING:
    import git

__all__ = ["GitRequest", "git_environment"]


@dataclass(frozen=True, kw_only=True)
class GitRequest(FetchedRequest):
    """A Git source and how to get at it; see `SourceRequest`."""

    def folder(self, locked: LockedSource, cache: Path) -> Path:
        """Return where a revision's files lie, or will."""
        return cache / f"git-{locked.digest.removeprefix('sha1:')}"

    def fetch(self, locked: LockedSource, cache: Path, mirrors: Mirrors) -> Path:
        """Return the folder of a locked revision's files, fetched if it is not there.

        A folder of the cache that was changed is put back first. Raises
        ArtifactError where the server cannot be read or has no such commit.
        """
        import git  # noqa: PLC0415 - it runs Git as it is loaded

        commit = locked.digest.removeprefix("sha1:")
        folder = self.folder(locked, cache)
        if not folder.is_dir():
            self._fetch(commit, folder, mirrors)
        with self._explained(f"the cached commit {folder}; delete it"):
            repository = git.Git(folder)
            if repository.rev_parse("HEAD") != commit:
                raise ArtifactError(f"The cached commit {folder} is another; delete it.")
            if repository.status("--porcelain", "--ignored"):
                repository.reset("--hard", "--quiet")
                repository.clean("-ffdxq")
        return folder

    def _revision(self, kind: str, value: str, mirrors: Mirrors) -> str:
        if kind == "commit":
            return f"sha1:{value}"
        refs = self._refs(mirrors)
        if kind == "semver":
            prefix = "refs/tags/"
            tags = [ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)]
            kind, value = "tag", newest(value, tags) or value
        ref = {"branch": f"refs/heads/{value}", "tag": f"refs/tags/{value}"}.get(kind, value)
        if ref not in refs:
            raise ArtifactError(
                f"{self.name}: {printable(self.url)} has no {self.ref}; correct the ref."
            )
        return f"{value}@sha1:{refs[ref]}"

    def _refs(self, mirrors: Mirrors) -> dict[str, str]:
        address = mirrors.located(self.url)
        with self._explained(printable(address.actual)):
            listed = self._git(address).ls_remote("--", address.actual)
        pairs = (line.split("\t") for line in str(listed).splitlines())
        # An annotated tag is listed once more with the commit that it is of: it comes after it.
        return {ref.removesuffix("^{}"): digest for digest, ref in pairs}

    def _fetch(self, commit: str, folder: Path, mirrors: Mirrors) -> None:
        import git  # noqa: PLC0415 - the same

        address = mirrors.located(self.url)
        draft = folder.with_name(f".{folder.name}.{uuid4().hex}")
        try:
            with self._explained(f"{printable(address.actual)} at {commit}"):
                git.Repo.init(draft).close()
                repository = self._git(address, draft)
                repository.config("core.autocrlf", "false")
                repository.config("core.hooksPath", os.devnull)
                self._fetch_commit(repository, address.actual, commit)
                repository.checkout("--quiet", "--detach", commit)
            if not folder.exists():
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _fetch_commit(self, repository: git.Git, url: str, commit: str) -> None:
        import git  # noqa: PLC0415 - the same

        try:
            repository.fetch("--quiet", "--depth=1", "--no-tags", "--", url, commit)
        except git.GitCommandError:
            # Not every server gives a commit that it is not asked for by a ref.
            refs = "+refs/*:refs/remotes/source/*"
            repository.fetch("--quiet", "--no-tags", "--", url, refs)

    def _git(self, address: Address, folder: Path | None = None) -> git.Git:
        import git  # noqa: PLC0415 - the same

        program = git.Git(folder)
        access = self.access.at(address)
        program.update_environment(**git_environment(access, address.actual))
        return program

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        import git  # noqa: PLC0415 - the same

        try:
            yield
        except git.GitCommandError as error:
            lines = str(error.stderr).strip().strip("'").removeprefix("stderr: ").splitlines()
            reason = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
            raise ArtifactError(
                f"{self.name}: {what} cannot be read: {reason.strip().removeprefix('fatal: ')}"
            ) from None


def git_environment(access: Access, url: str) -> dict[str, str]:
    """Return the environment of a `git` that is to use an access, beside the machine's own."""
    given = {"GIT_TERMINAL_PROMPT": "0"}
    if is_loopback(urlsplit(url).hostname or ""):
        given["no_proxy"] = "localhost,127.0.0.1,::1"
    if access.ca_file:
        given["GIT_SSL_CAINFO"] = access.ca_file
    if access.password:
        pair = base64.b64encode(f"{access.username or 'git'}:{access.password}".encode()).decode()
        given |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {pair}",
        }
    return given
