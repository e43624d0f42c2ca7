"""Image repositories and policies as Flux's own objects."""

from __future__ import annotations

from typing import Any, Final

from components.images.image_policy import ImagePolicy
from components.images.image_repository import ImageRepository
from components.lib.locks.locked_image import ReflectionPolicy
from components.lib.policies.policy import Strategy
from components.lib.policies.semver import SemVerPolicy

__all__ = ["image_policy_spec", "image_repository_remark", "image_repository_spec"]

_STRATEGIES: Final = {"NumericalPolicy": "numerical", "AlphabeticalPolicy": "alphabetical"}


def image_repository_spec(component: ImageRepository, interval: str) -> dict[str, Any]:
    """Return the `spec` of an `ImageRepository`."""
    args = component.args
    spec: dict[str, Any] = {"interval": interval, "image": args.image}
    if args.exclusion_list:
        spec["exclusionList"] = list(args.exclusion_list)
    return spec | ({"insecure": True} if args.insecure else {})


def image_repository_remark(component: ImageRepository) -> str:
    """Return what of a repository is otherwise in Flux; empty where nothing is."""
    args = component.args
    missing = {
        f"{args.ca_file} belongs into a Secret of its certSecretRef": args.ca_file,
        "Flux verifies no image of a policy": args.verify,
    }
    said = "; ".join(text for text, given in missing.items() if given)
    return f"ImageRepository {component.name}: {said}" if said else ""


def image_policy_spec(component: ImagePolicy, interval: str) -> dict[str, Any]:
    """Return the `spec` of an `ImagePolicy`."""
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
        spec["interval"] = interval  # Flux requires it with this policy, and only with it
    return spec


def _choice(strategy: Strategy) -> dict[str, dict[str, str]]:
    if isinstance(strategy, SemVerPolicy):
        return {"semver": {"range": strategy.range}}
    return {_STRATEGIES[type(strategy).__name__]: {"order": str(strategy.order)}}
