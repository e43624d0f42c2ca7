"""`HelmRepository`: where charts come from, by HTTP."""

from __future__ import annotations

import pulumi

from components.base.component import Component
from components.errors import DeclarationError
from components.sources.source_access import source_access

__all__ = ["HelmRepository"]


class HelmRepository(Component):
    """A classic Helm repository, an `index.yaml` behind a URL.

    Makes no object: it is what `sluice lock` resolves charts from. Answers to
    Flux's `HelmRepository`, whose interval is the schedule of `sluice lock`.
    """

    def __init__(
        self,
        name: str,
        url: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        username: str = "",
        secret: str = "",
        ca_file: str = "",
    ) -> None:
        """Declare the repository at `url` (`https://…` or `http://…`).

        `secret` is the key of the stack's configuration that holds the password or
        token of `username` (`pulumi config set --secret KEY`); by default nobody is
        named. `ca_file` is a PEM file, below the repository's root, of the authority
        that signed the server's certificate; by default those of the system count.
        """
        super().__init__("source:HelmRepository", name, opts)
        if not url.startswith(("https://", "http://")):
            raise self.refusal(f"url: {url!r} does not start with https:// or http://")
        self.url = url.rstrip("/")
        try:
            self.access = source_access(username, secret, ca_file)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.register_outputs({"url": self.url})
