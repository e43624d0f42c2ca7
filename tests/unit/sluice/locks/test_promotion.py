"""Promotions into the working tree, onto branches and into pull requests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import git
import pytest

from components.errors import DeclarationError
from components.lib.locks.lock import Lock
from components.lib.locks.locked_image import LockedImage
from sluice.errors import PromotionError, RepositoryError
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Proposed
from sluice.inventory.history import Deployment
from sluice.locks.promotion import Promoting, due
from sluice.locks.soundness import Soundness
from sluice.stack.repository import Repository
from sluice.status.rows import StackRow
from tests.unit.sluice.forge import Forge
from tests.unit.sluice.images.platform import build

NOW = datetime.now(tz=UTC)
DEPLOYED = Deployment(
    number=1,
    commit="c" * 40,
    dirty=False,
    author="Ada <ada@example.com>",
    pull_request=None,
    started=NOW - timedelta(minutes=20),
    seconds=60.0,
    counts={},
    result="succeeded",
    cause="reconcile",
    message="",
)
ROW = StackRow("dev", "ccccccc", False, True, "", None, "succeeded", None)


def image(name: str, repository: str, tag: str, policy: str) -> LockedImage:
    digest = f"sha256:{tag.replace('.', ''):0>64}"
    return LockedImage(
        name=name,
        repository=repository,
        policy=f"semver {policy}",
        tag=tag,
        digest=digest,
        reason="first locked",
    )


def lock(app: str, worker: str = "1.0.0") -> Lock:
    return Lock(
        images={
            "app": image("app", "gitea.local/raibid/app", app, ">=1.0.0 <2.0.0"),
            "worker": image("worker", "gitea.local/worker", worker, "*"),
        }
    )


@dataclass
class Dev:
    """What is said of dev."""

    row: StackRow = ROW
    last: Deployment | None = DEPLOYED
    ran: Lock = field(default_factory=lambda: lock("1.1.0"))


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Dev:
    """Healthy, with what its lock says."""
    said = Dev()
    monkeypatch.setattr(
        "sluice.locks.promotion.Soundness.of", lambda *_: Soundness(said.row, said.last, said.ran)
    )
    monkeypatch.setattr("sluice.locks.promotion.image_labels", lambda *_: lambda _: {})
    return said


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    root = build(tmp_path)
    lock("1.1.0").save(root / "stacks" / "dev.lock.yaml")
    lock("1.0.0").save(root / "stacks" / "staging.lock.yaml")
    repo = git.Repo(root)
    repo.git.add("--all")
    repo.git.commit("--message", "chore: locks")
    repo.git.push()
    return Repository(root)


def app(repository: Repository, commit: str = "") -> str:
    file = "stacks/staging.lock.yaml"
    path = repository.root / file
    if commit:
        path.write_text(str(git.Repo(repository.root).git.show(f"{commit}:{file}")))
    return Lock.load(path).images["app"].tag


PROMOTING = Promoting("dev", "staging")


@pytest.mark.usefixtures("dev")
def test_the_targets_lock_is_written_in_the_working_tree(platform: Repository) -> None:
    planned = PROMOTING.write_here(platform)
    assert [each.name for each in planned.carried] == ["images/app"]
    assert app(platform) == "1.1.0"
    assert git.Repo(platform.root).git.diff("--name-only") == "stacks/staging.lock.yaml"


@pytest.mark.usefixtures("dev")
def test_a_lock_with_changes_of_ones_own_is_refused(platform: Repository) -> None:
    file = platform.root / "stacks" / "staging.lock.yaml"
    lock("1.0.0", "2.0.0").save(file)
    with pytest.raises(RepositoryError, match=r"staging\.lock\.yaml has changes that are not"):
        PROMOTING.write_here(platform)
    assert file.read_text() == lock("1.0.0", "2.0.0").dump()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (Dev(last=None), "dev was never deployed"),
        (
            Dev(last=replace(DEPLOYED, result="failed")),
            "the last deployment of dev, of ccccccc, failed",
        ),
        (Dev(last=replace(DEPLOYED, dirty=True)), "dev runs ccccccc-dirty, which no commit has"),
        (Dev(ran=lock("1.0.0")), r"dev runs 1\.0\.0 of images/app, and not 1\.1\.0 yet"),
        (Dev(ran=Lock()), "dev runs nothing of images/app"),
        (Dev(row=replace(ROW, suspended=True)), "dev is suspended"),
        (
            Dev(row=replace(ROW, ready=False, message="Pod x: CrashLoopBackOff")),
            "dev is not healthy: Pod x: CrashLoopBackOff",
        ),
        (Dev(row=replace(ROW, ready=None, message="refused")), "dev is not healthy: refused"),
    ],
)
def test_what_is_not_healthy_is_refused_unless_forced(
    platform: Repository, dev: Dev, said: Dev, problem: str
) -> None:
    dev.row, dev.last, dev.ran = said.row, said.last, said.ran
    with pytest.raises(PromotionError, match=f"{problem}.*; wait, or carry it all the same"):
        PROMOTING.write_here(platform)
    assert app(platform) == "1.0.0"
    Promoting("dev", "staging", force=True).write_here(platform)
    assert app(platform) == "1.1.0"


@pytest.mark.usefixtures("dev")
def test_a_push_is_a_commit_of_the_targets_lock_alone(platform: Repository) -> None:
    _, made = PROMOTING.publish(Remote.of(platform), None, pr=False)
    repo = git.Repo(platform.root)
    assert (made.branch, made.pushed) == ("main", True)
    assert app(platform, "origin/main") == "1.1.0"
    assert repo.git.log("-1", "--format=%B", "origin/main").splitlines() == [
        "chore(staging): promote app 1.0.0 -> 1.1.0 from dev",
        "",
        "images/app: 1.0.0 -> 1.1.0",
    ]


@pytest.mark.usefixtures("dev")
def test_there_is_one_pull_request_and_a_schedule_does_not_insist(
    platform: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge, remote = Forge(), Remote.of(platform)
    page = "https://git.example.com/raibid/app"
    monkeypatch.setattr(
        "sluice.locks.promotion.image_labels",
        lambda *_: (
            lambda image: {
                "org.opencontainers.image.source": f"{page}.git",
                "org.opencontainers.image.revision": image.tag.replace(".", ""),
            }
        ),
    )

    def run(*, again: bool) -> Proposed:
        return PROMOTING.publish(remote, cast("Gitea", forge), pr=True, again=again)[1]

    run(again=False)
    assert not run(again=False).pushed
    assert f"| images/app | 1.0.0 | 1.1.0 | {page}/compare/100...110 |" in forge.made[0].body
    forge.end(1, merged=False)
    assert run(again=False) == Proposed()
    run(again=True)
    assert [each.state for each in forge.made] == ["closed", "open"]


@pytest.mark.usefixtures("dev")
def test_an_unknown_stack_is_refused(platform: Repository) -> None:
    with pytest.raises(RepositoryError, match="there is no stack 'prod'; there are: dev, staging"):
        Promoting("dev", "prod").write_here(platform)
    with pytest.raises(DeclarationError, match="have no 'x' locked in common"):
        Promoting("dev", "staging", ("x",)).write_here(platform)


def with_setting(platform: Repository, stack: str, value: str) -> Repository:
    file = platform.root / "stacks" / f"Pulumi.{stack}.yaml"
    file.write_text(f"{file.read_text()}  infrastructure:promoteAfter: {value}\n")
    return platform


def test_what_is_due_has_run_for_as_long_as_the_stack_says(platform: Repository, dev: Dev) -> None:
    (promoting,) = due(with_setting(platform, "staging", "24h"))
    assert (promoting.source, promoting.target) == ("dev", "staging")
    with pytest.raises(PromotionError, match=r"dev has run this for .*, and not for 1 day"):
        promoting.plan(platform)
    dev.last = replace(DEPLOYED, started=NOW - timedelta(days=2))
    assert promoting.plan(platform).carried


def test_no_stack_is_due_that_does_not_say_so(platform: Repository) -> None:
    assert list(due(platform)) == []


@pytest.mark.parametrize(
    ("stack", "value", "problem"),
    [
        ("staging", "soon", r"Pulumi\.staging\.yaml: infrastructure:promoteAfter: 'soon' is not a"),
        ("dev", "30m", r"Pulumi\.dev\.yaml: .* follows none to be promoted from"),
    ],
)
def test_a_wrong_setting_is_named(
    platform: Repository, stack: str, value: str, problem: str
) -> None:
    with pytest.raises((DeclarationError, RepositoryError), match=problem):
        list(due(with_setting(platform, stack, value)))
