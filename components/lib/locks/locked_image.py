"""The lock's `images`: for each ImagePolicy, the tag that it selected, by digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from components.errors import DeclarationError
from components.lib.files.digest import check_digest
from components.lib.locks.image_source import ImageSource
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.policies.policy import TagPolicy

__all__ = ["ImageRequest", "LockedImage", "ReflectionPolicy"]

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class ReflectionPolicy(StrEnum):
    """Whether the digest of the selected tag is locked with it; Flux's words."""

    ALWAYS = "Always"
    """It is, and `sluice lock --upgrade` takes the one that the tag has by then."""
    IF_NOT_PRESENT = "IfNotPresent"
    """It is, and stays for as long as the tag does."""
    NEVER = "Never"
    """It is not: the registry may change what runs."""


@dataclass(frozen=True, kw_only=True)
class LockedImage(LockEntry):
    """The one image that an ImagePolicy stands for.

    Attributes:
        repository: the image's name, without tag and digest.
        policy: the policy that selected the tag, as `TagPolicy` says it.
        tag: the selected tag.
        digest: `sha256:…` of what the tag names; of an image for several
            platforms that is the index. Empty where it is not reflected.

    """

    ASKED: ClassVar = ("repository", "policy")

    repository: str
    policy: str
    tag: str
    digest: str = ""

    def __post_init__(self) -> None:
        ImageSource(self.repository)
        if not _TAG.fullmatch(self.tag):
            raise DeclarationError(f"tag: {self.tag!r} is not a tag")
        if self.digest:
            check_digest(self.digest)

    @property
    def shown(self) -> str:
        """The tag."""
        return self.tag

    @property
    def image(self) -> str:
        """What a pod runs: `name:tag@sha256:…`."""
        return f"{self.repository}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, kw_only=True)
class ImageRequest(Request[LockedImage]):
    """The image that an ImagePolicy asks for.

    Attributes:
        source: where its tags are read.
        policy: which of them is selected.
        reflection: whether its digest is locked too.

    """

    SECTION: ClassVar = "images"
    NOUN: ClassVar = "image"

    source: ImageSource
    policy: TagPolicy
    reflection: ReflectionPolicy = ReflectionPolicy.IF_NOT_PRESENT

    def __post_init__(self) -> None:
        if self.verify and self.reflection == ReflectionPolicy.NEVER:
            raise DeclarationError(
                "digest_reflection_policy: Never, and the image is verified; what was verified is"
                " its digest, so reflect it"
            )

    def asked(self) -> Mapping[str, Any]:
        """Return repository and policy."""
        return {"repository": self.source.image, "policy": str(self.policy)}

    def objection(self, entry: LockedImage) -> str:
        """Return that the policy does not allow the locked tag, or how its digest is wrong."""
        if not self.policy.allows(entry.tag):
            return f"its tag {entry.tag} is not allowed by the policy {self.policy}"
        if bool(entry.digest) == (self.reflection == ReflectionPolicy.NEVER):
            found = "a" if entry.digest else "no"
            return f"it has {found} digest, and the policy reflects it {self.reflection}"
        return ""
