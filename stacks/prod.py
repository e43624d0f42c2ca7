"""Production: replicas, room, and versions that staging has proven."""

from components import Patch
from stacks.base import Platform


class Prod(Platform):
    """What changes against the platform."""

    postgresql_version = "12.1.x"
    redis_version = "18.x"
    redis_replicas = 3
    prometheus_retention = "30d"
    patches = (
        Patch(
            kind="Deployment",
            name="ci-agents",
            merge={
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {
                                    "name": "ci-agents",
                                    "resources": {
                                        "requests": {"cpu": "200m", "memory": "256Mi"},
                                        "limits": {"memory": "1Gi"},
                                    },
                                }
                            ]
                        }
                    }
                }
            },
        ),
        Patch(
            kind="ResourceQuota",
            name="ci-agents",
            json6902=[{"op": "replace", "path": "/spec/hard/pods", "value": "200"}],
        ),
    )
