"""`Environment`: what an environment consists of, and how an overlay changes another."""

from __future__ import annotations

import asyncio
import difflib
import inspect
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, TypeVar, overload

import pulumi

from components.base.component import PARENT, Component, urn
from components.base.kubernetes_object import KubernetesObject, hidden
from components.base.location import attribute_line, function_line, relative
from components.base.patch import Patch, apply_patch
from components.base.wrong_call import wrong_call
from components.environment.pruning import check_pruning
from components.errors import DeclarationError
from components.lib.manifests.identity import Identity, identify
from components.lib.manifests.schema import validate
from components.lib.state.deployed import DEPLOYED
from components.runtime.answers import LOCKED

__all__ = ["Environment", "member"]

C = TypeVar("C")
_TYPE: Final = "sluice:environment:Environment"


class member(Generic[C]):  # noqa: N801 - used as a decorator, like property
    """A method of an `Environment` that makes one of its components.

    Made when first used, so members refer to each other as `self.<member>`
    in any order.
    """

    def __init__(self, make: Callable[[Any], C]) -> None:
        """Take the method; its name is the member's."""
        self.make = make
        self.name = make.__name__
        self.where = function_line(make)
        self.__doc__ = make.__doc__
        _refuse_second(self)

    @overload
    def __get__(self, owner: None, kind: type) -> member[C]: ...
    @overload
    def __get__(self, owner: Environment, kind: type) -> C: ...
    def __get__(self, owner: Environment | None, kind: type) -> member[C] | C:
        """Return the component, made if this is its first use."""
        if owner is None:
            return self
        made: C = owner._member(self)  # noqa: SLF001 - its own class
        return made


