"""How Pulumi speaks to a cluster: the Kubernetes provider, set up as everything here needs it."""

from __future__ import annotations

import pulumi

__all__ = ["PROVIDER_VERSION", "provider"]

PROVIDER_VERSION = "4.25.0"


def provider(
    name: str,
    *,
    context: str,
    kubeconfig: pulumi.Input[str] = "",
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.ProviderResource:
    """Return the provider of a cluster; an empty context is the kubeconfig's own."""
    properties = {
        "context": context,
        "kubeconfig": kubeconfig,
        "enableServerSideApply": "true",
        # A ConfigMap or Secret is changed in place, never deleted first.
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }
    given = {key: value for key, value in properties.items() if value != ""}
    version = pulumi.ResourceOptions(version=PROVIDER_VERSION)
    return pulumi.ProviderResource(
        "kubernetes", name, given, pulumi.ResourceOptions.merge(opts, version)
    )
