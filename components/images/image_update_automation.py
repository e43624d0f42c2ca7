"""`ImageUpdateAutomation`: which images of a stack follow their policies by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

import pulumi

from components.base.component import Component
from components.errors import DeclarationError
from components.lib.manifests import fields

__all__ = ["ImageUpdateAutomation", "ImageUpdateAutomationArgs", "SigningKey", "UpdateStrategy"]

_AUTHOR = re.compile(r"(?P<name>[^<>\n]*?)\s*<(?P<mail>[^<>\s]+@[^<>\s]+)>")
_REFUSED_IN_BRANCHES = re.compile(
    r"\.\.|//|@\{|[\s~^:?*\[\\\x00-\x1f\x7f]|\.lock(/|$)|(^|/)\.|^-|/$|^$"
)


class UpdateStrategy(StrEnum):
    """How files are updated."""

    SETTERS = "Setters"
    """What a comment `# {"$imagepolicy": "namespace:name"}` marks is set."""


class _KeyType(StrEnum):
    GPG = "gpg"
    SSH = "ssh"


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The key that signs the commits; Git on the machine that commits has to have it.

    Attributes:
        key: what Git's `user.signingKey` would be: an OpenPGP key's fingerprint, or the
            file of an SSH key.
        type: `gpg` or `ssh`; by default `gpg`.

    """

    key: str
    type: str = "gpg"


@dataclass(frozen=True, kw_only=True)
class ImageUpdateAutomationArgs:
    """Arguments of `ImageUpdateAutomation`; only the author is required.

    Attributes:
        author: who the commits are by, as `Name <mail>`.
        path: the directory below the repository's root whose YAML files are
            updated; by default the whole repository.
        strategy: how they are; there is `Setters`.
        policy_selector: labels that a policy of the stack has to have to be followed;
            by default each policy is.
        message_template: a Jinja2 template of the commit's message, with Flux's
            `AutomationObject`, `Changed`, `Updated` and `Values`; by default the
            policies and objects that changed.
        message_template_values: texts that the template finds in `Values`.
        sign_off: whether the message ends with `Signed-off-by`, the author's; by default not.
        signing_key: the key that signs the commits; by default none.
        branch: the branch that is pushed to; by default the one that the stacks
            follow, and for a pull request `image-updates/<stack>-<name>`.

    """

    author: str
    path: str = "."
    strategy: str = UpdateStrategy.SETTERS
    policy_selector: Mapping[str, str] = field(default_factory=dict)
    message_template: str = ""
    message_template_values: Mapping[str, str] = field(default_factory=dict)
    sign_off: bool = False
    signing_key: SigningKey | None = None
    branch: str = ""


class ImageUpdateAutomation(Component):
    """Lets `sluice images update` take the newest image that each policy of the stack allows.

    It writes the stack's lock, and the marked YAML below `path`, in one commit.
    Makes no object, and does nothing by itself: a schedule runs the command.
    Answers to Flux's `ImageUpdateAutomation`, whose `sourceRef` and `checkout`
    are the repository and the branch that the stacks follow.

    Attributes:
        author_name, author_mail: the parts of its author.

    """

    def __init__(
        self,
        name: str,
        args: ImageUpdateAutomationArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the automation `name`."""
        super().__init__("image:ImageUpdateAutomation", name, opts)
        self.args = args
        try:
            self.author_name, self.author_mail = _author(args.author)
            _check(args)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.register_outputs({})

    def follows(self, labels: Mapping[str, str]) -> bool:
        """Whether a policy with these labels is followed."""
        return self.args.policy_selector.items() <= labels.items()


def _author(author: str) -> tuple[str, str]:
    found = _AUTHOR.fullmatch(author) if isinstance(author, str) else None
    if found is None:
        raise DeclarationError(f"author: {author!r} is not Name <mail>")
    return found["name"] or found["mail"], found["mail"]


def _check(args: ImageUpdateAutomationArgs) -> None:
    fields.choice("strategy", args.strategy, UpdateStrategy)
    for name in ("policy_selector", "message_template_values"):
        fields.mapping(name, getattr(args, name))
    path = PurePosixPath(args.path)
    if path.is_absolute() or ".." in path.parts:
        raise DeclarationError(f"path: {args.path!r} is not below the repository's root")
    if args.branch and _REFUSED_IN_BRANCHES.search(args.branch):
        raise DeclarationError(f"branch: {args.branch!r} is not a branch's name")
    if args.signing_key is not None:
        fields.choice("signing_key.type", args.signing_key.type, _KeyType)
        if not args.signing_key.key:
            raise DeclarationError("signing_key.key: is empty; name the key as Git knows it")
