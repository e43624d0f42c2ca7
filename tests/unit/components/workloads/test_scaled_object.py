from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components import (
    CPU,
    Application,
    ApplicationArgs,
    ClusterTriggerAuthentication,
    Environment,
    Fallback,
    Namespace,
    PodIdentity,
    RedisList,
    ScaledObject,
    ScaledObjectArgs,
    SecretKey,
    Target,
    TriggerAuthentication,
    TriggerAuthenticationArgs,
    member,
)

if TYPE_CHECKING:
    from conftest import Declare

JOBS = RedisList(list_name="jobs", address="redis-master.databases:6379")


class Agents(Environment):
    """The guide's agents, scaled by their queue."""

    @member
    def agents(self) -> Application:
        arguments = ApplicationArgs(image="ci/agent:1.0", namespace="ci-agents", replicas=None)
        return Application("ci-agents", arguments)

    @member
    def login(self) -> TriggerAuthentication:
        password = SecretKey(parameter="password", name="redis", key="redis-password")
        return TriggerAuthentication(
            "redis",
            TriggerAuthenticationArgs(namespace="ci-agents", secret_target_ref=[password]),
        )

    @member
    def scaling(self) -> ScaledObject:
        jobs = RedisList(
            list_name="jobs", address="redis-master.databases:6379", authentication=self.login
        )
        return ScaledObject(
            "ci-agents",
            ScaledObjectArgs(
                target=self.agents,
                triggers=[jobs],
                max_replicas=10,
                initial_cooldown_period="2m",
                environment_container="agent",
                fallback=Fallback(
                    failure_threshold=3, replicas=2, behavior="currentReplicasIfHigher"
                ),
            ),
        )


def test_an_application_is_scaled_by_its_queue(declare: Declare) -> None:
    registered = declare(lambda: Agents("dev"))
    expected = """
        apiVersion: keda.sh/v1alpha1
        kind: ScaledObject
        metadata: {name: ci-agents, namespace: ci-agents}
        spec:
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: ci-agents
            envSourceContainerName: agent
          pollingInterval: 30
          cooldownPeriod: 300
          initialCooldownPeriod: 120
          minReplicaCount: 0
          maxReplicaCount: 10
          fallback: {failureThreshold: 3, replicas: 2, behavior: currentReplicasIfHigher}
          triggers:
            - type: redis
              metadata:
                {listName: jobs, listLength: "5", address: "redis-master.databases:6379"}
              authenticationRef: {name: redis}
        """
    assert registered.object("ScaledObject") == yaml.safe_load(dedent(expected))
    assert registered.object("TriggerAuthentication")["spec"] == {
        "secretTargetRef": [{"parameter": "password", "name": "redis", "key": "redis-password"}]
    }


def test_it_comes_after_its_target_and_its_authentication(declare: Declare) -> None:
    scaled = declare(lambda: Agents("dev")).one("ScaledObject", "ci-agents")
    assert scaled.after >= {"ci-agents:ci-agents/ci-agents", "redis:ci-agents/redis"}


def test_keda_alone_says_how_many_replicas_there_are(declare: Declare) -> None:
    assert "replicas" not in declare(lambda: Agents("dev")).object("Deployment")["spec"]


def scaled(target: Application | Target, **arguments: Any) -> Callable[[], object]:
    given = {"target": target, "triggers": [JOBS], **arguments}
    return lambda: ScaledObject("web", ScaledObjectArgs(**given))


WEB = Target(name="web", namespace="shop")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"triggers": []}, "triggers: at least one is needed"),
        ({"min_replicas": 5, "max_replicas": 2}, "min_replicas is above max_replicas"),
        ({"idle_replicas": 0}, "idle_replicas has to be below min_replicas"),
        ({"polling_interval": "soon"}, "polling_interval: 'soon' is not a duration"),
        ({"triggers": [CPU(value=70)]}, "min_replicas: has to be 1 or more where only cpu or "),
        (
            {"triggers": [replace(JOBS, name="jobs"), replace(JOBS, name="jobs")]},
            "triggers: 'jobs' is the name of more than one",
        ),
        (
            {
                "triggers": [replace(JOBS, metric_type="Value")],
                "fallback": Fallback(failure_threshold=3, replicas=1),
            },
            "fallback: needs a trigger that is not cpu or memory, with metric_type=",
        ),
        ({"extra": {"triggers": []}}, "extra: triggers is an argument of its own"),
    ],
)
def test_what_keda_would_refuse(
    refused: Callable[..., str], here: str, arguments: dict[str, Any], said: str
) -> None:
    error = refused(scaled(WEB, **arguments))

    assert error.startswith(f"{here}:")
    assert f"ScaledObject 'web': {said}" in error


