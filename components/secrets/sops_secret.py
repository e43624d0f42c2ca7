"""`SopsSecret`: Secrets from a file that is encrypted in Git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components.base.component import Component
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.lib.manifests import documents, fields
from components.lib.manifests.identity import identify
from components.secrets.sops import FORMATS, read_encrypted

__all__ = ["SopsSecret", "SopsSecretArgs"]


@dataclass(frozen=True, kw_only=True)
class SopsSecretArgs:
    """Arguments of `SopsSecret`.

    Attributes:
        file: the encrypted file, relative to the repository's root: a `Secret` or several,
            a map of keys and values (YAML, JSON, dotenv), or any other text as one key.
        namespace: where the Secrets are; by default as the file's `Secret` says.
        type: the Secret's type, where the file does not say it; by default `Opaque`.
        key: the key of a file that is no map; by default the file's name.
        labels: more labels of every Secret.
        timeout: how long each may take; by default `5m`.

    """

    file: str
    namespace: str | Namespace = ""
    type: str = "Opaque"
    key: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: str = "5m"


class SopsSecret(Component):
    """Secrets whose values stand encrypted in Git, and are decrypted in memory at deployment.

    The values are secret in the state and hidden wherever a change is shown.
    A missing key or a changed file is an error before anything is applied.
    Answers to `spec.decryption` of Flux's Kustomization for a file of secrets.
    """

    def __init__(
        self, name: str, args: SopsSecretArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the Secrets of the file; a map of values is the Secret `name`."""
        super().__init__("secrets:SopsSecret", name, opts, needs=(args.namespace,))
        self.args = args
        try:
            options = self.timeouts(args.timeout)
            manifests = self._manifests()
        except DeclarationError as error:
            raise self.refusal(error) from None
        for manifest in manifests:
            self.make(manifest, options)
        self.register_outputs({"path": args.file})

    def _manifests(self) -> list[dict[str, Any]]:
        file = Path(self.args.file)
        text = read_encrypted(file)
        if file.suffix not in FORMATS:
            return [self._secret({self.args.key or file.name: text})]
        found = list(documents.load_all(text, where=str(file)))
        if any("kind" in each for each in found):
            return [self._given(each) for each in found]
        if len(found) != 1:
            raise DeclarationError(f"{file}: has {len(found)} documents that are no Secret")
        return [self._secret({key: self._text(key, value) for key, value in found[0].items()})]

    def _given(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        if (manifest.get("apiVersion"), manifest.get("kind")) != ("v1", "Secret"):
            raise DeclarationError(
                f"{self.args.file}: holds a {manifest.get('kind')}, and may hold Secrets only"
            )
        identity = identify(manifest, where=self.args.file)
        placed = self._placed(identity.name, identity.namespace)
        labels = {**(manifest["metadata"].get("labels") or {}), **placed.pop("labels", {})}
        metadata = {**manifest["metadata"], **placed, **({"labels": labels} if labels else {})}
        return {**manifest, "metadata": metadata}

    def _secret(self, values: Mapping[str, str]) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": self._placed(self.name, ""),
            "type": self.args.type,
            "stringData": dict(values),
        }

    def _placed(self, name: str, namespace: str) -> dict[str, Any]:
        wanted = name_of(self.args.namespace) or namespace
        if not wanted:
            raise DeclarationError(f"namespace: {self.args.file} does not say one; give it")
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": fields.dns_label("namespace", wanted),
        }
        return {**metadata, "labels": dict(self.args.labels)} if self.args.labels else metadata

    def _text(self, key: str, value: Any) -> str:
        if isinstance(value, (Mapping, list)):
            raise DeclarationError(
                f"{self.args.file}: {key}: holds {type(value).__name__}s, want a text"
            )
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)
