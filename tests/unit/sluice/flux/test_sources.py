"""The sources that Flux fetches from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import git
import pytest

from tests.unit.sluice.flux.manifests import only


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("git@gitea.local:team/platform.git", "ssh://git@gitea.local/team/platform.git"),
        ("https://ada:token@gitea.local/platform.git", "https://gitea.local/platform.git"),
        ("ssh://git@gitea.local:2222/platform.git", "ssh://git@gitea.local:2222/platform.git"),
    ],
)
def test_the_git_source_is_the_repositorys_remote(
    exported: Any, tmp_path: Path, remote: str, url: str
) -> None:
    with git.Repo.init(tmp_path, initial_branch="main") as repo:
        repo.create_remote("origin", remote)
    found = exported("""
        @member
        def rules(self):
            return Kustomization("rules", KustomizationArgs(path="manifests/rules"))
    """)
    spec = only(found, "GitRepository")["spec"]
    assert spec == {"interval": "10m", "url": url, "ref": {"branch": "main"}}
