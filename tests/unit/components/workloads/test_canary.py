from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components import (
    Application,
    ApplicationArgs,
    Canary,
    CanaryAlert,
    CanaryAnalysis,
    CanaryArgs,
    CanaryAutoscaler,
    CanaryMetric,
    CanaryService,
    CanaryWebhook,
    DeclarationError,
    Environment,
    RedisList,
    ScaledObject,
    ScaledObjectArgs,
    SessionAffinity,
    Target,
    TemplateReference,
    ThresholdRange,
    member,
)

if TYPE_CHECKING:
    from conftest import Declare

STEPS = CanaryAnalysis(interval="1m", threshold=5, max_weight=50, step_weight=10)
PORT = CanaryService(port=80)


class Apps(Environment):
    """The guide's application and its canary."""

    analysis: CanaryAnalysis = STEPS
    replicas: int | None = None

    @member
    def my_app(self) -> Application:
        arguments = ApplicationArgs(
            image="apps/my-app:1.0",
            namespace="apps",
            replicas=self.replicas,
            port=8080,
            service_port=None,
        )
        return Application("my-app", arguments)

    @member
    def canary(self) -> Canary:
        return Canary(
            "my-app", CanaryArgs(target=self.my_app, service=PORT, analysis=self.analysis)
        )


GUIDE = """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata:
      name: my-app
      namespace: apps
    spec:
      targetRef:
        apiVersion: apps/v1
        kind: Deployment
        name: my-app
      progressDeadlineSeconds: 60
      service:
        port: 80
      analysis:
        interval: 1m
        threshold: 5
        maxWeight: 50
        stepWeight: 10
    """


def test_the_guides_canary(declare: Declare) -> None:
    registered = declare(lambda: Apps("dev"))

    assert registered.object("Canary") == yaml.safe_load(GUIDE)
    assert not [each for each in registered if each.kind == "Service"]


def test_metrics_and_webhooks(declare: Declare) -> None:
    class Case(Apps):
        analysis = CanaryAnalysis(
            interval="30s",
            threshold=2,
            iterations=10,
            match=[{"headers": {"x-canary": {"exact": "insider"}}}],
            metrics=[
                CanaryMetric(name="request-success-rate", threshold_range=ThresholdRange(min=99)),
                CanaryMetric(
                    name="errors",
                    threshold_range=ThresholdRange(max=1),
                    interval="1m",
                    template_ref=TemplateReference(name="errors", namespace="flagger"),
                    template_variables={"direction": "inbound"},
                ),
            ],
            webhooks=[
                CanaryWebhook(
                    name="load",
                    url="http://loadtester.test/",
                    timeout="5s",
                    metadata={"cmd": "hey -z 1m http://my-app-canary.apps/"},
                    mute_alert=True,
                    disable_tls=True,
                )
            ],
            alerts=[CanaryAlert(name="chat", provider_ref=TemplateReference(name="on-call"))],
            primary_ready_threshold=80,
            session_affinity=SessionAffinity(cookie_name="version", max_age=3600),
        )

    expected = """
        interval: 30s
        threshold: 2
        iterations: 10
        match: [{headers: {x-canary: {exact: insider}}}]
        metrics:
          - {name: request-success-rate, thresholdRange: {min: 99}}
          - name: errors
            interval: 1m
            thresholdRange: {max: 1}
            templateRef: {name: errors, namespace: flagger}
            templateVariables: {direction: inbound}
        webhooks:
          - name: load
            url: http://loadtester.test/
            type: rollout
            timeout: 5s
            metadata: {cmd: hey -z 1m http://my-app-canary.apps/}
            muteAlert: true
            disableTLS: true
        alerts: [{name: chat, providerRef: {name: on-call}}]
        primaryReadyThreshold: 80
        sessionAffinity: {cookieName: version, maxAge: 3600}
        """
    analysis = declare(lambda: Case("dev")).object("Canary")["spec"]["analysis"]
    assert analysis == yaml.safe_load(expected)


