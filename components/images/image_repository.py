"""`ImageRepository`: where an image's tags are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.base.component import Component
from components.errors import DeclarationError
from components.lib.locks.image_source import SIGNATURES, ImageSource
from components.lib.signatures.verification import Verification

__all__ = ["ImageRepository", "ImageRepositoryArgs"]


@dataclass(frozen=True, kw_only=True)
class ImageRepositoryArgs:
    """Arguments of `ImageRepository`; only the image is required.

    Attributes:
        image: the image's name as a pod writes it, without tag and digest.
        exclusion_list: regular expressions, in Go's syntax, of tags that are
            left out; by default those of cosign's signatures.
        insecure: whether the registry speaks plain HTTP; by default only one
            on this machine does.
        ca_file: a PEM file, below the repository's root, of the authority that
            signed the registry's certificate; by default those of the system.
        verify: the signature that an image has to have before it is locked;
            by default none is asked for.

    """

    image: str
    exclusion_list: Sequence[str] = (SIGNATURES,)
    insecure: bool = False
    ca_file: str = ""
    verify: Verification | None = None


class ImageRepository(Component):
    """A repository of images in an OCI registry.

    Makes no object: it is what `sluice lock` and `sluice images` scan, with
    the credentials of Docker's own configuration on the machine where they
    run. Answers to Flux's `ImageRepository`, whose interval is the schedule of
    `sluice images update`.

    Attributes:
        source: where its tags are read.

    """

    def __init__(
        self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the repository `name`."""
        super().__init__("image:ImageRepository", name, opts)
        self.args = args
        try:
            self.source = ImageSource(
                args.image, tuple(args.exclusion_list), args.insecure, args.ca_file
            )
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.register_outputs({"image": args.image})
