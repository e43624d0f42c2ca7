"""`SealedSecret`: a Secret that only the Sealed Secrets controller of a cluster can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.base.component import Component
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.lib.manifests import documents
from components.lib.manifests.identity import identify

__all__ = ["SealedSecret", "SealedSecretArgs"]


@dataclass(frozen=True, kw_only=True)
class SealedSecretArgs:
    """Arguments of `SealedSecret`.

    Attributes:
        file: what `kubeseal` or `sluice secret seal` wrote, relative to the repository's root.
        namespace: a `Namespace` to wait for; it has to be the one that was sealed for.
        timeout: how long until the controller has unsealed it; by default `5m`.
        wait: whether an update waits until the controller says `Synced`; by default yes.

    """

    file: str
    namespace: str | Namespace = ""
    timeout: str = "5m"
    wait: bool = True


class SealedSecret(Component):
    """A sealed file of the repository, which the cluster's controller makes a Secret of.

    Answers to the guide's first option for secrets.
    """

    def __init__(
        self, name: str, args: SealedSecretArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the SealedSecret of the file."""
        super().__init__("secrets:SealedSecret", name, opts, needs=(args.namespace,))
        self.args = args
        try:
            manifest = self._manifest()
            options = self.timeouts(args.timeout)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.make(manifest, options)
        self.register_outputs({"path": args.file})

    def _manifest(self) -> dict[str, Any]:
        file = self.args.file
        manifest = documents.load_file(Path(file))
        if not isinstance(manifest, dict) or manifest.get("kind") != "SealedSecret":
            raise DeclarationError(f"{file}: is no SealedSecret; run: sluice secret seal FILE")
        identity = identify(manifest, where=file)
        wanted = name_of(self.args.namespace)
        if wanted and identity.namespace != wanted:
            raise DeclarationError(
                f"{file}: is sealed for the namespace {identity.namespace!r}, not {wanted!r}"
            )
        if not self.args.wait:
            return manifest
        metadata = manifest["metadata"]
        waited = {"pulumi.com/waitFor": "condition=Synced", **(metadata.get("annotations") or {})}
        return {**manifest, "metadata": {**metadata, "annotations": waited}}
