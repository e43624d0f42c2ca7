"""Who has an object that a stack declares no more: it is let go, not deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.core.cluster import Cluster as SecondCluster
from components.errors import SluiceError
from components.lib.manifests.identity import Identity, identify
from components.lib.state.deployed import Deployed, DeployedObject, ObjectKey, placed
from sluice.backend.secret_values import RELEASE
from sluice.declaration.desired import DesiredState
from sluice.declaration.helm import capabilities
from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration, Declared
from sluice.declaration.rendering import rendering
from sluice.errors import ApiError, DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.credentials import credentials
from sluice.kubernetes.helm_ownership import release_with
from sluice.kubernetes.managed_fields import newest_applier
from sluice.stack.stack import Stack

__all__ = ["Holder", "holders", "identity_of"]

OURS = "sluice"


@dataclass(frozen=True)
class Holder:
    """Who has an object.

    Attributes:
        identity: the object.
        name: who has it, such as `stack west`.
        release: the release of this stack that will have it, `namespace/name`; else empty.

    """

    identity: Identity
    name: str
    release: str = ""

    def __str__(self) -> str:
        return f"{self.identity} is let go, not deleted: {self.name} has it"


def holders(
    stack: Stack, deployed: Deployed, undeclared: Sequence[DeployedObject]
) -> dict[str, Holder]:
    """Return who has each of these objects of a stack, by its URN; nothing of what nobody has.

    Raises:
        DeploymentError: where another stack's program does not say what it declares.
        ApiError: where the cluster cannot be asked.

    """
    if not undeclared:
        return {}
    going = {each.urn for each in undeclared}
    declared = {each.key for each in deployed.objects.values() if each.urn not in going}
    found = {
        each.urn: Holder(each.identity, "this stack") for each in undeclared if each.key in declared
    }
    for find in (_of_other_stacks, _of_charts, _of_cluster):
        left = [each for each in undeclared if each.urn not in found]
        found |= dict(find(stack, left)) if left else {}
    return found


def _of_other_stacks(
    stack: Stack, undeclared: Sequence[DeployedObject]
) -> Iterator[tuple[str, Holder]]:
    wanted = {_on_server(stack, each.key): each for each in undeclared}
    servers = {key[4] for key in wanted}
    programs = (stack.repository.root / "stacks").glob("*.py")
    several = any("Cluster(" in file.read_text() for file in programs)
    for other in stack.repository.chosen(()):
        if other.name == stack.name or not (several or _server(other) in servers):
            continue
        try:
            found = declaration(other, other.locked())
        except SluiceError as error:
            raise DeploymentError(
                f"{stack}: {next(iter(wanted.values())).identity} is declared no more, and "
                f"whether stack {other} has it is not known: {error}"
            ) from error
        for key in _declared(other, found):
            if key in wanted:
                each = wanted[key]
                yield each.urn, Holder(each.identity, f"stack {other}")


def _of_charts(stack: Stack, undeclared: Sequence[DeployedObject]) -> Iterator[tuple[str, Holder]]:
    desired = DesiredState(stack)
    if not any(each.type == RELEASE for each in desired.declaration.resources):
        return
    rendered = rendering(
        stack.repository,
        desired.declaration,
        capabilities(desired.cluster),
        secrets=desired.secrets.values(),
    )
    releases = {placed(each.identity): each for each in rendered.manifests if each.release}
    for each in undeclared:
        if manifest := releases.get(each.key):
            name = f"HelmRelease {manifest.component}"
            yield each.urn, Holder(each.identity, name, manifest.release)


def _of_cluster(stack: Stack, undeclared: Sequence[DeployedObject]) -> Iterator[tuple[str, Holder]]:
    cluster = stack.cluster()
    for each in undeclared:
        if not each.key[4] and (name := _live_holder(cluster, each)):
            yield each.urn, Holder(each.identity, name)


def _live_holder(cluster: Cluster, undeclared: DeployedObject) -> str:
    identity = undeclared.identity
    if identity.kind == "Release":
        return ""
    live = cluster.get(identity.api_version, identity.kind, identity.namespace, identity.name)
    if live is None:
        return ""
    if release := release_with(cluster, live, identity):
        return f"the Helm release {release}"
    manager = newest_applier(live, OURS)
    return f"the field manager {manager}" if manager else ""


def _declared(stack: Stack, found: Declaration) -> Iterator[ObjectKey]:
    clusters = {
        each.name: each.places_key for each in found.components if isinstance(each, SecondCluster)
    }
    for each in found.resources:
        if each.type.startswith("kubernetes:"):
            on = each.component.partition("@")[2]
            yield _on_server(stack, placed(identity_of(each), clusters.get(on, on)))


def identity_of(declared: Declared) -> Identity:
    """Return which object a declared resource is; a release is one, too."""
    if declared.type != RELEASE:
        return identify(declared.inputs)
    return Identity(
        "helm.sh/v3",
        "Release",
        str(declared.inputs["namespace"]),
        str(declared.inputs["name"]),
    )


def _on_server(stack: Stack, key: ObjectKey) -> ObjectKey:
    """Return the key with the address of the cluster's server, which is the same for all stacks."""
    *identity, cluster = key
    context, at, kubeconfig = cluster.partition("@")
    server = (_address(context, kubeconfig) if at else cluster) if cluster else _server(stack)
    group, kind, namespace, name = identity
    return group, kind, namespace, name, server


def _server(stack: Stack) -> str:
    settings = stack.settings()
    return _address(settings.context, settings.kubeconfig)


def _address(context: str, kubeconfig: str) -> str:
    try:
        return credentials(context, kubeconfig).server
    except ApiError:  # who cannot reach it declares nothing on it
        return f"{context}@{kubeconfig}"
