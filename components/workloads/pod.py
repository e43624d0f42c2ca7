"""The pods of an `Application`: no root, no privilege, a read-only file system, over all nodes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from components.workloads.application_args import ApplicationArgs, Probe

__all__ = ["pod_template"]


def pod_template(
    name: str, image: str, selector: Mapping[str, str], args: ApplicationArgs
) -> dict[str, Any]:
    """Return what the Deployment of the application `name` makes its pods of.

    `selector` are the labels that they are found by.
    """
    return {
        "metadata": _metadata(selector, args),
        "spec": _spec(selector, args, _container(name, image, args)),
    }


def _metadata(selector: Mapping[str, str], args: ApplicationArgs) -> dict[str, Any]:
    """Return labels, and checksums by which another configuration rolls the pods."""
    metadata: dict[str, Any] = {"labels": {**selector, **args.labels}}
    checksums: dict[str, Any] = {}
    if args.config:
        checksums["checksum/config"] = _checksum(args.config)
    if args.secrets:
        secrets: pulumi.Output[Any] = pulumi.Output.secret(dict(args.secrets))
        checksums["checksum/secret"] = secrets.apply(_checksum)
    if checksums:
        metadata["annotations"] = checksums
    return metadata


def _spec(
    selector: Mapping[str, str], args: ApplicationArgs, container: Mapping[str, Any]
) -> dict[str, Any]:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(selector)},
    }
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": args.run_as_user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [container],
    }
    if args.writable_paths:
        names = range(len(args.writable_paths))
        spec["volumes"] = [{"name": f"writable-{name}", "emptyDir": {}} for name in names]
    return spec


def _container(name: str, image: str, args: ApplicationArgs) -> dict[str, Any]:
    paths = enumerate(args.writable_paths)
    container: dict[str, Any] = {
        "name": name,
        "image": image,
        "command": list(args.command),
        "args": list(args.arguments),
        "env": [{"name": key, "value": value} for key, value in args.env.items()],
        "envFrom": _env_from(name, args),
        "ports": [{"name": "http", "containerPort": args.port}] if args.port else [],
        "resources": {"requests": dict(args.requests), "limits": dict(args.limits)},
        "livenessProbe": _probe(args.liveness, args.port),
        "readinessProbe": _probe(args.readiness, args.port),
        "volumeMounts": [{"name": f"writable-{index}", "mountPath": path} for index, path in paths],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    return {key: value for key, value in container.items() if value}


def _env_from(name: str, args: ApplicationArgs) -> list[dict[str, Any]]:
    sources = []
    if args.config:
        sources.append({"configMapRef": {"name": name}})
    if args.secrets:
        sources.append({"secretRef": {"name": name}})
    return sources


def _probe(probe: Probe | None, port: int | None) -> dict[str, Any] | None:
    if probe is None:
        return None
    get = {"path": probe.path, "port": probe.port or port}
    return {"httpGet": get, "periodSeconds": probe.period}


def _checksum(entries: Mapping[str, str]) -> str:
    text = json.dumps(entries, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
