"""What keeps an account to dry runs: an admission policy, as manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["UNGUARDED_GROUP", "only_dry_runs"]

UNGUARDED_GROUP: Final = "admissionregistration.k8s.io"
"""Whose objects the API server asks no policy about: webhooks, and the policies themselves."""

_ADMISSION: Final = f"{UNGUARDED_GROUP}/v1"


def only_dry_runs(name: str, user: str) -> Iterator[dict[str, Any]]:
    """Yield the policy `name` that refuses the user whatever would be kept, and its binding.

    It does not hold for `UNGUARDED_GROUP`, nor for what another server answers
    (an APIService): there the user may not be allowed to write.
    """
    every = {
        "apiGroups": ["*"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": ["*/*"],
    }
    yield _object(
        "ValidatingAdmissionPolicy",
        name,
        {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [every]},
            "matchConditions": [
                {"name": "account", "expression": f"request.userInfo.username == '{user}'"},
                {
                    # Reviews are created to ask what one may do; nothing is kept.
                    "name": "no-review",
                    "expression": "!(request.resource.group in "
                    "['authentication.k8s.io', 'authorization.k8s.io'])",
                },
            ],
            "validations": [
                {
                    # A dry run of a token's request might give one all the same.
                    "expression": "has(request.dryRun) && request.dryRun "
                    "&& (!has(request.subResource) || request.subResource != 'token')",
                    "message": "this account previews: it may do nothing but dry runs",
                }
            ],
        },
    )
    yield _object(
        "ValidatingAdmissionPolicyBinding",
        name,
        {"policyName": name, "validationActions": ["Deny"]},
    )


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": _ADMISSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
