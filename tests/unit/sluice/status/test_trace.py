from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import git
import pytest

from sluice.inventory.owners import Ownership, owners_of
from sluice.stack.repository import Repository
from sluice.status.trace import Trace, trace_of
from tests.unit.sluice.stack_data import DEPLOYED, deployment, live_object

BASE = """
class Platform:
    @member
    def redis(self):
        return HelmRelease(
            "redis", version=1,
        )

    @member
    def web(self):
        return Application("web")
"""
WEB_LINE, REDIS_LINE = 11, 5


class History:
    """A repository whose `stacks/base.py` changes commit by commit."""

    def __init__(self, root: Path) -> None:
        self.repo = git.Repo.init(root, initial_branch="main")
        self.file = root / "stacks" / "base.py"
        self.file.parent.mkdir()
        with self.repo.config_writer() as config:
            config.set_value("user", "name", "Ada")
            config.set_value("user", "email", "ada@example.com")

    def commit(self, text: str, message: str) -> str:
        self.file.write_text(text)
        self.repo.git.add("--all")
        self.repo.git.commit("--message", message, "--allow-empty")
        return str(self.repo.head.commit.hexsha)

    def trace(self, line: int) -> Trace:
        component = replace(DEPLOYED.components[0], where=f"stacks/base.py:{line}")
        head = deployment(commit=str(self.repo.head.commit.hexsha))
        deployed = replace(DEPLOYED, history=[head])
        repository = Repository(Path(str(self.repo.working_tree_dir)))
        return trace_of(repository, deployed, Ownership("Deployment shop/web", component, ""))


@pytest.fixture
def history(tmp_path: Path) -> Any:
    made = History(tmp_path)
    yield made
    made.repo.close()


def test_an_object_comes_from_the_newest_commit_of_its_declaration(history: History) -> None:
    first = history.commit(BASE, "feat: the shop\n\nlong story")
    second = history.commit(BASE.replace("version=1", "version=2"), "feat: redis 2 (#12)")
    web, redis = history.trace(WEB_LINE).origin, history.trace(REDIS_LINE).origin
    assert web is not None
    assert redis is not None
    assert (web.commit, web.subject, web.pull_request) == (first, "feat: the shop", None)
    assert (redis.commit, redis.author) == (second, "Ada <ada@example.com>")
    assert redis.pull_request == 12


def test_a_merge_tells_the_pull_request_of_what_it_brought(history: History) -> None:
    history.commit(BASE, "feat: the shop")
    history.repo.git.switch("--create", "redis-2")
    history.commit(BASE.replace("version=1", "version=2"), "feat: redis 2")
    history.repo.git.switch("main")
    title = "Merge pull request 'Redis 2' (#7) from redis-2 into main"
    history.repo.git.merge("--no-ff", "--message", title, "redis-2")
    origins = [history.trace(line).origin for line in (WEB_LINE, REDIS_LINE)]
    assert [origin and origin.pull_request for origin in origins] == [None, 7]


def test_a_deployment_that_no_commit_has_is_traced_to_its_line_alone(history: History) -> None:
    history.commit(BASE, "feat: the shop")
    found = history.trace(400)
    assert found.where == "stacks/base.py:400"
    assert found.origin is None


class FakeCluster:
    """A cluster with pods of the web Deployment, and one object that only Helm knows."""

    def kinds(self, name: str) -> list[tuple[str, str]]:
        known = {"pod": ("v1", "Pod"), "job": ("batch/v1", "Job")}
        return [known[name]] if name in known else []

    def list(self, api_version: str, kind: str, **_where: str) -> list[dict[str, Any]]:
        found = live_object(kind, "web-1", apiVersion=api_version)
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-new"}
        found["metadata"]["ownerReferences"] = [reference]
        hook = live_object(kind, "redis-hook", apiVersion=api_version)
        marks = {"meta.helm.sh/release-name": "redis", "meta.helm.sh/release-namespace": "shop"}
        hook["metadata"]["annotations"] = marks
        alone = live_object(kind, "alone", apiVersion=api_version)
        return [found, hook, alone]

    def get(self, _version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        owner = live_object(kind, name, namespace)
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        owner["metadata"]["ownerReferences"] = [reference]
        return owner


@pytest.mark.parametrize(
    ("kind", "name", "component", "release", "through"),
    [
        ("Deployment", "web", "application/web", "", ()),
        ("deployments.apps", "web", "application/web", "", ()),
        ("statefulsets", "redis-master", "helmrelease/redis", "shop/redis", ()),
        ("helmrelease", "redis", "helmrelease/redis", "", ()),
        # The inner of two components that own it.
        ("namespace", "shop", "namespace/shop", "", ()),
        ("pod", "web-1", "application/web", "", ("ReplicaSet shop/web-new", "Deployment shop/web")),
        ("job", "redis-hook", "helmrelease/redis", "shop/redis", ()),
    ],
)
def test_an_object_is_its_component_s(
    kind: str, name: str, component: str, release: str, through: tuple[str, ...]
) -> None:
    cluster: Any = FakeCluster()
    (found,) = owners_of(DEPLOYED, cluster, kind, "", name)
    assert (str(found.component), found.release) == (component, release)
    assert found.through == through


@pytest.mark.parametrize(("kind", "name"), [("pod", "alone"), ("pod", "none"), ("cow", "web")])
def test_what_no_component_made_is_nobody_s(kind: str, name: str) -> None:
    cluster: Any = FakeCluster()
    assert owners_of(DEPLOYED, cluster, kind, "shop", name) == []
