"""Where an image's tags are read: a repository of a registry, and how to get at it."""

from __future__ import annotations

from dataclasses import dataclass

from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.policies.tag_filter import pattern

__all__ = ["SIGNATURES", "ImageSource"]

SIGNATURES = r"^.*\.sig$"
"""What Flux leaves out by itself: tags under which cosign keeps signatures."""


@dataclass(frozen=True)
class ImageSource:
    """An image repository; credentials are those of Docker's own configuration.

    Raises DeclarationError for what is not an image's name without a tag, and
    for an invalid pattern.

    Attributes:
        image: the image's name as a pod writes it, without tag and digest.
        exclusion_list: regular expressions of tags that are left out.
        insecure: whether plain HTTP is spoken; loopback hosts are always spoken to so.
        ca_file: a PEM file of the authority that signed the registry's certificate;
            by default those of the system.

    """

    image: str
    exclusion_list: tuple[str, ...] = (SIGNATURES,)
    insecure: bool = False
    ca_file: str = ""

    def __post_init__(self) -> None:
        fields.image_name("image", self.image)
        for text in fields.texts("exclusion_list", self.exclusion_list):
            try:
                pattern(text)
            except DeclarationError as error:
                raise DeclarationError(f"exclusion_list: {error}") from None
