"""Back across a change of the product itself, whose files lie in the repository that it deploys."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.platform.conftest import REPOSITORY, Checkout, bind

if TYPE_CHECKING:
    from sluice.sandbox.sandbox import Sandbox

# The last commit in which the product's modules lay in flat folders.
FLAT = "4e3306cb415e0e47a2e7557ede45b78779778a33"
PRODUCT = ("__main__.py", "components", "sluice", "toolchain")
NAME = "product-rollback"
STACK = """
    from components import Application, ApplicationArgs, Environment, Namespace, member

    class Stack(Environment):
        '''One application.'''

        @member
        def namespace(self):
            return Namespace("{name}")

        @member
        def app(self):
            return Application(
                "app",
                ApplicationArgs(
                    image="registry.local/app:1", namespace=self.namespace, replicas={replicas}
                ),
            )
"""
CONFIG = "config:\n  infrastructure:context: dev-cluster\n"


@pytest.fixture
def repository(sandbox: Sandbox, programs: Path, tmp_path: Path) -> Iterator[Checkout]:
    """A team's repository, with the stack that is deployed and another one."""
    checkout = Checkout(tmp_path / "infrastructure", programs, {"PULUMI_STACK": NAME})
    bind(checkout.root, sandbox)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.add_remote()
    for part in (".gitignore", "Pulumi.yaml", "pyproject.toml"):
        shutil.copy2(REPOSITORY / part, checkout.root)
    checkout.write("stacks/__init__.py", (REPOSITORY / "stacks" / "__init__.py").read_text())
    for name in (NAME, "other"):
        checkout.write(f"stacks/{name}.py", STACK.format(name=name, replicas=1))
        checkout.write(f"stacks/Pulumi.{name}.yaml", CONFIG)
        checkout.pulumi("stack", "init", name)  # gives the file its salt
    yield checkout
    checkout.kubectl("delete", "namespace", NAME, "--ignore-not-found", "--wait=false")


def take(checkout: Checkout, commit: str) -> None:
    """Put the product of a commit of this repository in the place of the one that is there."""
    for part in PRODUCT:
        shutil.rmtree(checkout.root / part, ignore_errors=True)
    archive = subprocess.run(
        ["git", "archive", commit, *PRODUCT],  # noqa: S607 - the machine's own
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    assert archive.returncode == 0, f"{archive.stderr.decode()}: a clone has to be whole"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(checkout.root, filter="data")


def sluice(checkout: Checkout, *arguments: str) -> str:
    """Run the `sluice` that lies in the repository, as a team does that has cloned the product."""
    return checkout.run(sys.executable, "-m", "sluice", *arguments)


def replicas(checkout: Checkout) -> tuple[str, int]:
    """The live Deployment: which object it is, and how many replicas it has."""
    live = checkout.get("deployment", "app", NAME)
    return live["metadata"]["uid"], live["spec"]["replicas"]


def merge(checkout: Checkout) -> None:
    """Merge the branch that a rollback at once has pushed."""
    checkout.git("fetch", "--quiet", "origin")
    (branch,) = checkout.git("branch", "--remotes", "--list", "origin/rollback/*").split()
    checkout.git("reset", "--quiet", "--hard", "origin/main")
    checkout.git("merge", "--quiet", "--no-edit", branch)
    checkout.git("push", "--quiet", "origin", "main")
    checkout.git("push", "--quiet", "origin", "--delete", branch.removeprefix("origin/"))


def test_a_rollback_goes_to_before_the_rooms_and_back(repository: Checkout) -> None:
    take(repository, FLAT)
    repository.push("the product with flat folders")
    sluice(repository, "reconcile", NAME)
    uid, before = replicas(repository)
    assert before == 1

    take(repository, "HEAD")
    repository.edit(f"stacks/{NAME}.py", "replicas=1", "replicas=2")
    repository.push("the product with rooms")
    sluice(repository, "reconcile", NAME)
    assert replicas(repository) == (uid, 2)

    told = sluice(repository, "rollback", NAME, "--now", "--yes")
    assert "spec.replicas" in told
    assert "Other stacks change" not in told
    assert replicas(repository) == (uid, 1)
    merge(repository)
    assert not (repository.root / "sluice" / "stack").exists()
    assert f"{NAME}: unchanged at " in sluice(repository, "reconcile", NAME)

    sluice(repository, "rollback", NAME, "--to", "2", "--now", "--yes")
    assert replicas(repository) == (uid, 2)
    merge(repository)
    assert (repository.root / "sluice" / "stack").exists()
    assert f"{NAME}: unchanged at " in sluice(repository, "reconcile", NAME)
