"""`GitRepository`: another repository, whose files a Kustomization or HelmRelease uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from components.base.component import Component
from components.errors import DeclarationError, SluiceError
from components.lib.artifacts.git_source import GitRequest
from components.runtime.answers import LOCKED
from components.sources.source_access import source_access
from components.sources.source_ref import SourceRef

__all__ = ["GitRef", "GitRepository", "GitRepositoryArgs", "below"]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_URL: Final = re.compile(r"(https?|ssh|file)://.+")


@dataclass(frozen=True, kw_only=True)
class GitRef(SourceRef):
    """Which commit of a repository: one of these. Answers to `spec.ref` of Flux.

    Attributes:
        branch: the newest of a branch when it is locked.
        tag: a tag's.
        semver: that of the newest tag in a range, such as `1.x`.
        commit: this one, 40 hex digits.
        name: that of a reference by its full name: `refs/pull/420/head`.

    """

    branch: str = ""
    tag: str = ""
    semver: str = ""
    commit: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class GitRepositoryArgs:
    """Arguments of `GitRepository`; only the URL is required.

    Attributes:
        url: `https://…`, `http://…`, `ssh://…` or `file://…`; no password in it.
        ref: which commit; by default the newest of the branch `main`.
        username: the user that the secret is of; a token alone needs none.
        secret: the key of the stack's configuration that holds the password or token
            (`pulumi config set --secret KEY`); by default the machine's own Git is
            asked, its credential helpers and SSH keys.
        ca_file: a PEM file, below the repository's root, of the authority that signed
            the server's certificate; by default those of the system.

    """

    url: str
    ref: GitRef = GitRef(branch="main")
    username: str = ""
    secret: str = ""
    ca_file: str = ""


class GitRepository(Component):
    """Another repository at the commit that the stack's lock names.

    Makes no object. `sluice lock` finds the commit, `sluice up` fetches it
    once into `.sluice/sources`, from where it is read without a network.
    Answers to Flux's `GitRepository`, whose interval is the schedule of
    `sluice lock`.

    Attributes:
        url: its URL.
        revision: what is locked, as Flux writes it: `main@sha1:…`.

    """

    def __init__(
        self, name: str, args: GitRepositoryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the repository `name`."""
        super().__init__("source:GitRepository", name, opts)
        self.args = args
        self.url = args.url
        try:
            self._request = self._asked()
            self.revision = LOCKED.get().source(self._request).revision
        except SluiceError as error:
            raise self.refusal(error) from None
        self.register_outputs({"url": args.url, "revision": self.revision})

    def folder(self) -> Path | None:
        """Return where the files lie, fetched if need be; None where nothing is locked yet.

        Raises:
            ArtifactError: where they cannot be had.

        """
        return LOCKED.get().files(self._request)

    def _asked(self) -> GitRequest:
        args = self.args
        ref = args.ref.asked()
        if args.ref.commit and not _COMMIT.fullmatch(args.ref.commit):
            raise DeclarationError(f"ref: {args.ref.commit!r} is no commit: 40 hex digits")
        if not _URL.fullmatch(args.url):
            raise DeclarationError(
                f"url: {args.url!r} does not start with https://, http://, ssh:// or file://"
            )
        access = source_access(args.username, args.secret, args.ca_file)
        return GitRequest(name=self.name, url=args.url, ref=ref, access=access)


def below(root: Path, path: str) -> Path:
    """Return a path of a source's files.

    Raises:
        DeclarationError: where it leads out of them, or is not there.

    """
    found = (root / path).resolve()
    if not found.is_relative_to(root.resolve()) or not found.exists():
        raise DeclarationError(f"path: the source has no {path!r}")
    return found
