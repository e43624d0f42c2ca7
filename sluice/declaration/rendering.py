"""Everything that a stack applies, as manifests: its objects, and those of its Helm releases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi.runtime import rpc

from components.base.ignore import Ignore
from components.errors import DeclarationError
from components.lib.manifests.identity import Identity, identify
from sluice.backend.secret_values import RELEASE
from sluice.declaration.helm import Capabilities, Chart, RenderedObject, render
from sluice.declaration.records import Declaration, Declared
from sluice.diff.masking import Masks
from sluice.stack.repository import Repository

__all__ = ["Manifest", "Rendering", "in_order", "rendering"]

# kustomize's order, in which what others need comes first.
_FIRST = (
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
)
_LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@dataclass(frozen=True)
class Manifest:
    """An object that a stack applies.

    Attributes:
        component: the name of its component.
        content: the object in clear; only what `Masks` gives is shown.
        release: its Helm release, `namespace/name`; empty for an object of Pulumi's.
        hook: for a Helm hook, when it runs; else empty.
        from_crds: whether it comes from a chart's `crds/`, which Helm makes and never updates.
        ignored: its component's rules for fields that are left to others.

    """

    component: str
    content: dict[str, Any] = field(repr=False)
    release: str = ""
    hook: str = ""
    from_crds: bool = False
    ignored: Sequence[Ignore] = ()

    @property
    def identity(self) -> Identity:
        """Which object it is."""
        return identify(self.content)


@dataclass(frozen=True)
class Rendering:
    """What a stack or some of its components apply.

    Attributes:
        manifests: the objects, in the order of their declaration.
        releases: each release, `namespace/name`, with its component.
        unknown: each release that cannot be rendered, with the reason.
        masks: hides what is secret.

    """

    manifests: list[Manifest]
    releases: Mapping[str, str]
    unknown: Mapping[str, str]
    masks: Masks


def rendering(
    repository: Repository,
    declaration: Declaration,
    capabilities: Capabilities,
    *,
    components: Collection[str] = (),
    installed: Callable[[str], bool] = lambda _release: False,
    secrets: Iterable[str] = (),
) -> Rendering:
    """Return what the named components apply, or all of them.

    `installed` says of a release, `namespace/name`, whether it is there
    already; `secrets` are values to hide beside those that are declared so.

    Raises:
        DeclarationError: naming the release, with Helm's reason.

    """
    chosen = [each for each in declaration.resources if _wanted(each, components)]
    masks = Masks({*secrets, *_secrets(declaration)})
    releases = [each for each in chosen if each.type == RELEASE]
    known = [each for each in releases if not _is_unknown(each)]

    def rendered(each: Declared) -> list[RenderedObject]:
        chart = _chart(each)
        there = installed(release_of(each))
        try:
            return render(chart, repository.root, capabilities, installed=there)
        except DeclarationError as error:
            reason = f"HelmRelease {each.component}: {error}"
            raise DeclarationError(masks.text(reason)) from None

    with ThreadPoolExecutor(max_workers=4) as pool:
        objects = dict(zip((each.name for each in known), pool.map(rendered, known), strict=True))
    return Rendering(
        [
            replace(manifest, ignored=declaration.ignored(each.owner))
            for each in chosen
            for manifest in _manifests(each, objects)
        ],
        {release_of(each): each.component for each in releases},
        {release_of(each): _UNKNOWN for each in releases if _is_unknown(each)},
        masks,
    )


_UNKNOWN = "its values come from objects of the cluster that are not known"


def in_order(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the manifests as kustomize orders them; what is alike, by namespace and name."""
    return sorted(manifests, key=_place)


def release_of(declared: Declared) -> str:
    """Return a declared release as `namespace/name`."""
    return f"{declared.inputs['namespace']}/{declared.inputs['name']}"


def _place(manifest: Manifest) -> tuple[bool, int, str, str, str]:
    identity = manifest.identity
    place = len(_FIRST)
    if identity.kind in _FIRST:
        place = _FIRST.index(identity.kind)
    elif identity.kind in _LAST:
        place += 1
    return bool(manifest.hook), place, identity.kind, identity.namespace, identity.name


def _wanted(declared: Declared, components: Collection[str]) -> bool:
    kubernetes = declared.type.startswith("kubernetes:")
    return kubernetes and (not components or declared.component in components)


def _secrets(declaration: Declaration) -> set[str]:
    """Return the values that are secret wherever they stand; a Secret's are by their place."""
    resources = (each for each in declaration.resources if each.inputs.get("kind") != "Secret")
    return {secret for each in resources for secret in each.secrets}


def _is_unknown(release: Declared) -> bool:
    return bool(release.revealed.get("values") == rpc.UNKNOWN)


def _chart(release: Declared) -> Chart:
    inputs = release.revealed
    return Chart(
        release=str(inputs["name"]),
        namespace=str(inputs["namespace"]),
        path=str(inputs["chart"]),
        values=inputs.get("values") or {},
        skip_crds=bool(inputs.get("skipCrds")),
        postrender=str(inputs.get("postrender") or ""),
    )


def _manifests(declared: Declared, rendered: Mapping[str, list[RenderedObject]]) -> list[Manifest]:
    if declared.type != RELEASE:
        return [Manifest(declared.component, dict(declared.revealed))]
    return [
        Manifest(declared.component, each.manifest, release_of(declared), each.hook, each.from_crds)
        for each in rendered.get(declared.name, ())
    ]
