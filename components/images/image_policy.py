"""`ImagePolicy`: which of a repository's images is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.base.component import Component
from components.errors import DeclarationError, SluiceError
from components.images.image_repository import ImageRepository
from components.lib.locks.locked_image import ImageRequest, ReflectionPolicy
from components.lib.manifests import fields
from components.lib.policies.policy import Strategy, TagPolicy
from components.lib.policies.tag_filter import TagFilter
from components.lib.signatures.verification import trusted
from components.runtime.answers import LOCKED

__all__ = ["ImagePolicy", "ImagePolicyArgs", "image_of"]


@dataclass(frozen=True, kw_only=True)
class ImagePolicyArgs:
    """Arguments of `ImagePolicy`.

    Attributes:
        repository: the `ImageRepository` whose tags it selects from.
        policy: a `SemVerPolicy`, `NumericalPolicy` or `AlphabeticalPolicy`.
        filter_tags: which tags are considered, and what of them is compared;
            by default each, as a whole.
        digest_reflection_policy: whether the tag's digest is locked with it;
            by default `IfNotPresent`.
        namespace: what markers in YAML, `namespace:name`, call its namespace; by default
            `flux-system`.
        labels: what the `policy_selector` of an ImageUpdateAutomation selects by; by
            default none.

    """

    repository: ImageRepository
    policy: Strategy
    filter_tags: TagFilter | None = None
    digest_reflection_policy: ReflectionPolicy = ReflectionPolicy.IF_NOT_PRESENT
    namespace: str = "flux-system"
    labels: Mapping[str, str] = field(default_factory=dict)


class ImagePolicy(Component):
    """The image that a policy selects, as the stack's lock file has it.

    Makes no object, and looks nothing up: `sluice lock --upgrade` and `sluice
    images update` do. Answers to Flux's `ImagePolicy`.

    Attributes:
        image: `name:tag@sha256:…`, for an Application, a Helm value or a manifest.
        repository, tag, digest: its parts; `digest` is empty where it is not reflected.

    """

    def __init__(
        self, name: str, args: ImagePolicyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the policy `name`; its entry in the lock has that name."""
        super().__init__("image:ImagePolicy", name, opts, needs=(args.repository,))
        self.args = args
        try:
            locked = LOCKED.get().image(self._request())
        except SluiceError as error:
            raise self.refusal(error) from error
        self.image, self.repository = locked.image, locked.repository
        self.tag, self.digest = locked.tag, locked.digest
        self.register_outputs({"image": self.image})

    def _request(self) -> ImageRequest:
        args = self.args
        fields.dns_label("namespace", args.namespace)
        fields.mapping("labels", args.labels)
        if not isinstance(args.policy, Strategy):
            raise DeclarationError(
                f"policy: {args.policy!r} is no SemVerPolicy, NumericalPolicy or AlphabeticalPolicy"
            )
        reflection = fields.choice(
            "digest_reflection_policy", args.digest_reflection_policy, ReflectionPolicy
        )
        return ImageRequest(
            name=self.name,
            source=args.repository.source,
            policy=TagPolicy(args.policy, args.filter_tags),
            reflection=ReflectionPolicy(reflection),
            verify=trusted(args.repository.args.verify, Path.cwd()),
        )


def image_of(image: str | ImagePolicy) -> str:
    """Return the image that is given by name or as a policy."""
    return image.image if isinstance(image, ImagePolicy) else image
