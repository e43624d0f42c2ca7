"""`Kustomization`: a directory of manifests, rendered by kustomize and applied."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components.base.component import Component
from components.base.ignore import Ignore
from components.base.patch import Patch
from components.core.health import Expression
from components.core.health_check import HealthCheck, HealthCheckArgs
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError, SluiceError
from components.kustomize.build import ImageOverride, Overlay, build
from components.kustomize.decryption import DecryptionProvider, decrypted, verify_files
from components.kustomize.health_exprs import HealthCheckExpr, HealthReference
from components.kustomize.variables import Variables
from components.lib.manifests import fields
from components.lib.manifests.identity import Identity, identify
from components.runtime.references import DataReference
from components.sources.git_repository import GitRepository, below
from components.sources.oci_repository import OCIRepository

__all__ = ["CommonMetadata", "Kustomization", "KustomizationArgs"]

_FIRST = ("CustomResourceDefinition", "Namespace")
_SKIP_AWAIT = "pulumi.com/skipAwait"
_WAIT_FOR = "pulumi.com/waitFor"


@dataclass(frozen=True, kw_only=True)
class CommonMetadata:
    """Labels and annotations of every object; selectors and pods keep theirs."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KustomizationArgs:
    """Arguments of `Kustomization`.

    Attributes:
        path: a directory below the root of this repository, or of `source`.
        source: the repository or artifact whose directory it is; by default this repository.
        depends_on: what has to be deployed and healthy before; by default nothing.
        components: directories of kustomize components, relative to `path`.
        ignore_missing_components: whether one that is not there is passed over; by default no.
        patches: patches to what the directory makes; each has to match.
        images: other names, tags or digests for images.
        name_prefix: put before every name.
        name_suffix: put after every name.
        target_namespace: the namespace of every namespaced object; a `Namespace` is waited for.
        common_metadata: labels and annotations of every object.
        decryption: what decrypts the Secrets in the directory; by default nothing.
        substitute: values of `${variables}` in the manifests; by default nothing is substituted.
        substitute_from: ConfigMaps and Secrets of the cluster with more of them, a later
            one before an earlier, `substitute` before all.
        prune: whether objects that are no longer declared are deleted; by default yes.
        wait: whether every object has to be healthy; by default yes.
        health_checks: with `wait=False`, the objects that have to be healthy all the same.
        health_check_exprs: when objects of a kind are healthy, for those that are waited for.
        timeout: how long an object may take to be healthy; by default `5m`.
        ignore: fields of its objects that are left to others; by default none.
        allow_empty: whether an update may delete all of its objects, because the path
            renders to nothing any more; by default it is refused.

    """

    path: str
    source: GitRepository | OCIRepository | None = None
    depends_on: Sequence[pulumi.Resource] = ()
    components: Sequence[str] = ()
    ignore_missing_components: bool = False
    patches: Sequence[Patch] = ()
    images: Sequence[ImageOverride] = ()
    name_prefix: str = ""
    name_suffix: str = ""
    target_namespace: str | Namespace = ""
    common_metadata: CommonMetadata = CommonMetadata()
    decryption: DecryptionProvider | None = None
    substitute: Mapping[str, str] | None = None
    substitute_from: Sequence[DataReference] = ()
    prune: bool = True
    wait: bool = True
    health_checks: Sequence[HealthReference] = ()
    health_check_exprs: Sequence[HealthCheckExpr] = ()
    timeout: str = "5m"
    ignore: Sequence[Ignore] = ()
    allow_empty: bool = False


