"""Staging: production in small."""

from components import Patch
from stacks.base import Platform


class Staging(Platform):
    """What changes against the platform."""

    redis_replicas = 1
    patches = (
        Patch(
            kind="ResourceQuota",
            name="ci-agents",
            merge={"spec": {"hard": {"requests.cpu": "40"}}},
        ),
    )
