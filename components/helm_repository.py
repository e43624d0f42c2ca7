"""`HelmRepository`: where charts come from, by HTTP."""

from __future__ import annotations

import pulumi

from components.component import Component

__all__ = ["HelmRepository"]


class HelmRepository(Component):
    """A classic Helm repository, an `index.yaml` behind a URL.

    Makes no object: it is what `sluice lock` resolves charts from. Answers to
    Flux's `HelmRepository`, whose interval is the schedule of `sluice lock`.
    """

    def __init__(self, name: str, url: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the repository at `url` (`https://…` or `http://…`)."""
        super().__init__("source:HelmRepository", name, opts)
        if not url.startswith(("https://", "http://")):
            raise self.refusal(f"url: {url!r} does not start with https:// or http://")
        self.url = url.rstrip("/")
        self.register_outputs({"url": self.url})
