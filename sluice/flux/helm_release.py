"""Releases of charts as Flux's `HelmRelease`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.core.namespace import name_of
from components.helm.helm_release import CRDsPolicy, HelmRelease, HelmReleaseArgs
from components.helm.helm_test import HelmTest
from components.helm.post_renderer import PostRenderer
from components.helm.values_reference import ValuesReference
from components.kustomize.build import kustomize_patch
from components.lib.manifests import documents
from components.sources.git_repository import GitRepository
from sluice.backend.secret_values import RELEASE
from sluice.flux.objects import (
    FLUX,
    INTERVAL,
    Context,
    depends_on,
    flux_object,
    resources_of,
    source_reference,
    suspend,
    without_secrets,
)

__all__ = ["helm_release"]

_HELM: Final = "helm.toolkit.fluxcd.io/v2"
_REMEDIATION: Final[Mapping[str, Any]] = {"retries": 0, "remediateLastFailure": True}
_NO_KEY: Final = re.compile(r"[^-._a-zA-Z0-9]")


def helm_release(context: Context, component: HelmRelease) -> list[dict[str, Any]]:
    """Return a release's `HelmRelease`, after the ConfigMap of its values files if it needs one."""
    args = component.args
    namespace = name_of(args.namespace)
    spec = {
        "interval": INTERVAL,
        "releaseName": args.release_name or component.name,
        "chart": {"spec": _chart(context, component)},
        "timeout": args.timeout,
        "maxHistory": args.max_history,
        "install": _install(args),
        "upgrade": _upgrade(args),
        **depends_on(context, component, HelmRelease),
        **suspend(context, component),
        **_post_renderers(args.post_renderers),
        **_test(args.test),
    }
    _remark_on_version(context, component)
    files = _values_files(component)
    spec |= _values(context, component, files)
    if args.create_namespace:
        context.remarks.append(
            f"HelmRelease {component.name}: its namespace {namespace} has to be there before "
            "it, as it is in it"
        )
    release = flux_object(_HELM, "HelmRelease", component.name, namespace, spec)
    return [*files, release]


def _chart(context: Context, component: HelmRelease) -> dict[str, Any]:
    chart, source = component.args.chart, component.args.repository
    if source is None or isinstance(source, GitRepository):
        return {"chart": chart, "sourceRef": source_reference(context, source)}
    # A chart's OCIRepository is a HelmRepository of the type `oci` in Flux.
    reference = {"kind": "HelmRepository", "name": source.name, "namespace": FLUX}
    return {"chart": chart, "version": component.args.version, "sourceRef": reference}


def _install(args: HelmReleaseArgs) -> dict[str, Any]:
    return {
        "createNamespace": args.create_namespace,
        "crds": str(args.crds),
        **_waiting(args),
        **({"disableOpenAPIValidation": True} if args.disable_openapi_validation else {}),
        **({"remediation": {**_REMEDIATION}} if args.atomic else {}),
    }


def _upgrade(args: HelmReleaseArgs) -> dict[str, Any]:
    rollback = {"remediation": {**_REMEDIATION, "strategy": "rollback"}}
    return {
        "crds": "CreateReplace" if args.crds == CRDsPolicy.CREATE_REPLACE else "Skip",
        "cleanupOnFail": args.atomic,
        "preserveValues": False,
        **_waiting(args),
        **({"force": True} if args.force else {}),
        **(rollback if args.atomic else {}),
    }


def _waiting(args: HelmReleaseArgs) -> dict[str, bool]:
    """Return what of an install or an upgrade is not waited for or left out."""
    given = {
        "disableHooks": args.disable_hooks,
        "disableWait": args.disable_wait,
        "disableWaitForJobs": not args.wait_for_jobs,
    }
    return {key: True for key, value in given.items() if value}


def _post_renderers(renderers: Sequence[PostRenderer]) -> dict[str, Any]:
    found = [{"kustomize": _kustomize(each)} for each in renderers]
    return {"postRenderers": found} if found else {}


def _kustomize(renderer: PostRenderer) -> dict[str, Any]:
    found = {
        "patches": [kustomize_patch(patch) for patch in renderer.patches],
        "images": [image.entry() for image in renderer.images],
    }
    return {key: value for key, value in found.items() if value}


def _test(test: HelmTest | None) -> dict[str, Any]:
    if test is None:
        return {}
    filters = [{"name": each.name, "exclude": each.exclude} for each in test.filters]
    found = {
        "enable": True,
        "timeout": test.timeout,
        "ignoreFailures": test.ignore_failures,
        **({"filters": filters} if filters else {}),
    }
    return {"test": found}


def _remark_on_version(context: Context, component: HelmRelease) -> None:
    declared, locked = component.args.version, component.version
    if locked and locked != declared:
        context.remarks.append(
            f"HelmRelease {component.name}: Flux takes the newest chart in {declared!r}; "
            f"the stack's lock has {locked}"
        )


def _values(
    context: Context, component: HelmRelease, files: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return `values` and `valuesFrom`; what is in the cluster is Flux's to merge.

    The values files lie below it then, in a ConfigMap of their own, and the
    inline values above it. Otherwise `values` has both, merged.
    """
    (release,) = (each for each in resources_of(context, component) if each.type == RELEASE)
    args = component.args
    declared = args.values if args.values_from else release.inputs.get("values") or {}
    values, secrets = without_secrets(declared)
    references = [
        *({"kind": each["kind"], "name": each["metadata"]["name"]} for each in files),
        *(_values_reference(each) for each in args.values_from),
        *(_secret_reference(context, component, path) for path in secrets),
    ]
    found = {"values": values, "valuesFrom": references}
    return {key: value for key, value in found.items() if value}


def _values_files(component: HelmRelease) -> list[dict[str, Any]]:
    """Return the ConfigMap of the values files, where there are values over them in the cluster."""
    files, args = component.file_values, component.args
    if not files or not args.values_from:
        return []
    metadata = {"name": f"{component.name}-values-files", "namespace": name_of(args.namespace)}
    data = {"values.yaml": documents.dump(files)}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]


def _values_reference(reference: ValuesReference) -> dict[str, Any]:
    return {
        "kind": reference.kind,
        "name": reference.name,
        "valuesKey": reference.key,
        **({"targetPath": reference.target_path} if reference.target_path else {}),
        **({"optional": True} if reference.optional else {}),
    }


def _secret_reference(context: Context, component: HelmRelease, path: str) -> dict[str, Any]:
    """Return the reference that stands for a secret value, and remark what is to be put there."""
    name, key = f"{component.name}-secret-values", _NO_KEY.sub("-", path)
    context.remarks.append(
        f"HelmRelease {component.name}: the value {path} is secret; put it under the key "
        f"{key} of the Secret {name_of(component.args.namespace)}/{name}"
    )
    return {"kind": "Secret", "name": name, "valuesKey": key, "targetPath": path}
