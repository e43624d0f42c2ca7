"""What is declared, as Flux would have it: sources, Kustomizations and HelmReleases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.base.component import Component
from components.core.alert import Alert
from components.helm.helm_release import HelmRelease
from components.images.image_policy import ImagePolicy
from components.images.image_repository import ImageRepository
from components.kustomize.kustomization import Kustomization
from components.sources.git_repository import GitRepository
from components.sources.helm_repository import HelmRepository
from components.sources.oci_repository import OCIRepository
from sluice.declaration.records import Declaration
from sluice.flux.helm_release import helm_release
from sluice.flux.images import image_policy, image_repository
from sluice.flux.kustomization import kustomization
from sluice.flux.objects import Context, Export
from sluice.flux.sources import own_repository, source
from sluice.stack.repository import Repository

__all__ = ["export"]


def export(
    repository: Repository, declaration: Declaration, suspended: Mapping[str, str]
) -> Export:
    """Return what a stack declares as Flux's objects, and the Git source that they need.

    `suspended` has, for each suspended component's name, the reason; the empty
    name stands for all.
    """
    context = Context(repository, declaration, suspended)
    objects: list[dict[str, Any]] = []
    others: list[Component] = []
    for component in declaration.components:
        match component:
            case GitRepository() | HelmRepository() | OCIRepository():
                objects.append(source(context, component))
            case HelmRelease():
                objects += helm_release(context, component)
            case Kustomization():
                objects.append(kustomization(context, component))
            case ImageRepository():
                objects.append(image_repository(context, component))
            case ImagePolicy():
                objects.append(image_policy(component))
            case Alert():
                _remark_on_alert(context, component)
            case _:
                others.append(component)
    _remark_on_others(context, others)
    if any(_is_from_own_repository(each) for each in declaration.components):
        objects[:0] = own_repository(context)
    return Export(objects, context.remarks)


def _remark_on_alert(context: Context, component: Alert) -> None:
    context.remarks.append(
        f"Alert {component.name}: in Flux a Provider and an Alert, with a Secret "
        "for its address; they are yours to make"
    )


def _remark_on_others(context: Context, others: Sequence[Component]) -> None:
    """Remark which components Flux has no kind of, in one sentence."""
    if others:
        names = ", ".join(f"{type(each).__name__} {each.name}" for each in others)
        context.remarks.append(
            f"{names}: Flux has no such kind; in its repository they are the "
            "manifests that `sluice build` gives, below the path of a Kustomization"
        )


def _is_from_own_repository(component: Component) -> bool:
    """Tell whether a component's chart or manifests lie in the platform's own repository."""
    match component:
        case HelmRelease(args=args):
            return args.repository is None
        case Kustomization(args=args):
            return args.source is None
    return False
