"""Adding a component to a stack's program, and removing one, tried before anything is written."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.environment.environment import Environment, member
from components.runtime.answers import Unlocked
from sluice.authoring.edited_copy import edited_copy
from sluice.authoring.python import Call, Name
from sluice.authoring.stack_source import StackSource
from sluice.declaration.program import declaration
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository

__all__ = ["Platform", "Removal"]

_BASE = "base"


@dataclass(frozen=True)
class Removal:
    """What removing a member means.

    Attributes:
        files: the texts of the files that change, by their path.
        components: for each stack, the component that is deleted.

    """

    files: Mapping[str, str]
    components: Mapping[str, Any]


class Platform:
    """All stacks of a repository and what they declare."""

    def __init__(self, repository: Repository) -> None:
        """Declare every stack."""
        self._repository = repository
        self._environments: dict[str, Environment] = {
            stack.name: declaration(stack, Unlocked()).environment
            for stack in repository.chosen(())
        }

    def with_component(
        self, stack: str, kind: str, name: str, arguments: Mapping[str, Any], *options: Any
    ) -> dict[str, str]:
        """Return the changed file, with a member that makes the component.

        `arguments` are the fields of the kind's `…Args`; `options` its other
        positional arguments. An empty `stack` is the base of all of them.

        Raises:
            RepositoryError: where a member or component has that name already.
            DeclarationError: where the component is not one that can be declared.

        """
        file = self._file(stack)
        for each in self._members().values():
            if (type(each).__name__, each.name) == (kind, name):
                raise RepositoryError(f"{kind} {name!r} is declared already, at {each.where}")
        given = [Call(f"{kind}Args", keywords=arguments)] if arguments else []
        value = Call(kind, [name, *options, *given])
        source = self._source(file).with_member(self._member_name(kind, name), kind, value)
        files = {file: source.text}
        self._try(files)
        return files

    def reference(self, name: str, *kinds: str) -> Name:
        """Return the member that makes the component `[Kind/]name`, which is of these kinds.

        Raises:
            RepositoryError: where there is none.

        """
        for member_name, each in _called(name, self._members()).items():
            if type(each).__name__ in kinds:
                return Name(f"self.{member_name}")
        raise RepositoryError(f"no stack declares a {' or '.join(kinds)} {name!r}; create it first")

    def namespace(self, name: str) -> Name | str:
        """Return the member that makes a namespace, or its name where nobody declares it."""
        try:
            return self.reference(name, "Namespace")
        except RepositoryError:
            return name

    def without_component(self, name: str, stack: str) -> Removal:
        """Return what removing a component from a stack, or from all where none is named, means.

        `name` is a component's, `Kind/name` where several share it, or a member's.

        Raises:
            RepositoryError: naming file and line, where another member uses it.
            DeclarationError: where something else needs it, such as a patch.

        """
        file = self._file(stack)
        wanted = self._member(name, stack)
        affected = {
            each: environment
            for each, environment in self._environments.items()
            if wanted in environment.members and (not stack or each == stack)
        }
        for user, where in _users(wanted, affected.values()):
            raise RepositoryError(f"{where}: member {user!r} uses {wanted!r}; change it first")
        files = {file: self._without(file, wanted, inherited=bool(stack))}
        if not stack:
            files |= dict(self._no_longer_removed(wanted))
        self._try(files)
        return Removal(files, {each: env.members[wanted] for each, env in affected.items()})

    def _without(self, file: str, wanted: str, *, inherited: bool) -> str:
        source = self._source(file)
        if source.defines(wanted):
            source = source.without_member(wanted)
        elif not inherited:
            raise RepositoryError(f"{file} does not define {wanted!r}; name the stack: --stack")
        if inherited and any(_inherits(type(env), wanted) for env in self._of(file)):
            source = source.appended("removed", wanted)
        return source.text

    def _no_longer_removed(self, wanted: str) -> Iterator[tuple[str, str]]:
        for stack in self._environments:
            source = self._source(f"stacks/{stack}.py")
            text = source.without_element("removed", wanted).text
            if text != source.text:
                yield f"stacks/{stack}.py", text

    def _of(self, file: str) -> list[Environment]:
        return [env for stack, env in self._environments.items() if file == f"stacks/{stack}.py"]

    def _member(self, name: str, stack: str) -> str:
        members = self._members(stack)
        found = [*_called(name, members)] or [each for each in members if each == name]
        if len(found) > 1:
            titles = ", ".join(_title(members[each]) for each in found)
            raise RepositoryError(f"several components are called {name!r}; name one: {titles}")
        if not found:
            known = ", ".join(sorted({each.name for each in members.values()}))
            raise RepositoryError(f"there is no component {name!r}; there are: {known}")
        return found[0]

    def _members(self, stack: str = "") -> dict[str, Any]:
        return {
            name: made
            for each, environment in self._environments.items()
            for name, made in environment.members.items()
            if stack in ("", each)
        }

    def _member_name(self, kind: str, name: str) -> str:
        taken = {name for env in self._environments.values() for name in dir(env)}
        plain = name.replace("-", "_").replace(".", "_")
        for candidate in (plain, f"{plain}_{kind.lower()}"):
            usable = candidate.isidentifier() and not keyword.iskeyword(candidate)
            if usable and candidate not in taken:
                return candidate
        raise RepositoryError(f"no member can be named after {kind} {name!r}; choose another name")

    def _file(self, stack: str) -> str:
        if stack:
            self._repository.chosen((stack,))
        file = f"stacks/{stack or _BASE}.py"
        if not (self._repository.root / file).is_file():
            raise RepositoryError(f"there is no {file}; name a stack: --stack")
        return file

    def _source(self, file: str) -> StackSource:
        text = (self._repository.root / file).read_text(encoding="utf-8")
        return StackSource(text, where=file)

    def _try(self, files: Mapping[str, str]) -> None:
        with edited_copy(self._repository, files) as tried:
            for stack in tried.chosen(()):
                declaration(stack, Unlocked())


def _called(name: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members whose component is `name`, or `Kind/name`."""
    return {
        member_name: each
        for member_name, each in members.items()
        if name in (each.name, _title(each))
    }


def _title(component: Any) -> str:
    return f"{type(component).__name__}/{component.name}"


def _users(wanted: str, environments: Any) -> Iterator[tuple[str, str]]:
    for environment in environments:
        for name in environment.members:
            user: member[Any] = getattr(type(environment), name)
            if name != wanted and wanted in user.make.__code__.co_names:
                yield name, user.where


def _inherits(environment: type[Environment], wanted: str) -> bool:
    return any(isinstance(vars(base).get(wanted), member) for base in environment.__mro__[1:])
