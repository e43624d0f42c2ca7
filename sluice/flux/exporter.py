"""What is declared, as Flux would have it: sources, Kustomizations and HelmReleases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import git

from components.base.component import Component
from components.base.patch import Patch
from components.core.alert import Alert
from components.core.health import Condition, Expression
from components.core.namespace import name_of
from components.helm.helm_release import CRDsPolicy, HelmRelease, HelmReleaseArgs
from components.helm.helm_test import HelmTest
from components.helm.post_renderer import PostRenderer
from components.images.image_policy import ImagePolicy
from components.images.image_repository import ImageRepository
from components.kustomize.build import kustomize_patch
from components.kustomize.health_exprs import HealthCheckExpr
from components.kustomize.kustomization import Kustomization
from components.lib.manifests import documents, fields
from components.lib.manifests.identity import identify
from components.sources.git_repository import GitRepository
from components.sources.helm_repository import HelmRepository
from components.sources.oci_repository import OCIRef, OCIRepository
from sluice.declaration.records import SECRET, Declaration, Declared, owner_of
from sluice.declaration.rendering import RELEASE
from sluice.flux.images import image_policy_spec, image_repository_remark, image_repository_spec
from sluice.stack.repository import Repository

__all__ = ["Export", "export"]

FLUX: Final = "flux-system"
_SECRET: Final = object()
_INTERVAL = "10m"
_IMAGES = "image.toolkit.fluxcd.io/v1"
_SOURCES = "source.toolkit.fluxcd.io/v1"
_SCP = re.compile(r"(?:(?P<user>[^@/]+)@)?(?P<host>[^:/]+):(?P<path>[^/].*)")
_NO_KEY = re.compile(r"[^-._a-zA-Z0-9]")
_CREDENTIALS = re.compile(r"//[^/@\s]+:[^/@\s]*@")


@dataclass
class Export:
    """Flux's objects, and what has no place in them.

    Attributes:
        objects: the manifests, in the order of the declarations.
        remarks: a sentence for each thing that Flux has no counterpart of.

    """

    objects: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def export(
    repository: Repository, declaration: Declaration, suspended: Mapping[str, str]
) -> Export:
    """Return what a stack declares as Flux's objects, and the Git source that they need.

    `suspended` has, for each suspended component's name, the reason; the empty
    name stands for all.
    """
    return _Exporter(repository, declaration, suspended).export()


class _Exporter:
    def __init__(
        self, repository: Repository, declaration: Declaration, suspended: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._declaration = declaration
        self._suspended = suspended
        self._made = Export()
        self._needs_git = False

    def export(self) -> Export:
        others: list[str] = []
        for component in self._declaration.components:
            match component:
                case HelmRepository() | OCIRepository() | GitRepository():
                    self._made.objects.append(self._source(component))
                case HelmRelease():
                    self._made.objects += self._helm_release(component)
                case ImageRepository() | ImagePolicy():
                    self._image(component)
                case Kustomization():
                    self._made.objects.append(self._kustomization(component))
                case Alert():
                    self._made.remarks.append(
                        f"Alert {component.name}: in Flux a Provider and an Alert, with a Secret "
                        "for its address; they are yours to make"
                    )
                case _:
                    others.append(f"{type(component).__name__} {component.name}")
        if others:
            self._made.remarks.append(
                f"{', '.join(others)}: Flux has no such kind; in its repository they are the "
                "manifests that `sluice build` gives, below the path of a Kustomization"
            )
        if self._needs_git:
            self._made.objects[:0] = self._git_repository()
        return self._made

    def _helm_repository(self, component: HelmRepository | OCIRepository) -> dict[str, Any]:
        spec: dict[str, Any] = {"interval": _INTERVAL, "url": component.url}
        if isinstance(component, OCIRepository):
            # Ours is a folder of charts; Flux's OCIRepository is one chart.
            spec["type"] = "oci"
        return _object(_SOURCES, "HelmRepository", component.name, FLUX, spec)

    def _image(self, component: ImageRepository | ImagePolicy) -> None:
        # A reference between them stays in one namespace.
        if isinstance(component, ImagePolicy):
            kind, spec = "ImagePolicy", image_policy_spec(component, _INTERVAL)
        else:
            kind, spec = "ImageRepository", image_repository_spec(component, _INTERVAL)
            remark = image_repository_remark(component)
            self._made.remarks += [remark] if remark else []
        self._made.objects.append(_object(_IMAGES, kind, component.name, FLUX, spec))

    def _git_repository(self) -> Iterator[dict[str, Any]]:
        try:
            with git.Repo(self._repository.root, search_parent_directories=True) as repo:
                url = _git_url(next(iter(repo.remotes)).url)
                branch = None if repo.head.is_detached else repo.active_branch.name
        except (git.InvalidGitRepositoryError, StopIteration):
            url = ""
        if not url.startswith(("http://", "https://", "ssh://")):
            self._made.remarks.append(
                f"the repository has no remote that Flux can fetch, so the GitRepository "
                f"{self._repository.project}, which the objects refer to, is yours to write"
            )
            return
        spec: dict[str, Any] = {"interval": _INTERVAL, "url": url}
        if branch:
            spec["ref"] = {"branch": branch}
        yield _object(_SOURCES, "GitRepository", self._repository.project, FLUX, spec)

    def _git_reference(self) -> dict[str, str]:
        self._needs_git = True
        return {"kind": "GitRepository", "name": self._repository.project, "namespace": FLUX}

    def _source(self, component: HelmRepository | OCIRepository | GitRepository) -> dict[str, Any]:
        if isinstance(component, GitRepository):
            return _git_source(component)
        if isinstance(component, OCIRepository) and component.verify is not None:
            self._made.remarks.append(
                f"OCIRepository {component.name}: what it verifies ({component.verify}) is "
                "`verify` in Flux, with a Secret of the key or certificates; they are yours to make"
            )
        if isinstance(component, OCIRepository) and component.ref is not None:
            return _oci_source(component, component.ref)
        return self._helm_repository(component)

    def _source_reference(self, source: GitRepository | OCIRepository | None) -> dict[str, str]:
        if source is None:
            return self._git_reference()
        return {"kind": type(source).__name__, "name": source.name, "namespace": FLUX}

    def _helm_release(self, component: HelmRelease) -> Iterator[dict[str, Any]]:
        args = component.args
        namespace = name_of(args.namespace)
        strategy = {"retries": 0, "remediateLastFailure": True}
        spec: dict[str, Any] = {
            "interval": _INTERVAL,
            "releaseName": args.release_name or component.name,
            "chart": {"spec": self._chart(component)},
            "timeout": args.timeout,
            "maxHistory": args.max_history,
            "install": {
                "createNamespace": args.create_namespace,
                "crds": str(args.crds),
                **_waiting(args),
                **({"disableOpenAPIValidation": True} if args.disable_openapi_validation else {}),
            },
            "upgrade": {
                "crds": "CreateReplace" if args.crds == CRDsPolicy.CREATE_REPLACE else "Skip",
                "cleanupOnFail": args.atomic,
                "preserveValues": False,
                **_waiting(args),
                **({"force": True} if args.force else {}),
            },
            **self._common(component, HelmRelease),
        }
        if args.post_renderers:
            spec["postRenderers"] = [_post_renderer(each) for each in args.post_renderers]
        if args.test is not None:
            spec["test"] = _helm_test(args.test)
        if args.atomic:
            spec["install"]["remediation"] = strategy
            spec["upgrade"]["remediation"] = {**strategy, "strategy": "rollback"}
        if component.version and component.version != args.version:
            self._made.remarks.append(
                f"HelmRelease {component.name}: Flux takes the newest chart in {args.version!r}; "
                f"the stack's lock has {component.version}"
            )
        (release,) = (r for r in self._resources(component) if r.type == RELEASE)
        spec |= self._values(component, release)
        if args.create_namespace:
            self._made.remarks.append(
                f"HelmRelease {component.name}: its namespace {namespace} has to be there before "
                "it, as it is in it"
            )
        files = component.file_values
        if files and args.values_from:
            name = f"{component.name}-values-files"
            metadata = {"name": name, "namespace": namespace}
            data = {"values.yaml": documents.dump(files)}
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            spec["valuesFrom"].insert(0, {"kind": "ConfigMap", "name": name})
        yield _object("helm.toolkit.fluxcd.io/v2", "HelmRelease", component.name, namespace, spec)

    def _chart(self, component: HelmRelease) -> dict[str, Any]:
        source = component.args.repository
        if source is None or isinstance(source, GitRepository):
            return {"chart": component.args.chart, "sourceRef": self._source_reference(source)}
        reference = {"kind": "HelmRepository", "name": source.name, "namespace": FLUX}
        return {
            "chart": component.args.chart,
            "version": component.args.version,
            "sourceRef": reference,
        }

    def _values(self, component: HelmRelease, release: Declared) -> dict[str, Any]:
        args = component.args
        # What is in the cluster is Flux's to merge; over it go the inline values.
        declared = args.values if args.values_from else release.inputs.get("values") or {}
        secrets: list[str] = []
        values = _without_secrets(declared, "", secrets)
        references: list[dict[str, Any]] = [
            {
                "kind": each.kind,
                "name": each.name,
                "valuesKey": each.key,
                **({"targetPath": each.target_path} if each.target_path else {}),
                **({"optional": True} if each.optional else {}),
            }
            for each in args.values_from
        ]
        for path in secrets:
            name = f"{component.name}-secret-values"
            key = _NO_KEY.sub("-", path)
            references.append(
                {"kind": "Secret", "name": name, "valuesKey": key, "targetPath": path}
            )
            self._made.remarks.append(
                f"HelmRelease {component.name}: the value {path} is secret; put it under the key "
                f"{key} of the Secret {name_of(args.namespace)}/{name}"
            )
        found = {"values": values, "valuesFrom": references}
        return {key: value for key, value in found.items() if value}

    def _kustomization(self, component: Kustomization) -> dict[str, Any]:
        args = component.args
        spec = {
            "interval": _INTERVAL,
            "path": f"./{args.path.removeprefix('./')}",
            "sourceRef": self._source_reference(args.source),
            "prune": args.prune,
            "wait": args.wait,
            "timeout": args.timeout,
            "targetNamespace": name_of(args.target_namespace),
            "namePrefix": args.name_prefix,
            "nameSuffix": args.name_suffix,
            "images": [image.entry() for image in args.images],
            "patches": [kustomize_patch(patch) for patch in self._patches(component)],
            "components": list(args.components),
            "ignoreMissingComponents": args.ignore_missing_components or None,
            "commonMetadata": {
                part: dict(common) for part, common in vars(args.common_metadata).items() if common
            },
            "decryption": {"provider": str(args.decryption)} if args.decryption else None,
            "postBuild": self._post_build(component),
            "healthChecks": [
                {key: value for key, value in vars(each).items() if value}
                for each in args.health_checks
            ],
            "healthCheckExprs": [
                each
                for expr in args.health_check_exprs
                if (each := self._health_expr(component, expr))
            ],
            **self._common(component, Kustomization),
        }
        present = {key: value for key, value in spec.items() if value or value is False}
        api_version = "kustomize.toolkit.fluxcd.io/v1"
        return _object(api_version, "Kustomization", component.name, FLUX, present)

    def _health_expr(self, component: Kustomization, expr: HealthCheckExpr) -> dict[str, str]:
        found = {"apiVersion": expr.api_version, "kind": expr.kind}
        match expr.current:
            case Expression(current=current, in_progress=in_progress, failed=failed):
                words = {"current": current, "inProgress": in_progress, "failed": failed}
                return found | {key: value for key, value in words.items() if value}
            case Condition(type=kind, status=status):
                of_kind = f"status.conditions.filter(e, e.type == '{kind}')"
                return found | {"current": f"{of_kind}.all(e, e.status == '{status}')"}
        self._made.remarks.append(
            f"Kustomization {component.name}: a field that makes a {expr.kind} healthy is an "
            "expression in CEL in Flux, which is yours to write"
        )
        return {}

    def _post_build(self, component: Kustomization) -> dict[str, Any]:
        args = component.args
        for each in args.substitute_from:
            self._made.remarks.append(
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

    def _patches(self, component: Kustomization) -> list[Patch]:
        """Return the component's patches, and the environment's that are meant for its objects."""
        environment = self._declaration.environment
        over = [
            patch
            for resource in self._resources(component)
            for patch in environment.patches_to(identify(resource.inputs))
        ]
        return [*component.args.patches, *{id(patch): patch for patch in over}.values()]

    def _common(self, component: Component, kind: type[Component]) -> dict[str, Any]:
        """Return `suspend` and `dependsOn`, which Flux has among objects of the same kind."""
        others = {owner_of(each): each for each in self._declaration.components}
        keys = sorted(self._declaration.after.get(owner_of(component), ()))
        after = [others[key] for key in keys if key in others]
        references = [_reference(each) for each in after if isinstance(each, kind)]
        for each in after:
            if not isinstance(each, (kind, GitRepository, HelmRepository, OCIRepository)):
                self._made.remarks.append(
                    f"{type(component).__name__} {component.name} waits for the "
                    f"{type(each).__name__} {each.name}, which dependsOn cannot say"
                )
        found: dict[str, Any] = {"dependsOn": references} if references else {}
        if {"", component.name} & self._suspended.keys():
            found["suspend"] = True
        return found

    def _resources(self, component: Component) -> list[Declared]:
        return [each for each in self._declaration.resources if each.owner == owner_of(component)]


def _git_source(component: GitRepository) -> dict[str, Any]:
    spec = {"interval": _INTERVAL, "url": component.url, "ref": component.args.ref.given()}
    if component.args.secret:
        spec["secretRef"] = {"name": component.args.secret}
    return _object(_SOURCES, "GitRepository", component.name, FLUX, spec)


def _oci_source(component: OCIRepository, ref: OCIRef) -> dict[str, Any]:
    spec = {"interval": _INTERVAL, "url": component.url, "ref": ref.given()}
    return _object(_SOURCES, "OCIRepository", component.name, FLUX, spec)


def _waiting(args: HelmReleaseArgs) -> dict[str, bool]:
    """Return what of an install or an upgrade is not waited for or left out."""
    given = {
        "disableHooks": args.disable_hooks,
        "disableWait": args.disable_wait,
        "disableWaitForJobs": not args.wait_for_jobs,
    }
    return {key: True for key, value in given.items() if value}


def _helm_test(test: HelmTest) -> dict[str, Any]:
    filters = [{"name": each.name, "exclude": each.exclude} for each in test.filters]
    return {
        "enable": True,
        "timeout": test.timeout,
        "ignoreFailures": test.ignore_failures,
        **({"filters": filters} if filters else {}),
    }


def _post_renderer(renderer: PostRenderer) -> dict[str, Any]:
    found = {
        "patches": [kustomize_patch(patch) for patch in renderer.patches],
        "images": [image.entry() for image in renderer.images],
    }
    return {"kustomize": {key: value for key, value in found.items() if value}}


def _reference(component: Component) -> dict[str, str]:
    if isinstance(component, HelmRelease):
        return {"name": component.name, "namespace": name_of(component.args.namespace)}
    return {"name": component.name}


def _object(
    api_version: str, kind: str, name: str, namespace: str, spec: Mapping[str, Any]
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _git_url(url: str) -> str:
    """Return a remote's URL as Flux takes it: `git@host:path` by ssh, and no password."""
    short = _SCP.fullmatch(url)
    if short and "://" not in url:
        return f"ssh://{short['user'] or 'git'}@{short['host']}/{short['path']}"
    return _CREDENTIALS.sub("//", url)


def _without_secrets(value: Any, path: str, secrets: list[str]) -> Any:
    """Return the values without the secret ones, whose paths are collected."""
    if isinstance(value, Mapping):
        kept = {
            key: _without_secrets(item, f"{path}.{_escaped(key)}".lstrip("."), secrets)
            for key, item in value.items()
        }
        return {key: item for key, item in kept.items() if item is not _SECRET}
    if isinstance(value, (list, tuple)):
        items = [_without_secrets(each, f"{path}[{i}]", secrets) for i, each in enumerate(value)]
        return [None if item is _SECRET else item for item in items]
    if value == SECRET or fields.is_output(value):
        secrets.append(path)
        return _SECRET
    return value


def _escaped(key: str) -> str:
    return key.replace(".", "\\.")
