"""`OCIRepository`: where charts come from, by an OCI registry."""

from __future__ import annotations

import pulumi

from components.component import Component
from components.errors import DeclarationError
from components.source_access import source_access

__all__ = ["OCIRepository"]


class OCIRepository(Component):
    """A folder of charts in an OCI registry.

    Makes no object: it is what `sluice lock` resolves charts from. Answers to
    Flux's `OCIRepository` and to its `HelmRepository` of type `oci`.
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
        """Declare the registry folder at `url` (`oci://host/path`), which holds charts by name.

        `secret` is the key of the stack's configuration that holds the password or
        token of `username` (`pulumi config set --secret KEY`); by default
        Docker's own credentials for the host are used. `ca_file`
        is a PEM file, below the repository's root, of the authority that signed the
        server's certificate; by default those of the system count.
        """
        super().__init__("source:OCIRepository", name, opts)
        if not url.startswith("oci://"):
            raise self.refusal(f"url: {url!r} does not start with oci://")
        self.url = url.rstrip("/")
        try:
            self.access = source_access(username, secret, ca_file)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.register_outputs({"url": self.url})
