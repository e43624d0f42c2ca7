"""The team's platform, deployed once; each test begins when every cluster is what main says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from tests.e2e.team import CHECKS, Team, lay_out
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
def team(deployed: Team) -> Team:
    """The team, when nothing is to do; what a test adds has names of its own, and stays."""
    deployed.settle()
    return deployed
