"""Manifests and overlays as Flux's `Kustomization`."""

from __future__ import annotations

from typing import Any, Final

from components.base.patch import Patch
from components.core.health import Condition, Expression
from components.core.namespace import name_of
from components.kustomize.build import kustomize_patch
from components.kustomize.health_exprs import HealthCheckExpr
from components.kustomize.kustomization import Kustomization
from components.lib.manifests.identity import identify
from sluice.flux.objects import (
    FLUX,
    INTERVAL,
    Context,
    depends_on,
    flux_object,
    resources_of,
    source_reference,
    suspend,
)

__all__ = ["kustomization"]

_KUSTOMIZE: Final = "kustomize.toolkit.fluxcd.io/v1"


def kustomization(context: Context, component: Kustomization) -> dict[str, Any]:
    """Return a `Kustomization`, with the environment's patches of its objects."""
    args = component.args
    spec = {
        "interval": INTERVAL,
        "path": f"./{args.path.removeprefix('./')}",
        "sourceRef": source_reference(context, args.source),
        "prune": args.prune,
        "wait": args.wait,
        "timeout": args.timeout,
        **_overlay(context, component),
        "decryption": {"provider": str(args.decryption)} if args.decryption else None,
        "postBuild": _post_build(context, component),
        **_health(context, component),
        **depends_on(context, component, Kustomization),
        **suspend(context, component),
    }
    present = {key: value for key, value in spec.items() if value or value is False}
    return flux_object(_KUSTOMIZE, "Kustomization", component.name, FLUX, present)


def _overlay(context: Context, component: Kustomization) -> dict[str, Any]:
    """Return what is laid over the manifests."""
    args = component.args
    common = vars(args.common_metadata)
    return {
        "targetNamespace": name_of(args.target_namespace),
        "namePrefix": args.name_prefix,
        "nameSuffix": args.name_suffix,
        "images": [image.entry() for image in args.images],
        "patches": [kustomize_patch(patch) for patch in _patches(context, component)],
        "components": list(args.components),
        "ignoreMissingComponents": args.ignore_missing_components or None,
        "commonMetadata": {part: dict(given) for part, given in common.items() if given},
    }


def _patches(context: Context, component: Kustomization) -> list[Patch]:
    """Return the component's patches, and the environment's that are meant for its objects."""
    environment = context.declaration.environment
    over = [
        patch
        for resource in resources_of(context, component)
        for patch in environment.patches_to(identify(resource.inputs))
    ]
    return [*component.args.patches, *{id(patch): patch for patch in over}.values()]


def _post_build(context: Context, component: Kustomization) -> dict[str, Any]:
    args = component.args
    for each in args.substitute_from:
        context.remarks.append(
            f"Kustomization {component.name}: Flux reads {each.kind} {each.name} in "
            f"{FLUX}, here it is in {each.namespace}"
        )
    found = {
        "substitute": dict(args.substitute or {}),
        "substituteFrom": [
            {"kind": each.kind, "name": each.name, "optional": each.optional}
            for each in args.substitute_from
        ],
    }
    return {key: value for key, value in found.items() if value}


def _health(context: Context, component: Kustomization) -> dict[str, Any]:
    """Return what has to be healthy, and what makes an object of a kind so."""
    args = component.args
    checks = [
        {key: value for key, value in vars(each).items() if value} for each in args.health_checks
    ]
    exprs = [_health_expr(context, component, each) for each in args.health_check_exprs]
    return {"healthChecks": checks, "healthCheckExprs": [each for each in exprs if each]}


def _health_expr(
    context: Context, component: Kustomization, expr: HealthCheckExpr
) -> dict[str, str]:
    """Return what makes a kind healthy; empty, and a remark, where it is a field's value."""
    found = {"apiVersion": expr.api_version, "kind": expr.kind}
    match expr.current:
        case Expression(current=current, in_progress=in_progress, failed=failed):
            words = {"current": current, "inProgress": in_progress, "failed": failed}
            return found | {key: value for key, value in words.items() if value}
        case Condition(type=kind, status=status):
            of_kind = f"status.conditions.filter(e, e.type == '{kind}')"
            return found | {"current": f"{of_kind}.all(e, e.status == '{status}')"}
    context.remarks.append(
        f"Kustomization {component.name}: a field that makes a {expr.kind} healthy is an "
        "expression in CEL in Flux, which is yours to write"
    )
    return {}
