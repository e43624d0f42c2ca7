"""`python -m benchmarks.pipeline`: a change's way through a real Gitea and its runner.

Three stacks of more than 100 objects each, in a sandbox of its own. A pull request
changes one image: from the push to its comment; then it is merged: from the
merge to the last object applied in dev. Flux, with its default interval of a
minute, begins up to 60 s after the merge.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

import click
import yaml

import toolchain
from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from tests.e2e.team import SECONDS, Team, lay_out
from tests.gitea_sandbox import committed, eventually, fill

_OBJECTS: Final = 100
_ROUNDS: Final = 3
_IMAGE: Final = "gitea.local/raibid/my-app"
_GOALS: Final = {"push to comment": 30.0, "merge to dev": 15.0, "merge to job": 4.0}


@click.command()
def main() -> None:
    """Measure, print the median of three rounds, and fail where a goal is missed."""
    programs = toolchain.bin_folder("test")
    with tempfile.TemporaryDirectory() as folder:
        checkout = lay_out(Path(folder) / "infrastructure")
        box = Sandbox(checkout / ".sluice" / "sandbox")
        try:
            found = fill(box, programs, committed(checkout), DEFAULT_CLUSTERS)
            team = Team(found, found.clone(Path(folder) / "ada"), programs)
            rounds = _measured(team)
        finally:
            box.down()
    missed = []
    for name, seconds in rounds.items():
        middle = statistics.median(seconds)
        click.echo(f"{name}: {middle:.1f} s (goal {_GOALS[name]:.0f}; {seconds})")
        missed += [name] if middle > _GOALS[name] else []
    if missed:
        raise click.ClickException(f"a goal is missed: {', '.join(missed)}")


def _measured(team: Team) -> dict[str, list[float]]:
    team.begin()
    _fill_up(team)
    found = [_round(team, number) for number in range(1, _ROUNDS + 1)]
    return {name: [each[name] for each in found] for name in _GOALS}


def _round(team: Team, number: int) -> dict[str, float]:
    branch, first, second = f"round-{number}", f"{number}.0.0", f"{number}.1.0"
    request = team.propose(branch, "feat: an image", partial(_take, team, first))
    team.report(request)
    _take(team, second)
    started = time.monotonic()
    team.clone.push(branch, "feat: another image")
    team.report(request)
    told = time.monotonic()
    commit = team.merge(request)
    merged = time.monotonic()
    eventually(lambda: _has_begun(team, commit), "the job", SECONDS)
    begun = time.monotonic()
    eventually(lambda: _runs(team, second), f"{second} in dev", SECONDS)
    done = time.monotonic()
    team.statuses(commit)
    took = {"push to comment": told - started, "merge to dev": done - merged}
    took["merge to job"] = begun - merged
    took = {name: round(seconds, 1) for name, seconds in took.items()}
    click.echo(f"round {number} of {_ROUNDS}: {took}", err=True)
    return took


def _fill_up(team: Team) -> None:
    """Add as many objects to each stack as are asked for, to the dozen that it has."""
    manifests = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "default"},
            "data": {"is": "set"},
        }
        for name in (f"setting-{number}" for number in range(_OBJECTS))
    ]
    team.deliver(
        "many",
        "feat: settings",
        lambda: team.clone.write("infra/manifests/many.yaml", yaml.safe_dump_all(manifests)),
    )


def _take(team: Team, tag: str) -> None:
    file = team.clone.root / "stacks" / "base.py"
    before, _, rest = file.read_text().partition(f'image="{_IMAGE}:')
    file.write_text(f'{before}image="{_IMAGE}:{tag}"{rest.partition(chr(34))[2]}')


def _has_begun(team: Team, commit: str) -> bool:
    """Whether a runner is at work on a commit of main."""
    gitea = team.sandbox.admin
    runs = gitea.runs("reconcile.yaml", commit=commit)
    return any(job.started_at for run in runs for job in gitea.jobs(run) if job.runner)


def _runs(team: Team, tag: str) -> bool:
    """Whether the application of dev runs the image."""
    live = team.live("dev-cluster", "deployment", "my-app", "apps")
    container = live["spec"]["template"]["spec"]["containers"][0]
    return bool(container["image"] == f"{_IMAGE}:{tag}")


if __name__ == "__main__":
    main()
