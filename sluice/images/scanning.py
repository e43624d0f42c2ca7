"""What registries have, what the policies select of it, what is locked, what is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from components.errors import SluiceError
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.locked_image import ImageRequest
from sluice.locks.look_ups import remote_images
from sluice.locks.next_lock import requests
from sluice.stack.stack import Stack

__all__ = ["ScannedPolicy", "scan"]

_AT_ONCE = 16
_POLICY = "sluice:image:ImagePolicy"


@dataclass(frozen=True)
class ScannedPolicy:
    """An image policy of a stack.

    Attributes:
        stack: its stack.
        name: its name.
        repository: the image's name, without tag and digest.
        policy: which tag it selects, such as `semver >=1.0.0 <2.0.0`.
        tags: how many tags the registry has, without the excluded ones; null where it was not read.
        selected: the tag that the policy selects of them now; empty where there is none.
        locked: the tag that the stack's lock has; empty where it has none.
        running: the tag that was deployed last; empty where none was, or the state cannot be read.
        message: what is wrong; empty where nothing is.

    """

    stack: str
    name: str
    repository: str
    policy: str
    tags: int | None
    selected: str
    locked: str
    running: str
    message: str


def scan(stacks: Iterable[Stack]) -> list[ScannedPolicy]:
    """Return the image policies of the stacks, in the order of their names.

    Each repository is asked once, several at a time; one that cannot be read
    is said in its policies' message, and the others are read all the same.

    Raises:
        DeclarationError: where a program is wrong.

    """
    return [row for stack in stacks for row in _scanned(stack)]


def _scanned(stack: Stack) -> list[ScannedPolicy]:
    asked = [each for each in requests(stack) if isinstance(each, ImageRequest)]
    if not asked:
        return []
    locked = stack.lock().images
    images = remote_images(stack)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = pool.submit(_running, stack)
        selections = list(pool.map(lambda request: _selection(images, request), asked))
    rows = [
        ScannedPolicy(
            stack=stack.name,
            name=request.name,
            **request.asked(),
            tags=tags,
            selected=selected,
            locked=locked[request.name].tag if request.name in locked else "",
            running=running.result().get(request.name, ""),
            message=message,
        )
        for request, (tags, selected, message) in zip(asked, selections, strict=True)
    ]
    return sorted(rows, key=lambda row: row.name)


def _selection(images: RemoteImages, request: ImageRequest) -> tuple[int | None, str, str]:
    tags = None
    try:
        tags = len(images.tags(request.source))
        return tags, images.selected(request), ""
    except SluiceError as error:
        return tags, "", str(error)


def _running(stack: Stack) -> Mapping[str, str]:
    """Return the deployed tag of each policy, none where the state cannot be read."""
    try:
        resources = stack.state().resources()
    except SluiceError:
        return {}
    images = {
        each.name: str(each.outputs.get("image", "")).partition("@")[0]
        for each in resources
        if each.type == _POLICY
    }
    return {name: image.rpartition(":")[2] for name, image in images.items()}
