"""What an `Application` is given: its image, and what is said otherwise than by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.base.ignore import Ignore
from components.core.namespace import Namespace
from components.images.image_policy import ImagePolicy

__all__ = ["ApplicationArgs", "Autoscaling", "Probe"]

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
