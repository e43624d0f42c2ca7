"""Why a pod is not ready, from what Kubernetes says of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sluice.kubernetes.unready import problem_of, unready

WEB = """
    metadata: {name: web, annotations: {meta.helm.sh/release-name: shop}}
    spec: {selector: {matchLabels: {app: web}, matchExpressions: [%s]}}
    status: {conditions: [%s]}
"""
SCHEDULED = "{type: PodScheduled, status: 'True'}, {type: Ready, status: 'False'}"


def pod(status: str, name: str = "web-1") -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": yaml.safe_load(f"{{{status}}}")}


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("phase: Running, conditions: [{type: Ready, status: 'True'}]", ""),
        ("phase: Succeeded", ""),
        (
            (
                "phase: Pending, conditions: [{type: PodScheduled, status: 'False', "
                "reason: Unschedulable, message: '0/1 nodes are available: 1 Insufficient cpu.'}]"
            ),
            "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.",
        ),
        (
            (
                "phase: Pending, containerStatuses: [{name: web, state: {waiting: "
                "{reason: ImagePullBackOff, message: 'Back-off pulling image \"web:2\"'}}}]"
            ),
            'container web: ImagePullBackOff: Back-off pulling image "web:2"',
        ),
        (
            (
                "phase: Running, containerStatuses: [{name: web, restartCount: 4, "
                "state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s}}, "
                "lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]"
            ),
            (
                "container web: CrashLoopBackOff: ended with exit code 137 (OOMKilled), "
                "restarted 4 times"
            ),
        ),
        (
            (
                "phase: Pending, initContainerStatuses: [{name: migrate, "
                "state: {terminated: {exitCode: 1, reason: Error}}}], "
                "containerStatuses: [{name: web, state: {waiting: {reason: PodInitializing}}}]"
            ),
            "container migrate: ended with exit code 1",
        ),
        (
            (
                "phase: Pending, containerStatuses: "
                "[{name: web, state: {waiting: {reason: ContainerCreating}}}]"
            ),
            "ContainerCreating",
        ),
        (
            "phase: Failed, reason: Evicted, message: the node was low on memory",
            "Evicted: the node was low on memory",
        ),
        (
            (
                f"phase: Running, conditions: [{SCHEDULED}], "
                "containerStatuses: [{name: web, state: {running: {}}}]"
            ),
            "its containers run, and their readiness probes do not succeed",
        ),
        ("phase: Pending", "Pending"),
    ],
)
def test_a_pods_problem_is_what_kubernetes_says(status: str, problem: str) -> None:
    assert problem_of(pod(status)) == problem


def test_a_pod_that_is_deleted_says_so() -> None:
    leaving = pod("phase: Running")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-26T06:00:00Z"

    assert problem_of(leaving) == "being deleted"


class FakeCluster:
    """A cluster with one Deployment, its pods, and what is reported of them."""

    def __init__(
        self, *pods: dict[str, Any], workload: str = WEB % ("", ""), events: str = "[]"
    ) -> None:
        self.pods = list(pods)
        self.workload = yaml.safe_load(workload)
        self.events = yaml.safe_load(events)
        self.selectors: list[str] = []

    def get(self, _api_version: str, kind: str, _namespace: str, name: str) -> Any:
        return self.workload if (kind, name) == ("Deployment", "web") else None

    def list(self, _version: str, kind: str, *, namespace: str, labels: str = "") -> list[Any]:
        assert namespace == "shop"
        if kind == "Pod":
            self.selectors.append(labels)
            return self.pods
        return [self.workload] if kind == "Deployment" else []

    def listed(self, *_kind: str, namespace: str, fields: str) -> tuple[list[Any], str]:
        assert (namespace, fields) == (
            "shop",
            "involvedObject.kind=Pod,involvedObject.name=web-1,type=Warning",
        )
        return self.events, ""


PULLS = pod("phase: Pending, containerStatuses: [{name: w, state: {waiting: {reason: ErrPull}}}]")
COMES = pod(
    "phase: Pending, containerStatuses: [{name: w, state: {waiting: {reason: ContainerCreating}}}]",
    "web-0",
)
PROBED = pod("phase: Running, containerStatuses: [{name: web, state: {running: {}}}]")
QUOTA = "{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: exceeded quota}"


@pytest.mark.parametrize(
    ("cluster", "place", "said"),
    [
        (
            FakeCluster(COMES, PULLS),
            ("Deployment", "shop", "web"),
            "pod web-1: container w: ErrPull, and 1 more",
        ),
        (FakeCluster(PULLS), ("Release", "shop", "shop"), "pod web-1: container w: ErrPull"),
        (FakeCluster(PULLS), ("Release", "shop", "other"), ""),
        (FakeCluster(PULLS), ("Service", "shop", "web"), ""),
        (FakeCluster(), ("Deployment", "shop", "none"), ""),
        (
            FakeCluster(workload=WEB % ("", QUOTA)),
            ("Deployment", "shop", "web"),
            "FailedCreate: exceeded quota",
        ),
        (
            FakeCluster(
                PROBED,
                events=(
                    "[{reason: Unhealthy, lastTimestamp: '2', message: 'Readiness probe failed:"
                    " 503'}, {reason: Old, lastTimestamp: '1'}]"
                ),
            ),
            ("Deployment", "shop", "web"),
            "pod web-1: Unhealthy: Readiness probe failed: 503",
        ),
    ],
)
def test_the_pod_that_something_waits_for_is_named(
    cluster: Any, place: tuple[str, str, str], said: str
) -> None:
    assert unready(cluster, *place) == said


def test_pods_are_asked_for_by_the_workloads_own_selector() -> None:
    expressions = "{key: tier, operator: In, values: [a, b]}, {key: x, operator: DoesNotExist}"
    cluster: Any = FakeCluster(workload=WEB % (expressions, ""))
    unready(cluster, "Deployment", "shop", "web")

    assert cluster.selectors == ["app=web,tier in (a,b),!x"]
