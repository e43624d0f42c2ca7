"""`Application`: a service of our own, from namespace to ingress, in a dozen lines."""

from __future__ import annotations

from typing import Any

import pulumi

from components.base.component import Component
from components.base.kubernetes_object import KubernetesObject
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.images.image_policy import image_of
from components.lib.manifests import fields
from components.workloads.application_args import ApplicationArgs
from components.workloads.pod import pod_template

__all__ = ["Application"]

_LABEL = "app.kubernetes.io/name"


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
            "template": pod_template(self.name, self._image, self._selector, self.args),
        }
        if self.args.autoscaling is None and self.args.replicas is not None:
            spec["replicas"] = self.args.replicas
        return self._manifest("apps/v1", "Deployment", spec=spec)

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
