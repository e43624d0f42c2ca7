"""What of a stack is on its other clusters, which only Pulumi looks at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["is_on_own_cluster", "on_own_cluster"]

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def on_own_cluster(found: Iterable[T], name: Callable[[T], str], stack: str) -> list[T]:
    """Return what is on the stack's own cluster; a warning names the clusters of the rest.

    `name` gives the name in the program of each: `web@west:shop/web` is on `west`.
    """
    everything = list(found)
    for cluster in sorted({_cluster(name(each)) for each in everything} - {""}):
        _LOG.warning(
            "%s: the cluster %s is not looked at, only the stack's own; `pulumi up --refresh` is "
            "for all",
            stack,
            cluster,
        )
    return [each for each in everything if is_on_own_cluster(name(each))]


def is_on_own_cluster(name: str) -> bool:
    """Whether a component or a resource is on the stack's own cluster, by its name."""
    return not _cluster(name)


def _cluster(name: str) -> str:
    return name.partition(":")[0].partition("@")[2]
