"""Development: one of everything, the newest that the ranges allow, no forge of its own."""

from stacks.base import Platform


class Dev(Platform):
    """What changes against the platform."""

    removed = ("gitea", "forge", "gitea_charts")
    agent_image = "gitea.local/raibid/ci-agent:1.5.0-rc.1"
