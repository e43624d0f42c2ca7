"""`OCIRepository`: where charts come from, by an OCI registry."""

from __future__ import annotations

import pulumi

from components.component import Component

__all__ = ["OCIRepository"]


class OCIRepository(Component):
    """A folder of charts in an OCI registry.

    Makes no object: it is what `sluice lock` resolves charts from. Answers to
    Flux's `OCIRepository` and to its `HelmRepository` of type `oci`.
    """

    def __init__(self, name: str, url: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the registry folder at `url` (`oci://host/path`), which holds charts by name."""
        super().__init__("source:OCIRepository", name, opts)
        if not url.startswith("oci://"):
            raise self.refusal(f"url: {url!r} does not start with oci://")
        self.url = url.rstrip("/")
        self.register_outputs({"url": self.url})
