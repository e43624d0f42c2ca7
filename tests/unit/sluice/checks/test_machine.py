from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import git
import pytest
import yaml

from sluice.checks import machine as checks
from sluice.checks import stack as stack_checks
from sluice.checks.machine import Check, machine_checks, repository_checks
from sluice.checks.passphrase import fits, passphrase
from sluice.checks.stack import Place, cluster_checks, places, state_checks
from sluice.errors import ApiError
from sluice.stack.settings import Settings
from sluice.stack.stack import Stack
from tests.unit.sluice.stack_data import DEPLOYED, deployment

if TYPE_CHECKING:
    from conftest import MakeRepository

    from sluice.stack.repository import Repository

PLACES = {
    Place("apps/v1", "Deployment", "shop", ""),
    Place("v1", "Namespace", "", "shop"),
    Place("example.com/v1", "Widget", "shop", ""),
}


def marked(found: Any) -> dict[bool | None, list[str]]:
    by_mark: dict[bool | None, list[str]] = {}
    for each in found:
        by_mark.setdefault(each.ok, []).append(each.message)
    return by_mark


def test_a_program_that_is_not_there_says_how_to_obtain_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.Installer, "locate", lambda self: [self.programs[0]])
    (wrong,) = [each for each in machine_checks() if each.ok is False]
    assert wrong.message.startswith("pulumi ")
    assert wrong.message.endswith("is not installed")
    assert wrong.remedy == "python3 -m toolchain install deploy"


def test_a_folder_without_git_is_worth_knowing(repository: MakeRepository) -> None:
    found = marked(repository_checks(repository(dev="")))
    assert found == {True: ["project infrastructure: dev"], None: ["no commit"]}


def test_uncommitted_files_and_no_remote_are_worth_knowing(repository: MakeRepository) -> None:
    checkout = repository(dev="", prod="dev")
    with git.Repo.init(checkout.root) as repo:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        repo.git.execute(["git", *who, "commit", "--allow-empty", "--message", "feat: the shop"])
        head = repo.head.commit.hexsha[:7]
    found = marked(repository_checks(checkout))
    assert False not in found
    assert (
        f"files differ from commit {head}, and would be deployed as no commit has them"
        in (found[None])
    )
    assert "no remote" in found[None]


class FakeCluster:
    context = "dev-cluster"
    everything = True
    tries = True

    def version(self) -> str:
        return "v1.35.0"

    def allowed(
        self, verb: str, _group: str, resource: str, namespace: str = "", name: str = ""
    ) -> bool:
        in_shop = resource == "deployments" and namespace == "shop" and verb != "delete"
        is_shop = resource == "namespaces" and (name == "shop" or verb == "list")
        return self.everything or in_shop or is_shop

    def serves(self, _api_version: str, kind: str) -> bool:
        return kind != "Widget"

    def resource(self, _api_version: str, kind: str) -> str:
        return f"{kind.lower()}s"

    def dry_run(self, manifest: Any) -> tuple[Any, tuple[str, ...]]:
        if not self.tries:
            raise ApiError("configmaps is forbidden")
        return manifest, ()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    made = FakeCluster()
    monkeypatch.setattr(Stack, "cluster", lambda _: made)
    return made


@pytest.mark.usefixtures("cluster")
def test_a_cluster_where_everything_is_allowed_is_asked_once(repository: MakeRepository) -> None:
    assert marked(cluster_checks(Stack(repository(dev=""), "dev"), PLACES)) == {
        True: [
            "cluster dev-cluster: Kubernetes v1.35.0",
            "allowed everything",
            "server-side dry run is allowed",
        ]
    }


def test_missing_permissions_are_named(repository: MakeRepository, cluster: FakeCluster) -> None:
    cluster.everything = False
    assert marked(cluster_checks(Stack(repository(dev=""), "dev"), PLACES))[False] == [
        "not allowed: deployments shop: delete"
    ]


def test_a_cluster_that_refuses_a_dry_run_is_told(
    repository: MakeRepository, cluster: FakeCluster
) -> None:
    cluster.tries = False
    assert marked(cluster_checks(Stack(repository(dev=""), "dev"), PLACES))[False] == [
        "no server-side dry run: configmaps is forbidden"
    ]


