"""An earlier state of the files that a stack's program reads, in a checkout of a newer commit.

Files that only another stack has are left alone, and so is what no program
reads. The product itself (components, command, toolchain) goes back as one,
and only where the components differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import git
import yaml

from sluice.errors import RepositoryError
from sluice.stack.config_file import with_list
from sluice.stack.repository import Repository

__all__ = ["Restoration", "restore"]

_PROGRAM: Final = ("components", "__main__.py")
_PRODUCT: Final = (
    *_PROGRAM,
    *("sluice", "toolchain", "tests", "benchmarks", "pyproject.toml", "Makefile"),
)
_UNREAD: Final = ("docs",)
_STACK_FILES: Final = ("Pulumi.{}.yaml", "{}.py", "{}.lock.yaml")


@dataclass(frozen=True)
class Restoration:
    """What was restored.

    Attributes:
        own: paths of the files that belong to the stack alone.
        shared: paths of those that other stacks' programs may read too.

    """

    own: tuple[str, ...]
    shared: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """All of them."""
        return sorted((*self.own, *self.shared))


def restore(
    root: Path, commit: str, stack: str, *, only_own: bool = False, resumed: bool = False
) -> Restoration:
    """Give a checkout the files that the stack's program read in an earlier commit.

    `only_own` leaves the files that other stacks may read as they are. The
    suspensions stay those of the checkout, for they say what is and not what
    is declared; with `resumed` the whole stack's ends.

    Raises:
        RepositoryError: where the commit does not have the stack.

    """
    there = git.Git(str(root))
    stacks = _stacks(there, "HEAD") | _stacks(there, commit)
    if stack not in _stacks(there, commit):
        raise RepositoryError(f"commit {commit[:7]} has no stacks/Pulumi.{stack}.yaml")
    restoration = _chosen(_differing(there, commit, "HEAD"), stack, stacks)
    if only_own:
        restoration = Restoration(restoration.own, ())
    entries = [entry for entry in _suspended(root, stack) if not resumed or "component" in entry]
    _check_out(there, commit, restoration.paths)
    _write_suspended(root, stack, entries)
    changed = set(_differing(there, "HEAD"))
    return Restoration(
        own=tuple(path for path in restoration.own if path in changed),
        shared=tuple(path for path in restoration.shared if path in changed),
    )


def _chosen(paths: Collection[str], stack: str, stacks: Collection[str]) -> Restoration:
    owners = {
        f"stacks/{form.format(name)}": name for name in sorted(stacks) for form in _STACK_FILES
    }
    product = any(_top(path) in _PROGRAM for path in paths)
    return Restoration(
        own=tuple(path for path in paths if owners.get(path) == stack),
        shared=tuple(
            path for path in paths if path not in owners and _is_read(path, product=product)
        ),
    )


def _is_read(path: str, *, product: bool) -> bool:
    top = _top(path)
    if top in _PRODUCT:
        return product
    is_about = top == path and path.endswith(".md")
    return not (top in _UNREAD or top.startswith(".") or is_about)


def _top(path: str) -> str:
    return PurePosixPath(path).parts[0]


def _stacks(there: git.Git, commit: str) -> set[str]:
    names = [name.split(".") for name in _files(there, commit, "stacks/")]
    return {parts[1] for parts in names if parts[0] == "stacks/Pulumi" and parts[2:] == ["yaml"]}


def _check_out(there: git.Git, commit: str, paths: Collection[str]) -> None:
    kept = set(_files(there, commit, *paths)) if paths else set()
    for path in paths:
        # One at a time, so that no name is a pattern and no list is too long.
        if path in kept:
            there.execute(["git", "--literal-pathspecs", "checkout", commit, "--", path])
        else:
            there.execute(["git", "--literal-pathspecs", "rm", "--quiet", "--", path])


def _differing(there: git.Git, *commits: str) -> list[str]:
    return _names(there.diff("--name-only", "--no-renames", "--relative", "-z", *commits))


def _files(there: git.Git, commit: str, *paths: str) -> list[str]:
    listed = there.execute(["git", "ls-tree", "-r", "-z", "--name-only", commit, "--", *paths])
    return _names(listed)


def _names(listed: object) -> list[str]:
    return [name for name in str(listed).split("\0") if name]


def _suspended(root: Path, stack: str) -> list[Mapping[str, str]]:
    # As text, so that an entry is written again as it was.
    content = yaml.load(_stack_file(root, stack).read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - builds text alone
    return list(content["config"].get(_key(root)) or ())


def _write_suspended(root: Path, stack: str, entries: list[Mapping[str, str]]) -> None:
    file = _stack_file(root, stack)
    text = file.read_bytes().decode()
    where = f"stacks/{file.name}"
    file.write_bytes(with_list(text, _key(root), entries, where=where).encode())


def _key(root: Path) -> str:
    return f"{Repository(root).project}:suspended"


def _stack_file(root: Path, stack: str) -> Path:
    return root / "stacks" / f"Pulumi.{stack}.yaml"
