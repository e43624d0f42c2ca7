"""`Application`: a service of our own, from namespace to ingress, in a dozen lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.base.component import Component
from components.base.ignore import Ignore
from components.base.kubernetes_object import KubernetesObject
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.images.image_policy import ImagePolicy, image_of
from components.lib.manifests import fields

__all__ = ["Application", "ApplicationArgs", "Autoscaling", "Probe"]

_LABEL = "app.kubernetes.io/name"
_NON_ROOT_USER = 65532


@dataclass(frozen=True, kw_only=True)
class Probe:
    """An HTTP probe of the container.

    Attributes:
        path: the path that is asked for; by default `/healthz`.
        port: the port; by default the application's.
        period: seconds between two; by default 10.

    """

    path: str = "/healthz"
    port: int | None = None
    period: int = 10


@dataclass(frozen=True, kw_only=True)
class Autoscaling:
    """A HorizontalPodAutoscaler; it then owns the number of replicas.

    Attributes:
        minimum: the fewest replicas.
        maximum: the most replicas.
        cpu: the targeted share of the requested CPU, in percent; by default 80.

    """

    minimum: int
    maximum: int
    cpu: int = 80


@dataclass(frozen=True, kw_only=True)
class ApplicationArgs:
    """Arguments of `Application`; only the image is required.

    Attributes:
        image: the image, with tag or digest, or an `ImagePolicy` that selects it.
        namespace: where it runs; by default a namespace of its own name is made.
        replicas: how many; by default 1. None leaves it to KEDA, Flagger or another;
            not used with `autoscaling`.
        port: the port it listens on; none means no Service.
        service_port: the Service's port; by default 80. None means no Service.
        command: the entry point; by default the image's.
        arguments: the command's arguments.
        env: environment variables.
        config: entries of a ConfigMap, given as environment variables.
        secrets: entries of a Secret, given as environment variables; kept secret.
        host: the Ingress's host; none means no Ingress.
        ingress_class: the Ingress's class; by default the cluster's.
        gateway: the Gateway API's gateway, `namespace/name`, whose HTTPRoute takes the
            place of the Ingress; by default none.
        tls_secret: the Secret with the host's certificate.
        requests: by default `cpu: 50m`, `memory: 64Mi`.
        limits: by default `memory: 256Mi`; no CPU limit, which only throttles.
        liveness: restarts the container when it fails; by default none.
        readiness: takes the pod out of the Service while it fails; by default none.
        autoscaling: by default none.
        max_unavailable: how many pods a drain may take at once; by default 1,
            where there may be more than one replica.
        writable_paths: directories that the container may write to; the rest
            of its file system is read-only.
        run_as_user: the user id it runs as; by default 65532 (`nonroot`).
        labels: more labels of every object.
        timeout: how long a rollout may take; by default `5m`.
        ignore: fields of its objects that are left to others; by default none.

    """

    image: str | ImagePolicy
    namespace: str | Namespace | None = None
    replicas: int | None = 1
    port: int | None = None
    service_port: int | None = 80
    command: Sequence[str] = ()
    arguments: Sequence[str] = ()
    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    host: str = ""
    ingress_class: str = ""
    gateway: str = ""
    tls_secret: str = ""
    requests: Mapping[str, str] = field(default_factory=lambda: {"cpu": "50m", "memory": "64Mi"})
    limits: Mapping[str, str] = field(default_factory=lambda: {"memory": "256Mi"})
    liveness: Probe | None = None
    readiness: Probe | None = None
    autoscaling: Autoscaling | None = None
    max_unavailable: int = 1
    writable_paths: Sequence[str] = ()
    run_as_user: int = _NON_ROOT_USER
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: str = "5m"
    ignore: Sequence[Ignore] = ()


class Application(Component):
    """Namespace, configuration, secret, Deployment, Service, Ingress, in that order.

    With a careful engineer's defaults: requests and limits, no root, a
    read-only file system, no privilege, rolling updates without a gap, pods
    spread over nodes; a changed configuration rolls the pods. Answers to the
    `apps/my-app/` directory of a Flux repository.

    Attributes:
        namespace: the name of the namespace that it runs in.

    """

    def __init__(
        self, name: str, args: ApplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the application `name`."""
        super().__init__(
            "apps:Application", name, opts, needs=(args.namespace, args.image), ignore=args.ignore
        )
        self.args = args
        self._image = image_of(args.image)
        try:
            self._check()
        except DeclarationError as error:
            raise self.refusal(error) from None
        self._after: list[pulumi.Resource] = []
        self.namespace = self._make_namespace()
        self._make_in_turn(self._config_map(), self._secret())
        self._make_in_turn(self._deployment())
        self._make_in_turn(self._service(), self._autoscaler(), self._disruption_budget())
        self._make_in_turn(self._route() if args.gateway else self._ingress())
        self.register_outputs({"image": self._image})

    def _check(self) -> None:
        args = self.args
        fields.dns_label("name", self.name)
        if args.namespace is not None:
            fields.dns_label("namespace", name_of(args.namespace))
        for part in ("command", "arguments", "writable_paths"):
            fields.texts(part, getattr(args, part))
        fields.image("image", self._image)
        if args.replicas is not None:
            fields.replicas("replicas", args.replicas)
        self._timeout = f"{fields.duration('timeout', args.timeout)}s"
        for group in ("requests", "limits"):
            for resource, amount in getattr(args, group).items():
                fields.quantity(f"{group}[{resource!r}]", amount)
        if args.port is not None:
            fields.port("port", args.port)
        if args.service_port is not None:
            fields.port("service_port", args.service_port)
        if args.host:
            fields.dns_subdomain("host", args.host)
        self._check_ports()
        self._check_gateway()
        if args.autoscaling and args.autoscaling.minimum > args.autoscaling.maximum:
            raise DeclarationError("autoscaling: minimum is above maximum")

    def _check_gateway(self) -> None:
        args = self.args
        if not args.gateway:
            return
        namespace, _, name = args.gateway.partition("/")
        fields.dns_label("gateway", namespace)
        fields.dns_subdomain("gateway", name)
        wrong = [part for part in ("ingress_class", "tls_secret") if getattr(args, part)]
        if wrong:
            raise DeclarationError(f"gateway: has its own {', '.join(wrong)}; leave that out")
        if not args.host or args.service_port is None:
            raise DeclarationError("gateway: needs a host and a service_port")

    def _check_ports(self) -> None:
        args = self.args
        needed = {
            "host": bool(args.host),
            "liveness": args.liveness is not None and args.liveness.port is None,
            "readiness": args.readiness is not None and args.readiness.port is None,
        }
        for part, needs_port in needed.items():
            if needs_port and args.port is None:
                raise DeclarationError(f"{part}: needs a port")

    def _make_namespace(self) -> str:
        if self.args.namespace is not None:
            return name_of(self.args.namespace)
        own = Namespace(self.name, opts=pulumi.ResourceOptions(parent=self))
        self._after.append(own)
        return own.name

    def _make_in_turn(self, *manifests: dict[str, Any] | None) -> None:
        options = pulumi.ResourceOptions(
            depends_on=list(self._after),
            custom_timeouts=pulumi.CustomTimeouts(create=self._timeout, update=self._timeout),
        )
        made: list[KubernetesObject] = [
            self.make(manifest, options) for manifest in manifests if manifest is not None
        ]
        if made:
            self._after = [*made]

    def _manifest(self, api_version: str, kind: str, **body: Any) -> dict[str, Any]:
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "labels": {**self._selector, **self.args.labels},
        }
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}

    @property
    def _selector(self) -> dict[str, str]:
        return {_LABEL: self.name}

    def _config_map(self) -> dict[str, Any] | None:
        if not self.args.config:
            return None
        return self._manifest("v1", "ConfigMap", data=dict(self.args.config))

    def _secret(self) -> dict[str, Any] | None:
        if not self.args.secrets:
            return None
        return self._manifest("v1", "Secret", type="Opaque", stringData=dict(self.args.secrets))

    def _deployment(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "selector": {"matchLabels": self._selector},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": {"metadata": self._pod_metadata(), "spec": self._pod()},
        }
        if self.args.autoscaling is None and self.args.replicas is not None:
            spec["replicas"] = self.args.replicas
        return self._manifest("apps/v1", "Deployment", spec=spec)

    def _pod_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {"labels": {**self._selector, **self.args.labels}}
        checksums: dict[str, Any] = {}
        if self.args.config:
            checksums["checksum/config"] = _checksum(self.args.config)
        if self.args.secrets:
            secrets: pulumi.Output[Any] = pulumi.Output.secret(dict(self.args.secrets))
            checksums["checksum/secret"] = secrets.apply(_checksum)
        if checksums:
            metadata["annotations"] = checksums
        return metadata

    def _pod(self) -> dict[str, Any]:
        spread = {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": self._selector},
        }
        pod: dict[str, Any] = {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": self.args.run_as_user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [spread],
            "containers": [self._container()],
        }
        if self.args.writable_paths:
            names = range(len(self.args.writable_paths))
            pod["volumes"] = [{"name": f"writable-{name}", "emptyDir": {}} for name in names]
        return pod

    def _container(self) -> dict[str, Any]:
        args = self.args
        paths = enumerate(args.writable_paths)
        container: dict[str, Any] = {
            "name": self.name,
            "image": self._image,
            "command": list(args.command),
            "args": list(args.arguments),
            "env": [{"name": key, "value": value} for key, value in args.env.items()],
            "envFrom": self._env_from(),
            "ports": [{"name": "http", "containerPort": args.port}] if args.port else [],
            "resources": {"requests": dict(args.requests), "limits": dict(args.limits)},
            "livenessProbe": self._probe(args.liveness),
            "readinessProbe": self._probe(args.readiness),
            "volumeMounts": [
                {"name": f"writable-{index}", "mountPath": path} for index, path in paths
            ],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
        }
        return {key: value for key, value in container.items() if value}

    def _env_from(self) -> list[dict[str, Any]]:
        sources = []
        if self.args.config:
            sources.append({"configMapRef": {"name": self.name}})
        if self.args.secrets:
            sources.append({"secretRef": {"name": self.name}})
        return sources

    def _probe(self, probe: Probe | None) -> dict[str, Any] | None:
        if probe is None:
            return None
        get = {"path": probe.path, "port": probe.port or self.args.port}
        return {"httpGet": get, "periodSeconds": probe.period}

    def _service(self) -> dict[str, Any] | None:
        if self.args.port is None or self.args.service_port is None:
            return None
        port = {"name": "http", "port": self.args.service_port, "targetPort": "http"}
        service = self._manifest(
            "v1", "Service", spec={"selector": self._selector, "ports": [port]}
        )
        # The Deployment before it is healthy already; a Service alone waits 10 s more.
        service["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
        return service

    def _autoscaler(self) -> dict[str, Any] | None:
        scaling = self.args.autoscaling
        if scaling is None:
            return None
        target = {"type": "Utilization", "averageUtilization": scaling.cpu}
        return self._manifest(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={
                "scaleTargetRef": {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": self.name,
                },
                "minReplicas": scaling.minimum,
                "maxReplicas": scaling.maximum,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            },
        )

    def _disruption_budget(self) -> dict[str, Any] | None:
        scaling = self.args.autoscaling
        replicas = scaling.minimum if scaling else self.args.replicas
        if replicas is not None and replicas <= 1:
            return None
        spec = {
            "selector": {"matchLabels": self._selector},
            "maxUnavailable": self.args.max_unavailable,
        }
        return self._manifest("policy/v1", "PodDisruptionBudget", spec=spec)

    def _ingress(self) -> dict[str, Any] | None:
        args = self.args
        if not args.host:
            return None
        backend = {"service": {"name": self.name, "port": {"name": "http"}}}
        path = {"path": "/", "pathType": "Prefix", "backend": backend}
        spec: dict[str, Any] = {"rules": [{"host": args.host, "http": {"paths": [path]}}]}
        if args.ingress_class:
            spec["ingressClassName"] = args.ingress_class
        if args.tls_secret:
            spec["tls"] = [{"hosts": [args.host], "secretName": args.tls_secret}]
        ingress = self._manifest("networking.k8s.io/v1", "Ingress", spec=spec)
        # Ready only once a controller gives it an address, which not every cluster has.
        ingress["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
        return ingress

    def _route(self) -> dict[str, Any]:
        namespace, _, name = self.args.gateway.partition("/")
        rule = {
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"name": self.name, "port": self.args.service_port}],
        }
        return self._manifest(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            spec={
                "parentRefs": [{"name": name, "namespace": namespace}],
                "hostnames": [self.args.host],
                "rules": [rule],
            },
        )


def _checksum(entries: Mapping[str, str]) -> str:
    text = json.dumps(entries, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