def test_a_cluster_that_cannot_be_asked_says_where_it_is_named(
    repository: MakeRepository, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> str:
        raise ApiError("context dev-cluster: the cluster cannot be asked: refused")

    monkeypatch.setattr(cluster, "version", refused)
    (found,) = cluster_checks(Stack(repository(dev=""), "dev"), PLACES)
    assert found.ok is False
    assert found.remedy.endswith("stacks/Pulumi.dev.yaml: infrastructure:context")


def test_where_a_program_applies_what_includes_helm_s_records(platform: Repository) -> None:
    _, declared = stack_checks.program_checks(Stack(platform, "dev"))
    assert {
        Place("apps/v1", "Deployment", "ci-agents", ""),
        Place("v1", "Secret", "databases", ""),
        Place("v1", "Namespace", "", "keda"),
    } <= places(declared)


def test_a_program_that_is_wrong_is_told_with_its_line(
    platform: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings("stacks/Pulumi.dev.yaml", "infrastructure", {"infrastructure:agent": 1})
    monkeypatch.setattr(Stack, "settings", lambda _: settings)
    found, declared = stack_checks.program_checks(Stack(platform, "dev"))
    assert [each.ok for each in found] == [False]
    assert "did you mean infrastructure:agents" in found[0].message
    assert declared == []


@pytest.fixture
def local(
    repository: MakeRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Repository:
    checkout = repository(dev="")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setattr(stack_checks.Deployed, "of", lambda *_: DEPLOYED)
    return checkout


def test_a_state_is_told_with_its_last_deployment(local: Repository, tmp_path: Path) -> None:
    found, deployed = state_checks(Stack(local, "dev"))
    assert deployed is DEPLOYED
    assert marked(found) == {
        True: [
            "its last deployment, of abc1234, succeeded",
            f"its state in {tmp_path} can be read and written",
        ]
    }


def test_who_holds_the_stack_is_told(local: Repository, tmp_path: Path) -> None:
    locks = tmp_path / ".pulumi" / "locks" / "organization" / local.project / "dev"
    locks.mkdir(parents=True)
    holder = {"pid": 7, "username": "ada", "hostname": "desk", "timestamp": "21:00"}
    (locks / "1.json").write_text(json.dumps(holder))
    found, _ = state_checks(Stack(local, "dev"))
    assert marked(found)[None] == ["held by ada on desk, process 7, since 21:00"]


def test_a_failed_deployment_is_wrong(local: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = type(DEPLOYED)("dev", DEPLOYED.components, [deployment(result="failed")])
    monkeypatch.setattr(stack_checks.Deployed, "of", lambda *_: failed)
    found, _ = state_checks(Stack(local, "dev"))
    message = "its last deployment, of abc1234, failed"
    assert found[0] == Check("dev", False, message, "sluice up dev")


def test_a_passphrase_is_tried_on_the_salt_of_the_stack_s_file(platform: Repository) -> None:
    text = (platform.root / "stacks" / "Pulumi.dev.yaml").read_text()
    salt = yaml.safe_load(text)["encryptionsalt"]
    assert fits("sandbox", salt)
    assert not fits("another", salt)
    assert not fits("sandbox", "v2:no salt")


def test_a_passphrase_comes_from_where_pulumi_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    assert passphrase() is None
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "file"))
    assert passphrase() is None
    (tmp_path / "file").write_text("kept in a file\n")
    assert passphrase() == "kept in a file"
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert passphrase() == ""


@pytest.mark.parametrize(
    ("provider", "ok", "message"),
    [
        ("gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k", None, "by a key of gcpkms"),
        ("awskms://alias/prod?region=eu-central-1", None, "by a key of awskms"),
        ("aws://alias/prod", False, "Pulumi knows no secretsprovider 'aws'"),
    ],
)
def test_a_cloud_s_key_is_told_and_a_wrong_kind_of_one_is_found(
    repository: MakeRepository, provider: str, ok: bool | None, message: str
) -> None:
    checkout = repository(dev="")
    file = checkout.root / "stacks" / "Pulumi.dev.yaml"
    file.write_text(f"{file.read_text()}secretsprovider: {provider}\n")
    found = stack_checks._secrets(Stack(checkout, "dev"))
    assert found.ok is ok
    assert message in found.message
