"""Image repositories and policies as Flux's own objects."""

from __future__ import annotations

from typing import Any, Final

from components.images.image_policy import ImagePolicy
from components.images.image_repository import ImageRepository
from components.lib.locks.locked_image import ReflectionPolicy
from components.lib.policies.policy import Strategy
from components.lib.policies.semver import SemVerPolicy
from sluice.flux.objects import FLUX, INTERVAL, Context, flux_object

__all__ = ["image_policy", "image_repository"]

_IMAGES: Final = "image.toolkit.fluxcd.io/v1"
_STRATEGIES: Final = {"NumericalPolicy": "numerical", "AlphabeticalPolicy": "alphabetical"}


def image_repository(context: Context, component: ImageRepository) -> dict[str, Any]:
    """Return an `ImageRepository`."""
    args = component.args
    spec: dict[str, Any] = {"interval": INTERVAL, "image": args.image}
    if args.exclusion_list:
        spec["exclusionList"] = list(args.exclusion_list)
    if args.insecure:
        spec["insecure"] = True
    _remark_on_trust(context, component)
    return flux_object(_IMAGES, "ImageRepository", component.name, FLUX, spec)


def image_policy(component: ImagePolicy) -> dict[str, Any]:
    """Return an `ImagePolicy`, beside its repository: Flux refers to that within a namespace."""
    args = component.args
    spec: dict[str, Any] = {
        "imageRepositoryRef": {"name": args.repository.name},
        "policy": _choice(args.policy),
        "digestReflectionPolicy": str(args.digest_reflection_policy),
    }
    if args.filter_tags:
        extract = {"extract": args.filter_tags.extract} if args.filter_tags.extract else {}
        spec["filterTags"] = {"pattern": args.filter_tags.pattern, **extract}
    if args.digest_reflection_policy == ReflectionPolicy.ALWAYS:
        spec["interval"] = INTERVAL  # Flux requires it with this policy, and only with it
    return flux_object(_IMAGES, "ImagePolicy", component.name, FLUX, spec)


def _remark_on_trust(context: Context, component: ImageRepository) -> None:
    args = component.args
    missing = {
        f"{args.ca_file} belongs into a Secret of its certSecretRef": args.ca_file,
        "Flux verifies no image of a policy": args.verify,
    }
    said = "; ".join(text for text, given in missing.items() if given)
    if said:
        context.remarks.append(f"ImageRepository {component.name}: {said}")


def _choice(strategy: Strategy) -> dict[str, dict[str, str]]:
    if isinstance(strategy, SemVerPolicy):
        return {"semver": {"range": strategy.range}}
    return {_STRATEGIES[type(strategy).__name__]: {"order": str(strategy.order)}}
