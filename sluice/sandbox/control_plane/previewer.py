"""Who previews in the sandbox's pipeline: may look at everything, and ask by dry runs.

A team's own clusters have an account for each stack, with less (`sluice rbac`);
here whatever is tried out has to be previewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sluice.sandbox.control_plane.pki import CLIENTS
from sluice.security.dry_runs import only_dry_runs

__all__ = ["RESOURCES", "TRIED", "manifests"]

_NAME: Final = "sluice-previewer"
_RBAC: Final = "rbac.authorization.k8s.io"
TRIED: Final = (
    "",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "keda.sh",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    _RBAC,
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
)
"""The groups whose objects he tries: Kubernetes' but those that no policy guards and reviews,
and those that the sandbox's charts define."""
RESOURCES: Final = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
}
"""What the API calls the objects of each kind."""


def manifests() -> list[Mapping[str, Any]]:
    """Return what makes a cluster know the user, what guards it first."""
    user = CLIENTS["previewer"].user
    rules = [
        _rule("*", "get", "list", "watch"),
        *(_rule(group, "create", "update", "patch", "delete") for group in TRIED),
        # A role that allows more than the previewer may is previewed too.
        _rule(_RBAC, "escalate", "bind"),
    ]
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _NAME}
    subject = {"apiGroup": _RBAC, "kind": "User", "name": user}
    return [
        *only_dry_runs(_NAME, user),
        _object("ClusterRole", rules=rules),
        _object("ClusterRoleBinding", roleRef=reference, subjects=[subject]),
    ]


def _rule(group: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": ["*"], "verbs": list(verbs)}


def _object(kind: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": _NAME}, **rest}