class Environment(pulumi.ComponentResource):
    """What runs in one environment. A subclass is an overlay over its base.

    A subclass inherits the members and may define more or the same ones anew,
    set attributes that a base has, leave members out (`removed`) and patch any
    object that a member makes (`patches`; a base's come first). What it
    changes is read from its file alone.

    Attributes:
        name: the environment's name, which is its stack's.
        patches: patches to the members' objects; each has to match at least one.
        removed: names of members that this environment does not have.
        components: every component that was made, in the order of their declaration.

    Raises:
        DeclarationError: naming file and line, where an attribute, a member or
            a patch is not what a base knows.

    """

    patches: ClassVar[Sequence[Patch]] = ()
    removed: ClassVar[Collection[str]] = ()

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Check the overlay against its bases."""
        super().__init_subclass__(**arguments)
        _check_attributes(cls)
        _check_removed(cls)

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make every member that is not removed."""
        self.name = name
        self.qualified_type = _TYPE
        self.place = urn(_TYPE, name)
        self.components: list[Component] = []
        self._made: dict[str, Any] = {}
        self._making: list[member[Any]] = []
        self._owners: dict[tuple[str, str, str, str, str], KubernetesObject] = {}
        self._identities: set[Identity] = set()
        self._matched: set[int] = set()
        self._patches = _inherited_patches(type(self))
        options = pulumi.ResourceOptions(transformations=[self._overlay])
        # Children wait for their parent, and it for this: nothing is registered
        # before everything is declared without an error.
        complete: asyncio.Future[list[str]] = asyncio.get_event_loop().create_future()
        super().__init__(
            _TYPE,
            name,
            {"members": complete},
            pulumi.ResourceOptions.merge(opts, options),
        )
        try:
            self._make_members()
        except Exception as error:
            complete.set_exception(error)
            raise
        complete.set_result(list(self._made))
        self.register_outputs({})

    def _make_members(self) -> None:
        for name in member_names(type(self)):
            getattr(self, name)
        self._check_patches()
        if locked := LOCKED.get(None):
            locked.refuse_unasked()
        self._check_references()
        check_pruning(DEPLOYED.get(), self.components, Path.cwd())
        DEPLOYED.get().complete()

    def _member(self, wanted: member[Any]) -> Any:
        name = wanted.name
        if name in self._made:
            return self._made[name]
        if name in _removed(type(self)):
            user = f" but {self._making[-1].name!r} uses it" if self._making else ""
            raise DeclarationError(
                f"{_removal_line(type(self), name)}: {type(self).__name__}: "
                f"member {name!r} is removed{user}"
            )
        if wanted in self._making:
            circle = [*self._making[self._making.index(wanted) :], wanted]
            raise DeclarationError(
                f"{wanted.where}: {type(self).__name__}: members need each other: "
                + " -> ".join(part.name for part in circle)
            )
        overridden = any(other.name == name for other in self._making)
        made = self._make_member(wanted)
        # What an overlay's member gets by super() is a part of the overlay's own.
        return made if overridden else self._made.setdefault(name, made)

    def _make_member(self, wanted: member[Any]) -> Any:
        self._making.append(wanted)
        token = PARENT.set(self)
        try:
            return wanted.make(self)
        except AttributeError as error:
            if error.obj is not self:
                raise
            raise self._unknown_member(error) from None
        except TypeError as error:
            raise wrong_call(error) or error from None
        finally:
            PARENT.reset(token)
            self._making.pop()

    def _unknown_member(self, error: AttributeError) -> DeclarationError:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        known = [name for name in dir(type(self)) if not name.startswith("_")]
        close = difflib.get_close_matches(str(error.name), known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return DeclarationError(
            f"{relative(frame.filename)}:{frame.lineno}: {type(self).__name__} has no member "
            f"or attribute {error.name!r}{hint}"
        )

    def _overlay(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        if isinstance(args.resource, Component):
            self.components.append(args.resource)
        if not isinstance(args.resource, KubernetesObject):
            if args.type_.startswith("kubernetes:"):
                DEPLOYED.get().place_other(args.type_, args.name)
            return None
        identity = args.resource.identity
        self._own(identity, args.resource)
        self._identities.add(identity)
        props = self._patched(args.props, identity)
        return pulumi.ResourceTransformationResult(props, args.opts)

    def _own(self, identity: Identity, made: KubernetesObject) -> None:
        first = self._owners.setdefault((*identity.key, made.cluster), made)
        if first is not made:
            raise DeclarationError(
                f"{made.where}: {identity} is declared twice; first at {first.where}"
            )

    @property
    def members(self) -> Mapping[str, Any]:
        """What each member made, by the member's name."""
        return self._made

    def patches_to(self, identity: Identity) -> list[Patch]:
        """Return the patches that are meant for an object, a base's first."""
        return [patch for patch in self._patches if patch.matches(identity)]

    def _patched(self, manifest: Any, identity: Identity) -> Any:
        patches = self.patches_to(identity)
        for patch in patches:
            self._matched.add(id(patch))
            manifest = apply_patch(manifest, patch)
            if identify(manifest, where=patch.where) != identity:
                raise DeclarationError(f"{patch.where}: {patch}: a patch cannot rename {identity}")
            validate(manifest, where=patch.where)
        return hidden(manifest) if patches else manifest

    def _check_references(self) -> None:
        for component in self.components:
            try:
                component.check_references(self._identities)
            except DeclarationError as error:
                raise component.refusal(error) from None

    def _check_patches(self) -> None:
        for patch in self._patches:
            if id(patch) not in self._matched:
                close = [
                    f"{kind} {name}" for _, kind, _, name, _ in self._owners if kind == patch.kind
                ]
                known = f"; there are: {', '.join(sorted(close))}" if close else ""
                raise DeclarationError(f"{patch.where}: {patch} matches no object{known}")


def member_names(environment: type[Environment]) -> Iterator[str]:
    """Yield the names of the members, bases' first, without the removed ones."""
    names = dict.fromkeys(
        name
        for cls in reversed(environment.__mro__)
        for name, value in vars(cls).items()
        if isinstance(value, member)
    )
    removed = _removed(environment)
    return (name for name in names if name not in removed)


def _removed(environment: type[Environment]) -> set[str]:
    removed: set[str] = set()
    for cls in reversed(environment.__mro__):
        defined = {name for name, value in vars(cls).items() if isinstance(value, member)}
        removed = (removed - defined) | set(vars(cls).get("removed", ()))
    return removed


def _removal_line(environment: type[Environment], name: str) -> str:
    removing = (cls for cls in environment.__mro__ if name in vars(cls).get("removed", ()))
    return attribute_line(next(removing), "removed")


def _inherited_patches(environment: type[Environment]) -> list[Patch]:
    classes = reversed(environment.__mro__)
    return [patch for cls in classes for patch in vars(cls).get("patches", ())]


def _check_attributes(cls: type[Environment]) -> None:
    bases = set().union(*(dir(base) for base in cls.__bases__))
    annotated = inspect.get_annotations(cls)
    for name, value in list(vars(cls).items()):
        declares = name in annotated or isinstance(value, member) or _is_method(value)
        if name.startswith("_") or declares or name in bases:
            continue
        close = difflib.get_close_matches(name, bases, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise DeclarationError(
            f"{attribute_line(cls, name)}: {cls.__name__}.{name} changes nothing: no base has "
            f"that attribute{hint} (annotate a new one with its type)"
        )


def _check_removed(cls: type[Environment]) -> None:
    known = [
        name for base in cls.__mro__ for name, v in vars(base).items() if isinstance(v, member)
    ]
    for name in vars(cls).get("removed", ()):
        if name not in known:
            raise DeclarationError(
                f"{attribute_line(cls, 'removed')}: {cls.__name__} removes {name!r}, which is no "
                f"member; there are: {', '.join(sorted(set(known)))}"
            )


def _is_method(value: object) -> bool:
    return (
        callable(value)
        or isinstance(value, (property, classmethod, staticmethod))
        or hasattr(value, "__get__")
    )


def _refuse_second(new: member[Any]) -> None:
    namespace = sys._getframe(2).f_locals  # noqa: SLF001 - the class body that is being read
    first = namespace.get(new.name)
    if isinstance(first, member):
        raise DeclarationError(
            f"{new.where}: member {new.name!r} is named twice; first at {first.where}"
        )
