"""A Kubernetes object of any kind, registered from its manifest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pulumi

from components.lib.manifests.identity import Identity, identify
from components.lib.manifests.schema import validate

__all__ = ["KubernetesObject", "hidden", "type_token"]

_SECRET_FIELDS = ("data", "stringData")
_APPLY = {
    # One manager whoever deploys, so that a field which is no longer declared is removed.
    "pulumi.com/patchFieldManager": "sluice",
    # What is declared wins over what was edited by hand.
    "pulumi.com/patchForce": "true",
}


class KubernetesObject(pulumi.CustomResource):
    """One object, as its YAML would say it, with the type token that pulumi-kubernetes gives it.

    So a program may move to a class of `pulumi_kubernetes` and back without a
    replacement. Its name is unique below the component: `component:namespace/name`.
    A Secret's data is secret in the state and hidden in every preview.

    Raises:
        DeclarationError: where the manifest's shape is not its kind's.

    """

    def __init__(
        self,
        component: str,
        manifest: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
        *,
        where: str = "",
        cluster: str = "",
    ) -> None:
        """Register the object; `where` is the declaration named in errors.

        `cluster` is the second cluster that it is on; empty for the stack's own.
        """
        validate(manifest, where=where)
        self.identity = identify(manifest)
        self.where = where
        self.cluster = cluster
        metadata = manifest["metadata"]
        annotations = {**_APPLY, **(metadata.get("annotations") or {})}
        properties = {**manifest, "metadata": {**metadata, "annotations": annotations}}
        if self.identity.kind == "Secret":
            properties = hidden(properties)
            opts = pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(additional_secret_outputs=list(_SECRET_FIELDS)), opts
            )
        with _no_stack_trace():
            super().__init__(
                type_token(self.identity), f"{component}:{self.identity.path}", properties, opts
            )


@contextmanager
def _no_stack_trace() -> Iterator[None]:
    # The SDK reads and sends every frame's source for each object; `where` is all we show of it.
    before = getattr(sys, "tracebacklimit", 1000)
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        sys.tracebacklimit = before


def hidden(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest, a Secret's with each value secret, so that one can still be patched."""
    properties = dict(manifest)
    if manifest["kind"] == "Secret":
        for field in _SECRET_FIELDS:
            if field in properties:
                properties[field] = _hidden_values(properties[field])
    return properties


def _hidden_values(values: Any) -> Any:
    if not isinstance(values, Mapping):
        return pulumi.Output.secret(values)
    return {key: pulumi.Output.secret(value) for key, value in values.items()}


def type_token(identity: Identity) -> str:
    """Return the type token that pulumi-kubernetes gives a kind."""
    group = identity.api_version if identity.group else f"core/{identity.api_version}"
    return f"kubernetes:{group}:{identity.kind}"
