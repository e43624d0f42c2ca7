"""The team's platform, deployed once; each test leaves main as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from tests.e2e.team import ALLOWED, CHECKS, Team, lay_out
from tests.gitea_sandbox import GiteaSandbox, committed, fill


@pytest.fixture(scope="session")
def sandbox(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteaSandbox]:
    """Three clusters, and a Gitea whose runner has deployed the platform to them."""
    checkout = lay_out(tmp_path_factory.mktemp("team") / "infrastructure")
    box = Sandbox(checkout / ".sluice" / "sandbox")
    try:
        yield fill(box, programs, committed(checkout), DEFAULT_CLUSTERS, CHECKS)
    finally:
        box.down()


@pytest.fixture(scope="session")
def deployed(
    sandbox: GiteaSandbox, programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Team:
    """The team, once the first commit is on every cluster."""
    team = Team(sandbox, sandbox.clone(tmp_path_factory.mktemp("people") / "ada"), programs)
    team.begin()
    return team


@pytest.fixture
def team(deployed: Team) -> Iterator[Team]:
    """The team; main and the clusters are what they were when the test ends."""
    deployed.start()
    before = deployed.clone.git("rev-parse", "HEAD")
    yield deployed
    deployed.start()
    if deployed.clone.git("diff", "--name-only", "HEAD", before):
        deployed.clone.git("read-tree", "-u", "--reset", before)
        commit = deployed.push(f"revert: what a test did\n\n{ALLOWED}")
        deployed.statuses(commit)