def test_an_application_that_sets_its_replicas_is_no_target(refused: Callable[..., str]) -> None:
    class Case(Environment):
        @member
        def scaling(self) -> ScaledObject:
            web = Application("web", ApplicationArgs(image="shop/web:1.0", namespace="shop"))
            return ScaledObject("web", ScaledObjectArgs(target=web, triggers=[JOBS]))

    assert refused(lambda: Case("dev")).endswith(
        "ScaledObject 'web': target: web sets its replicas itself, and KEDA would too; "
        "declare it with replicas=None"
    )


def test_a_target_that_nothing_declares_is_named_with_what_there_is(
    refused: Callable[..., str],
) -> None:
    class Case(Agents):
        @member
        def wrong(self) -> ScaledObject:
            target = Target(name="ci-agent", namespace="ci-agents")
            return ScaledObject("wrong", ScaledObjectArgs(target=target, triggers=[JOBS]))

    assert (
        "ScaledObject 'wrong': target: Deployment ci-agents/ci-agent is not declared by this "
        "environment; there are: ci-agents/ci-agents (where a Helm release makes it, name that "
        "as made_by)"
    ) in refused(lambda: Case("dev"))


def test_a_workload_of_somebody_else_is_named_with_who_makes_it(declare: Declare) -> None:
    class Case(Environment):
        @member
        def namespace(self) -> Namespace:
            return Namespace("shop")

        @member
        def scaling(self) -> ScaledObject:
            target = Target(
                name="web", namespace="shop", kind="StatefulSet", made_by=self.namespace
            )
            return ScaledObject("web", ScaledObjectArgs(target=target, triggers=[JOBS]))

    registered = declare(lambda: Case("dev"))
    assert registered.error is None
    assert registered.object("ScaledObject")["spec"]["scaleTargetRef"]["kind"] == "StatefulSet"
    assert "shop:shop" in registered.one("ScaledObject", "web").after


def test_an_authentication_of_the_whole_cluster_takes_on_a_clouds_identity(
    declare: Declare,
) -> None:
    def program() -> None:
        identity = PodIdentity(provider="aws", role_arn="arn:aws:iam::1:role/queue")
        arguments = TriggerAuthenticationArgs(pod_identity=identity)
        login = ClusterTriggerAuthentication("aws", arguments)
        jobs = RedisList(list_name="jobs", address="redis:6379", authentication=login)
        target = Target(name="web", namespace="shop", made_by=login)
        ScaledObject("web", ScaledObjectArgs(target=target, triggers=[jobs]))

    registered = declare(program)
    assert registered.object("ClusterTriggerAuthentication") == {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ClusterTriggerAuthentication",
        "metadata": {"name": "aws"},
        "spec": {"podIdentity": {"provider": "aws", "roleArn": "arn:aws:iam::1:role/queue"}},
    }
    (trigger,) = registered.object("ScaledObject")["spec"]["triggers"]
    assert trigger["authenticationRef"] == {"name": "aws", "kind": "ClusterTriggerAuthentication"}
    assert "aws:aws" in registered.one("ScaledObject", "web").after


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: TriggerAuthentication("redis", TriggerAuthenticationArgs(namespace="shop")),
            "it says no way to sign in; give secret_target_ref=",
        ),
        (
            lambda: TriggerAuthentication(
                "redis", TriggerAuthenticationArgs(env={"host": "REDIS"})
            ),
            "namespace: a TriggerAuthentication has one",
        ),
        (
            lambda: PodIdentity(provider="aws", role_arn="arn:x", identity_owner="keda"),
            "PodIdentity: role_arn and identity_owner exclude each other",
        ),
        (
            lambda: Fallback(failure_threshold=-1, replicas=1),
            "Fallback: failure_threshold: -1 is not a whole number",
        ),
    ],
)
def test_an_authentication_or_fallback_that_cannot_be(
    refused: Callable[..., str], make: Callable[[], object], said: str
) -> None:
    assert said in refused(make)


def test_an_argument_that_there_is_not_is_an_error_with_the_nearest(
    refused: Callable[..., str], here: str
) -> None:
    class Case(Environment):
        @member
        def scaling(self) -> ScaledObject:
            return ScaledObject(
                "web",
                ScaledObjectArgs(target=WEB, triggers=[JOBS], max_replica=3),  # type: ignore[call-arg]
            )

    line = Case.scaling.make.__code__.co_firstlineno + 4
    assert refused(lambda: Case("dev")) == (
        f"{here}:{line}: ScaledObjectArgs has no argument 'max_replica'; did you mean max_replicas?"
    )


def test_a_trigger_without_its_metadata_is_an_error(refused: Callable[..., str]) -> None:
    class Case(Environment):
        @member
        def scaling(self) -> object:
            return RedisList(address="redis:6379")  # type: ignore[call-arg]

    assert refused(lambda: Case("dev")).endswith(": RedisList needs list_name")
