"""What an `ImageUpdateAutomation` changes: its stack's lock, and the marked YAML below its path."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from components.errors import DeclarationError
from components.images.image_policy import ImagePolicy
from components.images.image_update_automation import ImageUpdateAutomation
from components.lib.locks.lock import Lock
from components.lib.locks.locked_image import ImageRequest, LockedImage
from sluice.git.working_tree import files
from sluice.images.scalars import Object
from sluice.images.setters import MARKER, Change, set_all
from sluice.locks.next_lock import next_images, unlocked_declaration
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

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


@dataclass(frozen=True)
class Automations:
    """The automations of a checkout's stacks.

    Attributes:
        repository: the checkout.
        found: those that are not suspended, stack after stack.
        setters: what markers may name: each policy that a stack declares, and its parts.

    """

    repository: Repository
    found: Sequence[Automated]
    setters: frozenset[str]

    @classmethod
    def of(cls, repository: Repository) -> Automations:
        """Run the stacks' programs.

        Raises:
            DeclarationError: where one is wrong.

        """
        found: list[Automated] = []
        setters: set[str] = set()
        for stack in repository.chosen(()):
            declared, requests = unlocked_declaration(stack)
            policies = [each for each in declared.components if isinstance(each, ImagePolicy)]
            setters.update(_setters(policies))
            left_out = {entry.component for entry in stack.suspensions()}
            active = [each for each in policies if each.name not in left_out]
            found += [
                _automated(stack.name, each, active, requests)
                for each in declared.components
                if isinstance(each, ImageUpdateAutomation) and not left_out & {each.name, ""}
            ]
        return cls(repository, found, frozenset(setters))

    def at(self, checkout: Repository) -> Automations:
        """Return the same of another checkout of the same commit."""
        return replace(self, repository=checkout)

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
        stack = Stack(self.repository, of.stack)
        lock = stack.lock()
        before = lock.images
        newest = next_images(stack, of.requests, lock)
        refused = [name for name, image in newest.items() if (name, image.image) in declined]
        after = {name: image for name, image in newest.items() if name not in refused}
        locked = {name: image for name, image in after.items() if image != before.get(name)}
        images = {**{name: before[name] for name in of.policies if name in before}, **after}
        values: dict[str, str | None] = dict.fromkeys(self.setters) | _values(of, images)
        made = self._lock_changes(of, before, locked) | self._files(of, values)
        changed = {each.setter.split(":")[1] for changes in made.values() for each in changes}
        told = {name: images[name] for name in sorted(changed)}
        return Update(of, locked, made, told, values, sorted(refused))

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
        for path in _marked_files(self.repository, of):
            _, changes = set_all(_text(self.repository, path), values, where=path)
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
            before = locks.get(stack) or Stack(repository, stack).lock()
            locks[stack] = replace(before, images={**before.images, **update.lock})
        for path in update.files.keys() - {_lock_path(stack)}:
            text = texts.get(path) or _text(repository, path)
            texts[path], _ = set_all(text, update.values, where=path)
    return texts | {_lock_path(stack): lock.dump() for stack, lock in locks.items()}


def _automated(
    stack: str,
    automation: ImageUpdateAutomation,
    policies: Iterable[ImagePolicy],
    requests: Iterable[object],
) -> Automated:
    followed = {each.name: each for each in policies if automation.follows(each.args.labels)}
    images = [each for each in requests if isinstance(each, ImageRequest) and each.name in followed]
    return Automated(stack, automation, followed, images)


def _marked_files(repository: Repository, of: Automated) -> list[str]:
    path = os.path.normpath(of.automation.args.path)
    if not (repository.root / path).exists():
        raise DeclarationError(f"{of.automation.where}: path: there is no {path!r}; correct it")
    return [
        name
        for name in files(repository, path)
        if (name.endswith(_SUFFIXES) or name.rpartition("/")[2] == _KUSTOMIZATION)
        and _is_marked(repository, name)
    ]


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
