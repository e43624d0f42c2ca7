"""`OCIRepository`: what an OCI registry has: a folder of charts, or one artifact of manifests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.base.component import Component
from components.errors import DeclarationError, SluiceError
from components.lib.artifacts.oci_source import OCIRequest
from components.lib.signatures.verification import Verification, trusted
from components.runtime.answers import LOCKED
from components.sources.source_access import source_access
from components.sources.source_ref import SourceRef

__all__ = ["OCIRef", "OCIRepository"]


@dataclass(frozen=True, kw_only=True)
class OCIRef(SourceRef):
    """Which artifact of a repository: one of these. Answers to `spec.ref` of Flux.

    Attributes:
        tag: a tag's, as it is when it is locked.
        semver: that of the newest tag in a range, such as `1.x`.
        digest: this one, `sha256:…` of its manifest.

    """

    tag: str = ""
    semver: str = ""
    digest: str = ""


class OCIRepository(Component):
    """A folder of charts in an OCI registry or, with `ref`, one artifact of manifests.

    Makes no object. From a folder `sluice lock` resolves charts. An artifact, as
    `flux push artifact` makes it, is locked by its digest, fetched once into
    `.sluice/sources`, and the source of a Kustomization. Answers to Flux's
    `OCIRepository` and to its `HelmRepository` of type `oci`.

    Attributes:
        url: its URL.
        revision: what is locked, as Flux writes it: `1.4.0@sha256:…`; empty without `ref`.

    """

    def __init__(
        self,
        name: str,
        url: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        ref: OCIRef | None = None,
        username: str = "",
        secret: str = "",
        ca_file: str = "",
        verify: Verification | None = None,
    ) -> None:
        """Declare what is at `url` (`oci://host/path`): charts by name, or with `ref` an artifact.

        `secret` is the key of the stack's configuration that holds the password or
        token of `username` (`pulumi config set --secret KEY`); by default Docker's
        own credentials for the host are used. `ca_file` is a PEM file, below the
        repository's root, of the authority that signed the server's certificate;
        by default those of the system count. `verify` is the signature that a chart or
        the artifact has to have before it is locked; by default none is asked for.
        """
        super().__init__("source:OCIRepository", name, opts)
        if not url.startswith("oci://"):
            raise self.refusal(f"url: {url!r} does not start with oci://")
        self.url = url.rstrip("/")
        self.ref = ref
        self.verify = verify
        self.revision = ""
        self._request: OCIRequest | None = None
        try:
            self.access = source_access(username, secret, ca_file)
            if ref is not None:
                self._request = OCIRequest(
                    name=name,
                    url=self.url,
                    ref=ref.asked(),
                    access=self.access,
                    verify=trusted(verify, Path.cwd()),
                )
                self.revision = LOCKED.get().source(self._request).revision
        except SluiceError as error:
            raise self.refusal(error) from None
        revision = {"revision": self.revision} if self.revision else {}
        self.register_outputs({"url": self.url, **revision})

    def folder(self) -> Path | None:
        """Return where the artifact's files lie, fetched if need be; None where none is locked yet.

        Raises:
            ArtifactError: where they cannot be had.
            DeclarationError: where this is a folder of charts.

        """
        if self._request is None:
            raise DeclarationError(f"OCIRepository {self.name!r} is a folder of charts; give ref=")
        return LOCKED.get().files(self._request)
