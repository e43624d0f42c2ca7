"""A component that is one object of a kind that somebody else's controller serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from components.base.component import Component
from components.base.typed import is_set
from components.errors import DeclarationError
from components.lib.manifests import fields

__all__ = ["CustomResource"]


class CustomResource(Component):
    """The base of the components for other controllers' kinds.

    A subclass says which kind, what its `spec` consists of, and what Pulumi
    waits for, as `pulumi.com/waitFor` has it; by default that it is there. The
    cluster has to serve the kind: what brings its definition is depended on.
    """

    api_version: ClassVar[str]
    kind: ClassVar[str]
    wait_for: ClassVar[str] = ""

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`; what says nothing is left out.

        Raises:
            DeclarationError: naming the argument that is wrong.

        """
        raise NotImplementedError

    def declare(
        self, namespace: str, extra: Mapping[str, Any], timeout: str, *, wait: bool = True
    ) -> None:
        """Check everything, then register the object; without namespace it is cluster-scoped."""
        try:
            manifest = self._manifest(namespace, extra)
            if wait and self.wait_for:
                manifest["metadata"]["annotations"] = {"pulumi.com/waitFor": self.wait_for}
            options = self.timeouts(timeout)
        except DeclarationError as error:
            raise self.refusal(error) from None
        self.make(manifest, options)
        self.register_outputs({})

    def _manifest(self, namespace: str, extra: Mapping[str, Any]) -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": self.name}
        if namespace:
            metadata["namespace"] = fields.dns_label("namespace", namespace)
        own = self.spec()
        for name in extra:
            if name in own:
                raise DeclarationError(f"extra: {name} is an argument of its own")
        spec = {**{key: value for key, value in own.items() if is_set(value)}, **extra}
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": metadata,
            "spec": spec,
        }
