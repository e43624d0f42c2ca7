"""What changes hands between a stack and its Helm releases, prepared on the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from components.lib.manifests.identity import Identity
from components.lib.state.deployed import DeployedObject, ObjectKey
from sluice.engine.holders import Holder
from sluice.errors import DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_ownership import hand_over, handed_over, take_out
from sluice.stack.stack import Stack

__all__ = ["finish", "give", "take"]


def give(stack: Stack, holders: Iterable[Holder]) -> None:
    """Mark what the stack's releases will have as theirs.

    Raises:
        ApiError: where the cluster refuses.

    """
    for holder in holders:
        if holder.release:
            hand_over(stack.cluster(), holder.identity, holder.release)


def finish(stack: Stack, holders: Iterable[Holder]) -> None:
    """Leave to the releases what they have got, once the update has succeeded.

    Raises:
        ApiError: where the cluster refuses.

    """
    for holder in holders:
        if holder.release:
            handed_over(stack.cluster(), holder.identity)


def take(
    stack: Stack, taken: Iterable[tuple[Sequence[str], str]], deployed: Mapping[str, DeployedObject]
) -> None:
    """Take objects out of the records of their releases: keys, with the releases' URNs.

    Raises:
        ApiError: where the cluster refuses.
        DeploymentError: where it is a cluster that only Pulumi can reach.

    """
    by_release: dict[str, list[Identity]] = {}
    for (group, kind, namespace, name, _), urn in taken:
        identity = Identity(f"{group}/" if group else "", kind, namespace, name)
        by_release.setdefault(urn, []).append(identity)
    for urn, identities in by_release.items():
        release = deployed[urn]
        take_out(_cluster(stack, release.key), release.identity.path, identities)


def _cluster(stack: Stack, key: ObjectKey) -> Cluster:
    """Return the cluster that an object is on: the stack's own, or another of it."""
    context, reachable, kubeconfig = key[4].partition("@")
    if not key[4]:
        return stack.cluster()
    if not reachable:
        raise DeploymentError(
            f"{stack}: {key[1]} {key[3]} cannot change hands on the cluster {key[4]!r}, whose "
            "kubeconfig is a secret; move it in two updates, by way of prune=False"
        )
    return Cluster(context, kubeconfig)