def test_an_autoscaler_is_named_and_has_limits_of_its_own(declare: Declare) -> None:
    class Case(Apps):
        @member
        def canary(self) -> Canary:
            scaler = CanaryAutoscaler(name="my-app", primary_min_replicas=2, primary_max_replicas=5)
            arguments = CanaryArgs(
                target=self.my_app, service=PORT, analysis=STEPS, autoscaler=scaler
            )
            return Canary("my-app", arguments)

    assert declare(lambda: Case("dev")).object("Canary")["spec"]["autoscalerRef"] == {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "name": "my-app",
        "primaryScalerReplicas": {"minReplicas": 2, "maxReplicas": 5},
    }


def test_what_keda_scales_is_delivered_after_its_scaled_object(declare: Declare) -> None:
    class Case(Apps):
        @member
        def scaling(self) -> ScaledObject:
            jobs = RedisList(list_name="jobs", address="redis:6379")
            return ScaledObject("queue", ScaledObjectArgs(target=self.my_app, triggers=[jobs]))

        @member
        def canary(self) -> Canary:
            arguments = CanaryArgs(
                target=self.my_app, service=PORT, analysis=STEPS, autoscaler=self.scaling
            )
            return Canary("my-app", arguments)

    registered = declare(lambda: Case("dev"))
    assert registered.object("Canary")["spec"]["autoscalerRef"] == {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "name": "queue",
    }
    assert "queue:apps/queue" in registered.one("Canary", "my-app").after


def test_a_stateful_set_is_nothing_that_flagger_delivers(refused: Callable[..., str]) -> None:
    class Case(Apps):
        @member
        def canary(self) -> Canary:
            target = Target(name="my-app", namespace="apps", kind="StatefulSet")
            return Canary("my-app", CanaryArgs(target=target, service=PORT, analysis=STEPS))

    assert refused(lambda: Case("dev")).endswith(
        "Canary 'my-app': target: a StatefulSet is none of what Flagger delivers: "
        "Deployment, DaemonSet, Service"
    )


def test_a_target_that_this_program_does_not_declare(refused: Callable[..., str]) -> None:
    class Case(Apps):
        @member
        def canary(self) -> Canary:
            target = Target(name="my-app", namespace="default")
            return Canary("my-app", CanaryArgs(target=target, service=PORT, analysis=STEPS))

    assert (
        "Canary 'my-app': target: Deployment default/my-app is not declared by this environment; "
        "there are: apps/my-app"
    ) in refused(lambda: Case("dev"))


def test_an_application_keeps_its_hands_off_what_flagger_sets(refused: Callable[..., str]) -> None:
    class Case(Apps):
        replicas = 3

    assert refused(lambda: Case("dev")).endswith(
        "Canary 'my-app': target: my-app sets what Flagger sets; declare it with replicas=None"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"step_weight": 10, "interval": "often"}, "interval: 'often' is not a duration"),
        ({"step_weight": 10, "threshold": 0}, "threshold: 0 has to be 1 or more"),
        ({}, "give one of step_weight, step_weights and iterations"),
        ({"step_weight": 10, "iterations": 3}, "give one of step_weight, step_weights and "),
        ({"step_weight": 0}, "step_weight: 0 is no percentage from 1 to 100"),
        ({"step_weight": 10, "max_weight": 101}, "max_weight: 101 is no percentage"),
        ({"step_weight": 60, "max_weight": 50}, "step_weight is above max_weight"),
        ({"step_weights": [10, 10]}, "step_weights: each has to be above the one before"),
        ({"step_weights": [10, 200]}, "step_weights[1]: 200 is no percentage"),
        ({"iterations": 3, "mirror_weight": 0}, "mirror_weight: 0 is no percentage"),
    ],
)
def test_an_analysis_that_flagger_would_not_do(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        CanaryAnalysis(**{"interval": "1m", "threshold": 5, **arguments})

    assert str(refused.value).startswith(f"CanaryAnalysis: {said}")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (ThresholdRange, "ThresholdRange: give min, max or both"),
        (lambda: CanaryWebhook(name="x", url="tester"), "CanaryWebhook: url: 'tester' is no URL"),
        (lambda: CanaryService(port=0), "CanaryService: port: 0 is not a whole number"),
        (
            lambda: CanaryService(port=80, extra={"targetPort": 8080}),
            "CanaryService: extra: targetPort is the argument target_port",
        ),
    ],
)
def test_parts_that_flagger_would_refuse(make: Callable[[], object], said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        make()

    assert str(refused.value).startswith(said)
