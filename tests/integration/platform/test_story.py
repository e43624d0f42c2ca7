"""The main job: three environments on three clusters, changed, pruned and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout

CLUSTERS = ("dev-cluster", "staging-cluster", "prod-cluster")


def test_the_platform_comes_up_in_order_and_follows_its_program(platform: Checkout) -> None:
    commit = platform.git("rev-parse", "--short=7", "HEAD").strip()
    shown = platform.sluice("up")
    assert [line.partition(":")[0] for line in shown.splitlines() if " created" in line] == [
        "dev",
        "staging",
        "prod",
    ]
    rows = _rows(shown)
    assert rows["prod", "helmrelease/redis"] == [f"18.19.4@{commit}", "False", "True"]
    assert rows["dev", "application/ci-agents"] == [f"1.5.0-rc.1@{commit}", "False", "True"]
    assert all(ready == "True" for _revision, _suspended, ready in rows.values())
    assert [_agents(platform, cluster) for cluster in CLUSTERS] == [1, 2, 4]

    _a_replica_count_changes_with_plain_pulumi(platform)
    _a_removed_member_is_gone_and_comes_back(platform)

    assert "Nothing to do" in platform.sluice("up")
    assert platform.git("status", "--porcelain") == ""


def _a_replica_count_changes_with_plain_pulumi(platform: Checkout) -> None:
    platform.pulumi("config", "set", "--stack=staging", "agents", "3")
    preview = platform.pulumi("preview", "--stack=staging", "--diff")
    assert "replicas: 2 => 3" in preview
    assert "1 to update" in preview
    platform.pulumi("up", "--yes", "--stack=staging")
    assert [_agents(platform, cluster) for cluster in CLUSTERS] == [1, 3, 4]
    changed = platform.git("diff", "--unified=0", "--", "stacks").splitlines()
    assert [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        '-  infrastructure:agents: "2"',
        '+  infrastructure:agents: "3"',
    ]
    platform.commit("three agents")


def _a_removed_member_is_gone_and_comes_back(platform: Checkout) -> None:
    everything = platform.names("all,configmap,secret,sa", "databases")
    platform.edit("stacks/dev.py", 'removed = ("gitea",', 'removed = ("redis", "gitea",')
    assert "run `sluice lock dev`" in platform.sluice("up", "dev", fails=True)
    platform.sluice("lock", "dev")
    platform.sluice("up", "dev")
    assert platform.releases("databases") == {"postgresql": "deployed"}
    assert not [name for name in platform.names("all,cm,secret,sa", "databases") if "redis" in name]
    assert platform.names("statefulset", "databases", context="prod-cluster")
    platform.git("checkout", "--quiet", "stacks")
    platform.sluice("up", "dev")
    assert len(platform.names("all,configmap,secret,sa", "databases")) == len(everything)


def _agents(platform: Checkout, cluster: str) -> Any:
    return platform.get("deployment", "ci-agents", "ci-agents", cluster)["status"]["readyReplicas"]


def _rows(shown: str) -> dict[tuple[str, ...], list[str]]:
    table = shown.partition("STACK")[2].splitlines()[1:]
    cells = [line.split() for line in table if line and not line.startswith("Nothing")]
    return {tuple(row[:2]): row[2:5] for row in cells}
