"""The tests of the charts of a stack's releases, run by Helm once an update is done.

A test that has succeeded for the revision that runs is not run again; Helm
keeps that in its own record. Answers to `spec.test` of Flux's HelmRelease.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.runtime.impersonation import account_of
from sluice.backend.session import run as run_program
from sluice.backend.state import Resource
from sluice.declaration.helm_program import environment, program
from sluice.engine.events import Moment, Watcher
from sluice.errors import DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import newest_record
from sluice.stack.own_cluster import on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["ReleaseTest", "release_tests", "run_tests"]

_TYPE: Final = "sluice:helm:HelmRelease"
_SUCCEEDED: Final = "Succeeded"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReleaseTest:
    """How a release is tested, as the state has it.

    Attributes:
        component: the release's component.
        namespace: where the release is.
        release: its name.
        seconds: how long a test may take.
        ignore_failures: whether a failed test is only warned of.
        filters: which tests are run, in Helm's words: `name=web-test`, `!name=slow`.
        tenant: whose account deploys the release and runs its tests; empty for the stack's.

    """

    component: str
    namespace: str
    release: str
    seconds: int
    ignore_failures: bool = False
    filters: Sequence[str] = ()
    tenant: str = ""

    def __str__(self) -> str:
        return f"test of HelmRelease {self.component}"

    def is_due(self, cluster: Cluster) -> bool:
        """Whether a test has not succeeded yet for the revision that runs."""
        record = newest_record(cluster, f"{self.namespace}/{self.release}")
        chosen = {each.removeprefix("name=") for each in self.filters if not each.startswith("!")}
        left = {each.removeprefix("!name=") for each in self.filters if each.startswith("!")}
        return record is not None and any(
            phase != _SUCCEEDED
            for name, phase in record.tests.items()
            if name not in left and (not chosen or name in chosen)
        )

    def run(self, root: Path, cluster: Cluster) -> str:
        """Run the tests; return why they failed, empty where they did not."""
        command = [
            *(str(program()), "test", self.release),
            *(f"--namespace={self.namespace}", f"--timeout={self.seconds}s"),
            f"--kube-context={cluster.context}",
            *([f"--kubeconfig={cluster.kubeconfig}"] if cluster.kubeconfig else []),
            *([f"--kube-as-user={account_of(self.tenant)}"] if self.tenant else []),
            *(f"--filter={each}" for each in self.filters),
        ]
        code, _, errors = run_program(command, str(self), cwd=root, env=environment(root))
        return _reason(errors) if code else ""


def release_tests(resources: Sequence[Resource], stack: str) -> list[ReleaseTest]:
    """Return the tests of the releases in a stack's state, on the stack's own cluster.

    One of a commit of before does not say as whom it is run, and is not.
    """
    declared = [
        each
        for each in resources
        if each.type == _TYPE and "tenant" in ((each.outputs or {}).get("test") or {})
    ]
    return [_test(each) for each in on_own_cluster(declared, lambda each: each.name, stack)]


def run_tests(stack: Stack, cluster: Cluster, tests: Sequence[ReleaseTest], watch: Watcher) -> None:
    """Run what has not succeeded yet, one after the other; `watch` is told which.

    They find Helm's own folders in the stack's repository.

    Raises:
        DeploymentError: naming each test that failed, with Helm's reason.
        ApiError: where the cluster cannot be asked.

    """
    failed: list[str] = []
    for each in tests:
        if not each.is_due(cluster):
            continue
        watch(Moment(str(each), waits=True, message="helm test"))
        begun = time.monotonic()
        reason = each.run(stack.repository.root, cluster)
        watch(Moment(str(each), done=True))
        if not reason:
            continue
        said = f"{each} failed after {time.monotonic() - begun:.0f} s: {reason}"
        if each.ignore_failures:
            _LOG.warning("%s: %s", stack, said)
        else:
            failed.append(said)
    if failed:
        raise DeploymentError("\n  ".join(failed))


def _reason(errors: str) -> str:
    lines = (line.strip().removeprefix("Error: ") for line in errors.splitlines())
    said = [line.removeprefix("* ") for line in lines if line and not line.endswith("occurred:")]
    return " ".join(said) or "Helm says nothing"


def _test(resource: Resource) -> ReleaseTest:
    given: Mapping[str, Any] = resource.outputs["test"]
    return ReleaseTest(
        component=resource.name,
        namespace=given["namespace"],
        release=given["release"],
        seconds=int(given["timeoutSeconds"]),
        ignore_failures=given["ignoreFailures"],
        filters=given["filters"],
        tenant=given["tenant"],
    )
