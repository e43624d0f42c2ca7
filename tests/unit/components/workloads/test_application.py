from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml

from components import Application, ApplicationArgs, Autoscaling, Namespace, Probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare, Registrations

IMAGE = "registry.local/team/web:1.2.3"


def application(declare: Declare, **arguments: Any) -> Registrations:
    arguments = {"image": IMAGE, "namespace": "shop", **arguments}
    return declare(lambda: Application("web", ApplicationArgs(**arguments)))


def container(registered: Registrations) -> dict[str, Any]:
    (only,) = registered.object("Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(only)


def test_an_image_is_enough_for_a_careful_deployment_in_a_namespace_of_its_own(
    declare: Declare,
) -> None:
    expected = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: web
          labels:
            pod-security.kubernetes.io/enforce: baseline
            pod-security.kubernetes.io/warn: baseline
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: web
          labels: {app.kubernetes.io/name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app.kubernetes.io/name: web}}
          strategy:
            type: RollingUpdate
            rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
          template:
            metadata: {labels: {app.kubernetes.io/name: web}}
            spec:
              automountServiceAccountToken: false
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                seccompProfile: {type: RuntimeDefault}
              topologySpreadConstraints:
              - maxSkew: 1
                topologyKey: kubernetes.io/hostname
                whenUnsatisfiable: ScheduleAnyway
                labelSelector: {matchLabels: {app.kubernetes.io/name: web}}
              containers:
              - name: web
                image: registry.local/team/web:1.2.3
                resources:
                  requests: {cpu: 50m, memory: 64Mi}
                  limits: {memory: 256Mi}
                securityContext:
                  allowPrivilegeEscalation: false
                  capabilities: {drop: [ALL]}
                  readOnlyRootFilesystem: true
    """
    registered = declare(lambda: Application("web", ApplicationArgs(image=IMAGE)))
    assert registered.objects() == list(yaml.safe_load_all(dedent(expected)))
    outputs = registered.outputs["Application web"]
    assert outputs["image"] == IMAGE
    # What drift detection reads, for Pulumi's provider sends nothing of it.
    noted = json.loads(outputs["emptyValues"]["kubernetes:apps/v1:Deployment::web:web/web"])
    assert noted == {
        "/spec/strategy/rollingUpdate/maxUnavailable": 0,
        "/spec/template/spec/automountServiceAccountToken": False,
        "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation": False,
    }


def test_everything_comes_in_the_order_in_which_it_is_needed(declare: Declare) -> None:
    registered = application(
        declare,
        namespace=None,
        config={"A": "1"},
        secrets={"B": "2"},
        port=8080,
        host="web.example.org",
        autoscaling=Autoscaling(minimum=2, maximum=5),
    )
    after = {r.kind: r.after for r in registered if r.type.startswith("kubernetes:")}
    objects = "web:web/web"
    assert list(after) == [
        "Namespace",
        "ConfigMap",
        "Secret",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "Ingress",
    ]
    types = {
        r.kind: {urn.split("::")[2].rpartition("$")[2] for urn in r.request.dependencies}
        for r in registered
    }
    assert types["Deployment"] >= {"kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"}
    assert types["Service"] == {"kubernetes:apps/v1:Deployment"}
    assert types["Ingress"] >= {"kubernetes:core/v1:Service"}
    assert after["ConfigMap"] == after["Secret"]
    assert "web:web" in after["ConfigMap"]
    assert after["Service"] == {objects}


def test_a_namespace_that_is_given_is_waited_for(declare: Declare) -> None:
    def program() -> None:
        shop = Namespace("shop")
        Application("web", ApplicationArgs(image=IMAGE, namespace=shop))

    registered = declare(program)
    assert "shop:shop" in registered.one("Application").after
    assert registered.one("Deployment").name == "web:shop/web"


def test_configuration_and_secrets_become_the_environment(declare: Declare) -> None:
    registered = application(
        declare, config={"LEVEL": "info"}, secrets={"TOKEN": "s3cret"}, env={"MODE": "fast"}
    )
    assert registered.object("ConfigMap")["data"] == {"LEVEL": "info"}
    assert container(registered)["envFrom"] == [
        {"configMapRef": {"name": "web"}},
        {"secretRef": {"name": "web"}},
    ]
    assert container(registered)["env"] == [{"name": "MODE", "value": "fast"}]


def test_secrets_stay_secret_in_every_request(declare: Declare) -> None:
    registered = application(
        declare, secrets={"TOKEN": "s3cret", "KEY": pulumi.Output.from_input("s3cret2")}
    )
    secret = registered.one("Secret")
    assert _unmasked(secret["stringData"]) == {"TOKEN": "s3cret", "KEY": "s3cret2"}
    assert set(secret.request.additionalSecretOutputs) == {"data", "stringData"}
    for resource in registered:
        assert "s3cret" not in _visible(resource.inputs)


def _unmasked(value: Any) -> Any:
    value = getattr(value, "value", value)
    return (
        {key: _unmasked(item) for key, item in value.items()} if isinstance(value, dict) else value
    )


def _visible(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {_visible(item)}" for key, item in value.items())
    if isinstance(value, list):
        return " ".join(_visible(item) for item in value)
    return "" if hasattr(value, "value") else str(value)


@pytest.mark.parametrize("group", ["config", "secrets"])
def test_a_changed_value_rolls_the_pods_and_the_same_value_does_not(
    declare: Declare, group: str
) -> None:
    def annotations(value: str) -> Any:
        template = application(declare, **{group: {"A": value}}).one("Deployment")["spec"][
            "template"
        ]
        return _unmasked(template["metadata"]["annotations"])

    assert annotations("1") == annotations("1")
    assert annotations("1") != annotations("2")
    assert list(annotations("1")) == [f"checksum/{group.removesuffix('s')}"]


def test_a_port_makes_a_service_and_a_host_an_ingress(declare: Declare) -> None:
    registered = application(
        declare,
        port=8080,
        service_port=81,
        host="web.example.org",
        ingress_class="nginx",
        tls_secret="web-tls",  # noqa: S106 - an object's name
    )
    assert container(registered)["ports"] == [{"name": "http", "containerPort": 8080}]
    assert registered.object("Service")["spec"] == {
        "selector": {"app.kubernetes.io/name": "web"},
        "ports": [{"name": "http", "port": 81, "targetPort": "http"}],
    }
    assert registered.object("Ingress")["spec"] == yaml.safe_load("""
        ingressClassName: nginx
        tls: [{hosts: [web.example.org], secretName: web-tls}]
        rules:
        - host: web.example.org
          http:
            paths:
            - path: /
              pathType: Prefix
              backend: {service: {name: web, port: {name: http}}}
    """)


def test_no_port_makes_no_service(declare: Declare) -> None:
    assert [m["kind"] for m in application(declare).objects()] == ["Deployment"]


def test_probes_ask_the_application_s_port_or_their_own(declare: Declare) -> None:
    made = container(
        application(
            declare,
            port=8080,
            liveness=Probe(),
            readiness=Probe(path="/ready", port=9090, period=3),
        )
    )
    assert made["livenessProbe"] == {
        "httpGet": {"path": "/healthz", "port": 8080},
        "periodSeconds": 10,
    }
    assert made["readinessProbe"] == {
        "httpGet": {"path": "/ready", "port": 9090},
        "periodSeconds": 3,
    }


def test_a_probe_with_a_port_of_its_own_needs_no_service(declare: Declare) -> None:
    made = container(application(declare, liveness=Probe(port=9090)))
    assert made["livenessProbe"]["httpGet"]["port"] == 9090


def test_an_autoscaler_owns_the_number_of_replicas(declare: Declare) -> None:
    registered = application(declare, replicas=7, autoscaling=Autoscaling(minimum=2, maximum=9))
    assert "replicas" not in registered.object("Deployment")["spec"]
    assert registered.object("HorizontalPodAutoscaler")["spec"] == yaml.safe_load("""
        scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
        minReplicas: 2
        maxReplicas: 9
        metrics:
        - type: Resource
          resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
    """)


@pytest.mark.parametrize(
    ("arguments", "budgets"),
    [
        ({"replicas": 1}, 0),
        ({"replicas": 2}, 1),
        ({"autoscaling": Autoscaling(minimum=1, maximum=3)}, 0),
        ({"autoscaling": Autoscaling(minimum=2, maximum=3)}, 1),
    ],
)
def test_a_drain_is_held_up_only_where_another_pod_can_serve(
    declare: Declare, arguments: dict[str, Any], budgets: int
) -> None:
    registered = application(declare, **arguments)
    made = [m for m in registered.objects() if m["kind"] == "PodDisruptionBudget"]
    assert len(made) == budgets
    assert [m["spec"]["maxUnavailable"] for m in made] == [1] * budgets


def test_each_writable_path_is_an_empty_directory(declare: Declare) -> None:
    registered = application(declare, writable_paths=["/tmp/a", "/var/b"])  # noqa: S108
    pod = registered.object("Deployment")["spec"]["template"]["spec"]
    assert pod["volumes"] == [
        {"name": "writable-0", "emptyDir": {}},
        {"name": "writable-1", "emptyDir": {}},
    ]
    assert container(registered)["volumeMounts"] == [
        {"name": "writable-0", "mountPath": "/tmp/a"},  # noqa: S108
        {"name": "writable-1", "mountPath": "/var/b"},
    ]


def test_labels_reach_every_object_and_the_pods_but_not_the_selector(declare: Declare) -> None:
    registered = application(declare, labels={"team": "shop"}, port=80)
    deployment = registered.object("Deployment")
    for manifest in registered.objects():
        assert manifest["metadata"]["labels"]["team"] == "shop"
    assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "shop"
    assert deployment["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "web"}


def test_command_user_and_timeout_are_taken_as_given(declare: Declare) -> None:
    registered = application(
        declare, command=["/web"], arguments=["--fast"], run_as_user=1000, timeout="90s"
    )
    assert container(registered)["command"] == ["/web"]
    assert container(registered)["args"] == ["--fast"]
    pod = registered.object("Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 1000
    assert registered.one("Deployment").request.customTimeouts.create == "90s"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"image": "web"}, "image: 'web' has no tag and no digest"),
        ({"image": "Web:1"}, "image: 'Web:1' is not an image"),
        ({"image": "web:1@sha256:abc"}, "is not an image"),
        ({"image": ""}, "image: '' is not an image"),
        ({"namespace": "Shop"}, "namespace: 'Shop' is not lower-case"),
        ({"replicas": -1}, "replicas: -1 is not a whole number from 0"),
        ({"replicas": "2"}, "replicas: '2' is not a whole number"),
        ({"replicas": True}, "replicas: True is not a whole number"),
        ({"port": 0}, "port: 0 is not a whole number from 1 to 65535"),
        ({"port": 80, "service_port": 70000}, "service_port: 70000 is not a whole number"),
        ({"requests": {"cpu": "lots"}}, "requests['cpu']: 'lots' is not a quantity"),
        ({"limits": {"memory": "1GB"}}, "limits['memory']: '1GB' is not a quantity"),
        ({"timeout": "5 minutes"}, "timeout: '5 minutes' is not a duration"),
        ({"host": "web.example.org"}, "host: needs a port"),
        ({"host": "web_x", "port": 80}, "host: 'web_x' is not lower-case"),
        ({"liveness": Probe()}, "liveness: needs a port"),
        ({"readiness": Probe()}, "readiness: needs a port"),
        ({"autoscaling": Autoscaling(minimum=3, maximum=2)}, "minimum is above maximum"),
        ({"config": {"A": 1}}, "data.A: want string, got integer 1"),
        ({"env": {"A": 1}}, ".value: want string, got integer 1"),
        ({"secrets": {"A": 1}}, "stringData.A: want string, got integer 1"),
        ({"command": "sleep 5"}, "command: 'sleep 5' is a text, want a list of texts"),
        ({"arguments": "-x"}, "arguments: '-x' is a text, want a list of texts"),
        ({"writable_paths": "/var/b"}, "writable_paths: '/var/b' is a text, want a list of texts"),
    ],
)
def test_a_wrong_argument_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, arguments: dict[str, Any], problem: str
) -> None:
    arguments = {"image": IMAGE, "namespace": "shop", **arguments}
    error = refused(lambda: Application("web", ApplicationArgs(**arguments)))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert problem in error


def test_a_name_that_is_no_dns_label_is_refused(refused: Callable[..., str]) -> None:
    error = refused(lambda: Application("web.shop", ApplicationArgs(image=IMAGE)))
    assert "Application 'web.shop': name: 'web.shop' is not lower-case" in error


def test_a_gateways_route_takes_the_place_of_the_ingress(declare: Declare) -> None:
    registered = application(declare, port=8080, host="web.example.org", gateway="infra/public")
    expected = """
        parentRefs: [{name: public, namespace: infra}]
        hostnames: [web.example.org]
        rules:
          - matches: [{path: {type: PathPrefix, value: /}}]
            backendRefs: [{name: web, port: 80}]
        """
    assert registered.object("HTTPRoute")["spec"] == yaml.safe_load(dedent(expected))
    assert "Ingress" not in {each.kind for each in registered}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"gateway": "public"}, "gateway: '' is not lower-case"),
        ({"gateway": "infra/public"}, "gateway: needs a host and a service_port"),
        (
            {"gateway": "infra/public", "host": "a.b", "port": 80, "tls_secret": "tls"},
            "gateway: has its own tls_secret; leave that out",
        ),
    ],
)
def test_a_gateway_that_cannot_be(
    refused: Callable[..., str], arguments: dict[str, Any], said: str
) -> None:
    given = ApplicationArgs(image=IMAGE, namespace="shop", **arguments)

    assert f"Application 'web': {said}" in refused(lambda: Application("web", given))