class Kustomization(Component):
    """What `kustomize build` of a directory gives, each object a resource of its own.

    Custom resource definitions and namespaces come first, then everything
    else. Answers to Flux's `Kustomization`, whose interval is the schedule of
    the pipeline's drift detection.
    """

    def __init__(
        self, name: str, args: KustomizationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the objects that `args.path` renders to."""
        super().__init__(
            "kustomize:Kustomization",
            name,
            opts,
            needs=(args.target_namespace, args.source),
            depends_on=args.depends_on,
            ignore=args.ignore,
        )
        self.args = args
        self.may_be_empty = args.allow_empty
        try:
            fields.texts("components", args.components)
            if args.decryption is not None:
                fields.choice("decryption", args.decryption, DecryptionProvider)
            self._timeout = f"{fields.duration('timeout', args.timeout)}s"
            if args.target_namespace:
                fields.dns_label("target_namespace", name_of(args.target_namespace))
            manifests = self._manifests()
            identities = [identify(manifest, where=args.path) for manifest in manifests]
            if identities:
                self._check_health_references(identities)
        except SluiceError as error:
            raise self.refusal(error) from error
        self._make_all(manifests)
        self._make_checks(identities)
        self.register_outputs({"objects": len(manifests), "path": args.path})

    def _manifests(self) -> list[dict[str, Any]]:
        folder = self._folder()
        if folder is None:
            return []
        if self.args.decryption is not None:
            verify_files(folder)
        objects = build(folder, self._overlay(folder))
        return [self._labelled(self._clear(each)) for each in objects]

    def _clear(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if self.args.decryption is not None:
            return decrypted(manifest, where=self.args.path)
        if "sops" in manifest:
            raise DeclarationError(
                f"{identify(manifest, where=self.args.path)} is encrypted; "
                "give decryption=DecryptionProvider.SOPS"
            )
        return manifest

    def _folder(self) -> Path | None:
        """Return the directory; None where its source is not fetched, as only names are asked."""
        if self.args.source is None:
            return Path(self.args.path)
        root = self.args.source.folder()
        return root and below(root, self.args.path)

    def _overlay(self, folder: Path) -> Overlay:
        args = self.args
        variables = args.substitute
        later = None
        if args.substitute_from:
            variables = variables or {}
            later = Variables(self, args.substitute_from).later
        return Overlay(
            components=self._components(folder),
            patches=args.patches,
            images=args.images,
            name_prefix=args.name_prefix,
            name_suffix=args.name_suffix,
            namespace=name_of(args.target_namespace),
            substitute=variables,
            later=later,
        )

    def _components(self, folder: Path) -> Sequence[str]:
        if not self.args.ignore_missing_components:
            return self.args.components
        return [each for each in self.args.components if (folder / each).is_dir()]

    def _labelled(self, manifest: dict[str, Any]) -> dict[str, Any]:
        metadata = dict(manifest.get("metadata") or {})
        for part, common in vars(self.args.common_metadata).items():
            if common:
                metadata[part] = {**(metadata.get(part) or {}), **common}
        return {**manifest, "metadata": metadata}

    def _check_health_references(self, made: Sequence[Identity]) -> None:
        known = {HealthReference(kind=i.kind, name=i.name, namespace=i.namespace) for i in made}
        for reference in self.args.health_checks:
            if reference not in known:
                raise DeclarationError(
                    f"health_checks: {reference.kind} {reference.namespace}/{reference.name} "
                    f"is not among the {len(made)} objects of {self.args.path}"
                )

    def _make_all(self, manifests: Sequence[dict[str, Any]]) -> None:
        first = [manifest for manifest in manifests if manifest["kind"] in _FIRST]
        rest = [manifest for manifest in manifests if manifest["kind"] not in _FIRST]
        made = [self.make(self._awaited(manifest), self._options([])) for manifest in first]
        for manifest in rest:
            self.make(self._awaited(manifest), self._options(made))

    def _make_checks(self, made: Sequence[Identity]) -> None:
        """Make what evaluates the expressions in CEL."""
        for identity in made:
            for index, each in enumerate(self.args.health_check_exprs):
                if isinstance(each.current, Expression) and each.is_about(identity):
                    HealthCheck(
                        f"{self.name}.{identity.kind.lower()}.{identity.name}.{index}",
                        HealthCheckArgs(
                            api_version=identity.api_version,
                            kind=identity.kind,
                            name=identity.name,
                            namespace=identity.namespace,
                            healthy=each.current,
                            timeout=self.args.timeout,
                        ),
                        pulumi.ResourceOptions(parent=self),
                    )

    def _awaited(self, manifest: dict[str, Any]) -> dict[str, Any]:
        identity = identify(manifest)
        about = [each for each in self.args.health_check_exprs if each.is_about(identity)]
        until = [
            each.current.wait_for for each in about if not isinstance(each.current, Expression)
        ]
        if until:
            manifest = _annotated(manifest, _WAIT_FOR, json.dumps(until))
        if self.args.wait:
            return manifest
        reference = HealthReference(
            kind=identity.kind, name=identity.name, namespace=identity.namespace
        )
        if reference in self.args.health_checks:
            return manifest
        return _annotated(manifest, _SKIP_AWAIT, "true")

    def _options(self, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            depends_on=after,
            retain_on_delete=None if self.args.prune else True,
            custom_timeouts=pulumi.CustomTimeouts(
                create=self._timeout, update=self._timeout, delete=self._timeout
            ),
        )


def _annotated(manifest: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    """Return the manifest with an annotation, if it has not that one already."""
    metadata = manifest["metadata"]
    annotations = {key: value, **(metadata.get("annotations") or {})}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
