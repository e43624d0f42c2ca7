"""What an `ImageUpdateAutomation` changes: its stack's lock, and the marked YAML below its path."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import git

from components.artifacts.lock import Lock
from components.artifacts.locked_image import ImageRequest, LockedImage
from components.errors import DeclarationError
from components.image_policy import ImagePolicy
from components.image_update_automation import ImageUpdateAutomation
from components.locked import Unlocked, lock_file
from sluice.declarations import declaration
from sluice.images.setters import MARKER, Change, Object, set_all
from sluice.locking import next_images
from sluice.repository import Repository
from sluice.suspension import suspensions

__all__ = ["Automated", "Automations", "Update", "texts_of", "write"]

_KUSTOMIZATION = "Kustomization"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Automated:
    """An automation of a stack, and the policies that it follows, by name."""

    stack: str
    automation: ImageUpdateAutomation
    policies: Mapping[str, ImagePolicy]
    requests: Sequence[ImageRequest]

    @property
    def title(self) -> str:
        """What people call it: `dev/apps`."""
        return f"{self.stack}/{self.automation.name}"


@dataclass(frozen=True)
class Update:
    """What an automation changes.

    Attributes:
        of: the automation.
        lock: the entries of the stack's lock that change.
        files: the changes in each file, by its path from the repository's root.
        images: the image of each policy that changes anything, as it is afterwards.
        values: what the markers of each setter are set to.
        declined: the policies whose newest image was declined.

    """

    of: Automated
    lock: Mapping[str, LockedImage]
    files: Mapping[str, Sequence[Change]]
    images: Mapping[str, LockedImage]
    values: Mapping[str, str | None]
    declined: Sequence[str] = ()


class Automations:
    """The automations of a checkout's stacks.

    Attributes:
        found: those that are not suspended, stack after stack.

    """

    def __init__(self, repository: Repository) -> None:
        """Run the stacks' programs.

        Raises:
            DeclarationError: where one is wrong.

        """
        self._repository = repository
        self._known: dict[str, str | None] = {}
        self.found: list[Automated] = []
        for stack in repository.stacks:
            self._read(stack)

    def named(self, stack: str, name: str) -> Automated | None:
        """Return an automation; None where there is no such one."""
        found = (each for each in self.found if (each.stack, each.automation.name) == (stack, name))
        return next(found, None)

    def update(self, of: Automated, declined: Collection[tuple[str, str]] = ()) -> Update:
        """Return what an automation changes; nothing is written.

        A policy keeps what is locked where `declined` has its name with the new image.

        Raises:
            DeclarationError: for a policy that selects nothing, a marker that is wrong,
                a file that is not YAML; naming it.
            ArtifactError: where a registry cannot be asked.

        """
        lock = Lock.load(lock_file(self._repository.root, of.stack))
        before = lock.images
        newest = next_images(self._repository, of.stack, of.requests, lock)
        refused = [name for name, image in newest.items() if (name, image.image) in declined]
        after = {name: image for name, image in newest.items() if name not in refused}
        locked = {name: image for name, image in after.items() if image != before.get(name)}
        images = {**{name: before[name] for name in of.policies if name in before}, **after}
        values = self._known | _values(of, images)
        files = self._lock_changes(of, before, locked) | self._files(of, values)
        changed = {each.setter.split(":")[1] for changes in files.values() for each in changes}
        told = {name: images[name] for name in sorted(changed)}
        return Update(of, locked, files, told, values, sorted(refused))

    def _read(self, stack: str) -> None:
        unlocked = Unlocked()
        components = declaration(self._repository, stack, unlocked).components
        left_out = {entry.component for entry in suspensions(self._repository, stack)}
        policies = [each for each in components if isinstance(each, ImagePolicy)]
        self._known |= dict.fromkeys(_setters(policies))
        active = [one for one in policies if one.name not in left_out]
        for each in components:
            if isinstance(each, ImageUpdateAutomation) and not left_out & {each.name, ""}:
                followed = {one.name: one for one in active if each.follows(one.args.labels)}
                requests = [
                    request
                    for request in unlocked.requests
                    if isinstance(request, ImageRequest) and request.name in followed
                ]
                self.found.append(Automated(stack, each, followed, requests))

    def _lock_changes(
        self, of: Automated, before: Mapping[str, LockedImage], locked: Mapping[str, LockedImage]
    ) -> dict[str, Sequence[Change]]:
        changes = [
            Change(
                Object("ImagePolicy", name, of.policies[name].args.namespace),
                line=0,
                setter=f"{of.policies[name].args.namespace}:{name}",
                old=before[name].image if name in before else "",
                new=image.image,
            )
            for name, image in sorted(locked.items())
        ]
        return {_lock_path(of.stack): changes} if changes else {}

    def _files(
        self, of: Automated, values: Mapping[str, str | None]
    ) -> dict[str, Sequence[Change]]:
        found = {}
        for path in _marked_files(self._repository, of):
            _, changes = set_all(_text(self._repository, path), values, where=path)
            if changes:
                found[path] = changes
        return found


def write(repository: Repository, updates: Sequence[Update]) -> list[str]:
    """Write updates into a checkout; return the files' paths.

    Raises:
        DeclarationError: as `Automations.update`; nothing is written then.

    """
    texts = texts_of(repository, updates)
    for path, text in texts.items():
        (repository.root / path).write_bytes(text.encode())
    return sorted(texts)


def texts_of(repository: Repository, updates: Iterable[Update]) -> dict[str, str]:
    """Return the new text of each file that updates change, by its path."""
    texts: dict[str, str] = {}
    locks: dict[str, Lock] = {}
    for update in updates:
        stack = update.of.stack
        if update.lock:
            before = locks.get(stack) or Lock.load(lock_file(repository.root, stack))
            locks[stack] = replace(before, images={**before.images, **update.lock})
        for path in update.files.keys() - {_lock_path(stack)}:
            text = texts.get(path) or _text(repository, path)
            texts[path], _ = set_all(text, update.values, where=path)
    return texts | {_lock_path(stack): lock.dump() for stack, lock in locks.items()}


def _marked_files(repository: Repository, of: Automated) -> list[str]:
    path = os.path.normpath(of.automation.args.path)
    if not (repository.root / path).exists():
        raise DeclarationError(f"{of.automation.where}: path: there is no {path!r}; correct it")
    listed = git.Git(str(repository.root)).ls_files(
        "-z", "--cached", "--others", "--exclude-standard", "--", f":(literal){path}"
    )
    return sorted(
        name
        for name in set(str(listed).split("\0"))
        if (name.endswith(_SUFFIXES) or name.rpartition("/")[2] == _KUSTOMIZATION)
        and _is_marked(repository, name)
    )


def _is_marked(repository: Repository, name: str) -> bool:
    file = repository.root / name
    return file.is_file() and not file.is_symlink() and MARKER.encode() in file.read_bytes()


def _text(repository: Repository, path: str) -> str:
    try:
        return (repository.root / path).read_bytes().decode()
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{path}: not UTF-8, so its markers cannot be read") from error


def _setters(policies: Iterable[ImagePolicy]) -> Iterable[str]:
    for policy in policies:
        setter = f"{policy.args.namespace}:{policy.name}"
        yield from (setter, *(f"{setter}:{part}" for part in ("name", "tag", "digest")))


def _values(of: Automated, images: Mapping[str, LockedImage]) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, image in images.items():
        setter = f"{of.policies[name].args.namespace}:{name}"
        values |= {
            setter: image.image,
            f"{setter}:name": image.repository,
            f"{setter}:tag": image.tag,
            f"{setter}:digest": image.digest,
        }
    return values


def _lock_path(stack: str) -> str:
    return f"stacks/{stack}.lock.yaml"
