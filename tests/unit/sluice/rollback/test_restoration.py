"""What comes back with an earlier commit: files are written here as `path: text`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import git
import pytest

from sluice.errors import RepositoryError
from sluice.rollback.restoration import restore

CONFIG = "config:\n  infrastructure:context: {}\n"
SUSPENDED = """\
  infrastructure:suspended:
    - reason: rollback to deployment 1
      author: Ada <ada@example.com>
      since: '2026-11-23T21:00:00Z'
    - component: redis
      reason: upgrade by hand
      author: Ada <ada@example.com>
      since: '2026-11-23T21:00:00Z'
"""
FIRST = {
    "Pulumi.yaml": "name: infrastructure\n",
    "__main__.py": "one",
    "components/app.py": "one",
    "sluice/up.py": "one",
    "docs/up.md": "one",
    "README.md": "one",
    "manifests/größe.yaml": "one",
    "stacks/base.py": "one",
    "stacks/dev.py": "one",
    "stacks/dev.lock.yaml": "one",
    "stacks/prod.py": "one",
    "stacks/Pulumi.dev.yaml": CONFIG.format("one"),
    "stacks/Pulumi.prod.yaml": CONFIG.format("one"),
}


class Platform:
    """A repository of a few files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repo = git.Repo.init(root)
        self.git = git.Git(str(root))

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write the files, remove those that are None, and commit."""
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink() if text is None else file.write_text(text)
        self.git.add("--all")
        who = git.Actor("Ada", "ada@example.com")
        return str(self.repo.index.commit("change", author=who, committer=who).hexsha)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path)


def test_the_stack_s_files_and_those_that_it_shares_come_back(platform: Platform) -> None:
    first = platform.commit(FIRST)
    newer = ("stacks/base.py", "stacks/dev.py", "stacks/dev.lock.yaml", "manifests/größe.yaml")
    platform.commit({**dict.fromkeys(newer, "two"), "stacks/added.py": "two"})
    restored = restore(platform.root, first, "dev")
    assert restored.own == ("stacks/dev.lock.yaml", "stacks/dev.py")
    assert restored.shared == ("manifests/größe.yaml", "stacks/added.py", "stacks/base.py")
    assert {platform.read(path) for path in newer} == {"one"}
    assert not (platform.root / "stacks" / "added.py").exists()


def test_a_file_that_was_removed_comes_back(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/dev.lock.yaml": None})
    assert restore(platform.root, first, "dev").paths == ["stacks/dev.lock.yaml"]
    assert platform.read("stacks/dev.lock.yaml") == "one"


def test_other_stacks_files_and_what_no_program_reads_stay(platform: Platform) -> None:
    first = platform.commit(FIRST)
    others = ("stacks/prod.py", "docs/up.md", "README.md", "sluice/up.py", ".gitea/workflows/a.yml")
    platform.commit({**dict.fromkeys(others, "two"), "stacks/Pulumi.qa.yaml": CONFIG.format("two")})
    assert restore(platform.root, first, "dev").paths == []
    assert {platform.read(path) for path in others} == {"two"}


def test_the_product_goes_back_as_one_where_the_components_did(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"components/app.py": "two", "sluice/up.py": "two", "docs/up.md": "two"})
    restored = restore(platform.root, first, "dev")
    assert restored.shared == ("components/app.py", "sluice/up.py")


def test_only_its_own_files_come_back_if_that_is_asked_for(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/base.py": "two", "stacks/dev.py": "two"})
    restored = restore(platform.root, first, "dev", only_own=True)
    assert (restored.own, restored.shared) == (("stacks/dev.py",), ())
    assert platform.read("stacks/base.py") == "two"


def test_suspensions_stay_for_they_are_not_declared(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/Pulumi.dev.yaml": CONFIG.format("two") + SUSPENDED})
    assert restore(platform.root, first, "dev").paths == ["stacks/Pulumi.dev.yaml"]
    assert platform.read("stacks/Pulumi.dev.yaml") == CONFIG.format("one") + SUSPENDED


def test_a_suspension_alone_is_nothing_to_restore(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/Pulumi.dev.yaml": CONFIG.format("one") + SUSPENDED})
    assert restore(platform.root, first, "dev").paths == []


def test_the_whole_stack_s_suspension_ends_if_that_is_asked_for(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/Pulumi.dev.yaml": CONFIG.format("one") + SUSPENDED})
    assert restore(platform.root, first, "dev", resumed=True).paths == ["stacks/Pulumi.dev.yaml"]
    text = platform.read("stacks/Pulumi.dev.yaml")
    assert "upgrade by hand" in text
    assert "rollback to" not in text


def test_a_commit_from_before_the_stack_is_refused(platform: Platform) -> None:
    first = platform.commit(FIRST)
    platform.commit({"stacks/Pulumi.qa.yaml": CONFIG.format("two")})
    with pytest.raises(RepositoryError, match=r"has no stacks/Pulumi\.qa\.yaml"):
        restore(platform.root, first, "qa")
