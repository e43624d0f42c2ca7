"""Where the repository's Gitea is, and as whom it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import git

from sluice.errors import RepositoryError
from sluice.git.remote import Remote
from sluice.stack.repository import Repository

__all__ = ["Location", "locate", "token_of"]

_HOW = (
    "set SLUICE_GITEA_URL to the server's address, such as https://git.example.com, "
    "or give the checkout a remote by http"
)
_PATH_PARTS = 2


@dataclass(frozen=True)
class Location:
    """A repository on a Gitea server.

    Attributes:
        server: the server's address, with its sub-path, without a slash at the end.
        owner: the organisation or the user.
        name: the repository's name.

    """

    server: str
    owner: str
    name: str

    @classmethod
    def of_remote(cls, url: str, server: str = "") -> Location | None:
        """Return what a remote's URL says; None where it names no server that speaks http.

        `server` is the address to use whatever the URL's is.
        """
        path = _path(url).strip("/").removesuffix(".git").split("/")
        if len(path) < _PATH_PARTS:
            return None
        *below, owner, name = path
        address = server or _server(url, below)
        return cls(address.rstrip("/"), owner, name) if address else None


def locate(repository: Repository, environment: Mapping[str, str]) -> Location:
    """Return where the repository is.

    `$SLUICE_GITEA_URL` counts before `$GITHUB_SERVER_URL` (a job's), which
    counts before the remote's address; owner and name are the remote's,
    `$GITHUB_REPOSITORY` inside a job.

    Raises:
        RepositoryError: where nothing names a server.

    """
    server = environment.get("SLUICE_GITEA_URL", "")
    job = environment.get("GITHUB_REPOSITORY", "")
    if job and (server or environment.get("GITHUB_SERVER_URL")):
        owner, _, name = job.partition("/")
        return Location((server or environment["GITHUB_SERVER_URL"]).rstrip("/"), owner, name)
    url = _remote_url(repository)
    found = Location.of_remote(url, server)
    if found is None:
        raise RepositoryError(f"{repository.root}: the remote does not say where Gitea is; {_HOW}")
    return found


def token_of(environment: Mapping[str, str]) -> str:
    """Return the token in `$GITEA_TOKEN` or in the file `$GITEA_TOKEN_FILE`; empty without either.

    Raises:
        RepositoryError: where the file cannot be read.

    """
    if token := environment.get("GITEA_TOKEN", "").strip():
        return token
    file = environment.get("GITEA_TOKEN_FILE", "")
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise RepositoryError(f"GITEA_TOKEN_FILE {file} cannot be read: {error}") from None


def _remote_url(repository: Repository) -> str:
    try:
        with git.Repo(repository.root, search_parent_directories=True) as repo:
            names = [remote.name for remote in repo.remotes]
            if not names:
                raise RepositoryError(f"{repository.root}: the repository has no remote; {_HOW}")
            return next(iter(repo.remote(_preferred(repository, names)).urls))
    except git.GitError as error:
        raise RepositoryError(f"{repository.root}: not a Git repository; {_HOW}") from error


def _preferred(repository: Repository, names: list[str]) -> str:
    """Return the remote that the branch follows; a job's checkout is on no branch."""
    try:
        return Remote.of(repository).name
    except RepositoryError:
        return "origin" if "origin" in names else names[0]


def _path(url: str) -> str:
    """Return the path of a URL, also of Git's own form `git@host:owner/name`."""
    if "://" in url:
        return urlsplit(url).path
    return url.partition(":")[2]


def _server(url: str, below: list[str]) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return "/".join((f"{parts.scheme}://{host}", *below))
