from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.errors import ArtifactError, DeclarationError
from sluice.declaration.program import declared
from sluice.declaration.records import Declared
from sluice.stack.repository import Repository
from sluice.stack.settings import Settings
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import MakeRepository

    from components.runtime.answers import Unlocked


ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dashboards are rendered by kubectl, which unit tests do without."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dashboard-ci"}}
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [manifest])


def named(resources: Iterable[Declared], kind: str) -> dict[str, Any]:
    return {r.name: r.inputs for r in resources if r.type.endswith(f":{kind}")}


@pytest.mark.parametrize(
    ("stack", "agents", "image", "releases"),
    [
        ("dev", 1, "1.5.0-rc.1", {"postgresql": "12.x", "redis": "19.x"}),
        ("staging", 2, "1.4.2", {"postgresql": "12.x", "redis": "19.x", "gitea": "10.x"}),
        ("prod", 4, "1.4.2", {"postgresql": "12.1.x", "redis": "18.x", "gitea": "10.x"}),
    ],
)
def test_each_stack_declares_what_its_file_says(
    platform: Repository,
    fake_charts: Unlocked,
    stack: str,
    agents: int,
    image: str,
    releases: dict[str, str],
) -> None:
    resources = declared(Stack(platform, stack), fake_charts)
    (deployment,) = named(resources, "Deployment").values()
    assert deployment["spec"]["replicas"] == agents
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"gitea.local/raibid/ci-agent:{image}"
    versions = {name: inputs["version"] for name, inputs in named(resources, "Release").items()}
    assert versions == {"keda": "2.16.x", "prometheus": "25.x", **releases}
    (cluster,) = named(resources, "kubernetes").values()
    assert cluster["context"] == f"{stack}-cluster"


def test_only_prod_has_room_and_replicas(platform: Repository, fake_charts: Unlocked) -> None:
    prod = declared(Stack(platform, "prod"), fake_charts)
    (container,) = named(prod, "Deployment")["ci-agents:ci-agents/ci-agents"]["spec"]["template"][
        "spec"
    ]["containers"]
    assert container["resources"]["limits"] == {"memory": "1Gi"}
    assert named(prod, "ResourceQuota")["ci-agents:ci-agents/ci-agents"]["spec"]["hard"] == {
        "pods": "200",
        "requests.cpu": "20",
    }
    assert named(prod, "Release")["redis"]["values"] == {"replica": {"replicaCount": 3}}


def test_declaring_leaves_the_working_directory_as_it_was(
    platform: Repository,
    fake_charts: Unlocked,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert declared(Stack(platform, "dev"), fake_charts)
    assert type(tmp_path).cwd() == tmp_path


def test_the_value_of_a_secret_is_masked_and_its_keys_are_shown(
    platform: Repository, fake_charts: Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys"},
        "stringData": {"password": "s3cret"},
    }
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [secret])
    resources = declared(Stack(platform, "dev"), fake_charts)
    assert named(resources, "Secret")["dashboards:keys"]["stringData"] == {"password": "[secret]"}
    assert "s3cret" not in str(resources)


def test_a_secret_among_a_release_s_values_is_masked_and_the_others_are_shown(
    platform: Repository, fake_charts: Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = {"auth": {"password": pulumi.Output.secret("s3cret"), "user": "admin"}}
    monkeypatch.setattr("components.helm.helm_release.merge_values", lambda *_: password)
    resources = declared(Stack(platform, "dev"), fake_charts)
    values = named(resources, "Release")["redis"]["values"]
    assert values == {"auth": {"password": "[secret]", "user": "admin"}}
    assert "s3cret" not in str(resources)


def test_a_chart_that_cannot_be_had_ends_it_with_the_line_of_the_release(
    platform: Repository,
) -> None:
    class NoCharts:
        def chart(self, request: Any) -> tuple[str, str]:
            raise ArtifactError(f"The chart of {request.name!r} is not locked.")

    with pytest.raises(ArtifactError, match=r"stacks/base\.py:\d+: HelmRelease 'postgresql': "):
        declared(Stack(platform, "dev"), NoCharts())


def test_an_undeclared_key_ends_it(
    platform: Repository, fake_charts: Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"infrastructure:context": "dev", "infrastructure:agent": 1}
    settings = Settings("stacks/Pulumi.dev.yaml", "infrastructure", config)
    monkeypatch.setattr(Stack, "settings", lambda _: settings)
    with pytest.raises(DeclarationError, match="did you mean infrastructure:agents"):
        declared(Stack(platform, "dev"), fake_charts)


def test_a_stack_without_a_program_ends_it(
    repository: MakeRepository, fake_charts: Unlocked
) -> None:
    found = repository(qa="")
    (found.root / "Pulumi.yaml").write_text(
        "name: infrastructure\nconfig: {context: {}, follows: {}}"
    )
    with pytest.raises(DeclarationError, match=r"stack 'qa' has no stacks/qa\.py"):
        declared(Stack(found, "qa"), fake_charts)


def written(repository: Repository, program: str) -> Stack:
    """A stack whose program is the given one."""
    keys = ("context", "follows")
    schema = "".join(f"  infrastructure:{key}: {{type: string}}\n" for key in keys)
    (repository.root / "Pulumi.yaml").write_text(f"name: infrastructure\nconfig:\n{schema}")
    package = (ROOT / "stacks" / "__init__.py").read_text()
    (repository.root / "stacks" / "__init__.py").write_text(package)
    (repository.root / "stacks" / "dev.py").write_text(program)
    return Stack(repository, "dev")


@pytest.mark.parametrize("end", ["sys.exit(0)", "sys.exit()", "exit()", "os._exit(0)"])
def test_a_program_that_ends_itself_declares_nothing_and_is_refused_with_its_line(
    repository: MakeRepository, fake_charts: Unlocked, end: str
) -> None:
    stack = written(repository(dev=""), f"import os\nimport sys\n\n{end}\n")
    with pytest.raises(DeclarationError, match=r"^stacks/dev\.py:4: the program ends here, "):
        declared(stack, fake_charts)


def test_a_programs_own_error_is_said_with_its_line(
    repository: MakeRepository, fake_charts: Unlocked, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = written(
        repository(dev=""),
        "from components import Environment, Namespace, member\n\n\n"
        "class Dev(Environment):\n    @member\n    def shop(self):\n"
        "        return Namespace([].nothing)\n",
    )
    with pytest.raises(DeclarationError, match=r"^stacks/dev\.py:7: AttributeError: .*'nothing'$"):
        declared(stack, fake_charts)
    gc.collect()
    assert "Traceback" not in capfd.readouterr().err
