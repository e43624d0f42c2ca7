"""What every component shares: its place in the program, its parent and its objects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import pulumi

from components.base.ignore import Ignore
from components.base.kubernetes_object import KubernetesObject, type_token
from components.base.location import caller
from components.errors import DeclarationError, SluiceError
from components.lib.manifests import fields
from components.lib.manifests.identity import Identity, identify
from components.lib.state.deployed import DEPLOYED, placed

__all__ = ["Component", "urn"]

T = TypeVar("T")

PARENT: Final[ContextVar[pulumi.Resource | None]] = ContextVar("PARENT", default=None)


class Component(pulumi.ComponentResource):
    """The base of the components: a named group of Kubernetes objects.

    A component that is built in a member of an `Environment` belongs to that
    environment, unless `opts.parent` says otherwise.

    Attributes:
        name: the component's name, as given.
        cluster: the `Cluster` that it is placed on, by name; empty for the stack's own.
        where: the file and line that declares it.
        args: its arguments, for a component whose arguments are a class.
        left_to_others: the fields of its objects that others own.
        confined_to: the namespace of the `Tenant` that it is deployed as; empty without one.
        may_be_empty: whether an update may take all of its objects away.

    """

    may_be_empty = False

    def __init__(
        self,
        kind: str,
        name: str,
        opts: pulumi.ResourceOptions | None,
        *,
        needs: Iterable[object] = (),
        depends_on: Sequence[pulumi.Resource] = (),
        ignore: Sequence[Ignore] = (),
    ) -> None:
        """Register the component.

        `kind` is the type token's tail, such as `helm:HelmRelease`; of `needs`,
        the resources are waited for, as are all of `depends_on`. `ignore` is
        kept in the state, where drift detection reads it.
        """
        self.name = name
        # Not `ignore`, which Pulumi overwrites with the output of that name.
        self.left_to_others = ignore
        self.where = caller()
        try:
            fields.dns_subdomain("name", name)
            _check_resources(depends_on)
        except DeclarationError as error:
            raise self.refusal(error) from None
        needed = [need for need in needs if isinstance(need, pulumi.Resource)]
        dependencies = [*needed, *depends_on]
        kept = {"ignore": [rule.as_dict() for rule in ignore]} if ignore else {}
        options = _options(opts, dependencies)
        above = options.parent if isinstance(options.parent, Component) else None
        self.cluster = above.places if above else ""
        self.cluster_key = above.places_key if above else ""
        self.confined_to = above.confines if above else ""
        super().__init__(
            f"sluice:{kind}", self.title, kept, self._aliased(options, f"sluice:{kind}")
        )

    def _aliased(self, options: pulumi.ResourceOptions, kind: str) -> pulumi.ResourceOptions:
        """Return the options with the component's former place, where it has moved."""
        above = getattr(options.parent, "qualified_type", "")
        self.qualified_type = f"{above}${kind}" if above else ""
        self.place = urn(self.qualified_type, self.title) if above else ""
        if not above:
            return options
        former = DEPLOYED.get().place_component(self.place, getattr(options.parent, "place", ""))
        moved = pulumi.ResourceOptions(aliases=[former] if former else [])
        return pulumi.ResourceOptions.merge(options, moved)

    @property
    def title(self) -> str:
        """Its name in the stack: `web`, or `web@west` on the cluster `west`."""
        return f"{self.name}@{self.cluster}" if self.cluster else self.name

    @property
    def places(self) -> str:
        """The cluster that its children are placed on, by name; empty for the stack's own."""
        return self.cluster

    @property
    def places_key(self) -> str:
        """What tells that cluster from others, whatever its name; empty for the stack's own."""
        return self.cluster_key

    @property
    def confines(self) -> str:
        """The namespace that its children's objects have to be in; empty where they need not."""
        return self.confined_to

    def refusal(self, problem: SluiceError | str) -> SluiceError:
        """Return the error for a wrong declaration: where, what, and the problem."""
        kind = type(problem) if isinstance(problem, SluiceError) else DeclarationError
        return kind(f"{self.where}: {type(self).__name__} {self.name!r}: {problem}")

    def explained(self, compute: Callable[[T], Any], value: T) -> Any:
        """Return `compute(value)`; a refusal in it is one of this component."""
        try:
            return compute(value)
        except DeclarationError as error:
            raise self.refusal(error) from None

    def check_references(self, declared: Collection[Identity]) -> None:
        """Refuse references to objects that nothing declares; called once everything is.

        Raises:
            DeclarationError: saying which reference; who declares it is added.

        """

    def timeouts(self, timeout: str) -> pulumi.ResourceOptions:
        """Return the options of an object that may take so long, its deletion too."""
        seconds = f"{fields.duration('timeout', timeout)}s"
        return pulumi.ResourceOptions(
            custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds, delete=seconds)
        )

    def make(
        self,
        manifest: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> KubernetesObject:
        """Register one object as the component's child, named after component and object."""
        self._confine(manifest)
        identity = identify(manifest)
        options = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                parent=self,
                ignore_changes=self._ignored(manifest) or None,
                aliases=self.former(identity, f"{self.title}:{identity.path}"),
            ),
        )
        return KubernetesObject(
            self.title, manifest, options, where=self.where, cluster=self.cluster
        )

    def former(self, identity: Identity, name: str) -> list[str]:
        """Return where the stack has an object that is declared here by this name, if elsewhere."""
        at = f"{self.qualified_type}${type_token(identity)}" if self.qualified_type else ""
        found = DEPLOYED.get().place(
            placed(identity, self.cluster_key), urn(at, name) if at else "", self.place
        )
        return [found] if found else []

    def _confine(self, manifest: Mapping[str, Any]) -> None:
        identity = identify(manifest, where=self.where)
        if self.confined_to not in ("", identity.namespace):
            place = f"the namespace {identity.namespace!r}" if identity.namespace else "none"
            raise self.refusal(
                f"{identity} is in {place}, and its tenant has {self.confined_to!r} alone"
            )

    def _ignored(self, manifest: Mapping[str, Any]) -> list[str]:
        identity = identify(manifest, where=self.where)
        rules = [rule for rule in self.left_to_others if rule.matches(identity.kind, identity.name)]
        return [path for rule in rules for path in rule.ignore_changes()]


def urn(qualified_type: str, name: str) -> str:
    """Return the URN of a resource of the current stack."""
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified_type}::{name}"


def _check_resources(depends_on: Sequence[object]) -> None:
    for each in depends_on:
        if not isinstance(each, pulumi.Resource):
            raise DeclarationError(
                f"depends_on: {each!r} is no component; name a member: depends_on=[self.databases]"
            )


def _options(
    opts: pulumi.ResourceOptions | None, dependencies: list[pulumi.Resource]
) -> pulumi.ResourceOptions:
    options = pulumi.ResourceOptions.merge(
        opts or pulumi.ResourceOptions(), pulumi.ResourceOptions(depends_on=dependencies)
    )
    if options.parent is None:
        options.parent = PARENT.get()
    return options
