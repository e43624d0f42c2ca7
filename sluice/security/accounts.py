"""A stack's two service accounts, as objects for `kubectl apply`: one to look, one to apply.

Pure: from what the stack touches to manifests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from sluice.security.dry_runs import only_dry_runs
from sluice.security.permissions import Rule, by_namespace, for_preview, for_up

if TYPE_CHECKING:
    from sluice.security.needs import StackNeeds

__all__ = ["NAMESPACE", "Account", "account_name", "accounts"]

Account = Literal["preview", "up"]
Manifest = dict[str, Any]
NAMESPACE: Final = "sluice"
_RBAC: Final = "rbac.authorization.k8s.io"


def account_name(project: str, stack: str, account: Account) -> str:
    """Return the service account's name: `infrastructure-dev-up`."""
    return f"{project}-{stack}-{account}"


def accounts(
    project: str, stack: str, needs: StackNeeds, *, namespace: str = NAMESPACE, dry_run: bool = True
) -> list[Manifest]:
    """Return both accounts of a stack with what each is allowed, what guards them first.

    The accounts live in `namespace`. `dry_run` is whether the cluster can keep
    the preview's to dry runs, by a ValidatingAdmissionPolicy; else it may only
    read. The stack's own namespaces are among the objects, for roles live there.
    """
    preview = account_name(project, stack, "preview")
    up = account_name(project, stack, "up")
    made = [_namespace(name) for name in sorted({namespace, *needs.namespaces})]
    user = f"system:serviceaccount:{namespace}:{preview}"
    made += only_dry_runs(preview, user) if dry_run else []
    rules = for_preview(needs.needs, needs.releases, dry_run=dry_run, unguarded=needs.unguarded)
    made += _account(preview, namespace, _roles(rules))
    roles = _roles(for_up(needs.needs, needs.releases))
    for place, given in _given(needs).items():
        roles.setdefault(place, []).extend(given)
    made += _account(up, namespace, roles)
    return [_labelled(each, f"{project}-{stack}") for each in made]


def _roles(rules: Sequence[Rule]) -> dict[str, list[Manifest]]:
    return {
        place: [rule.as_dict() for rule in inside] for place, inside in by_namespace(rules).items()
    }


def _given(needs: StackNeeds) -> Mapping[str, list[Manifest]]:
    """Return what the account has to hold so that it may give it: the roles' own rules, and bind.

    Kubernetes lets nobody make a role that allows more than he may himself. Only
    who deploys may be a tenant: to a preview's account, the guard would not apply then.
    """
    found = {place: [dict(rule) for rule in rules] for place, rules in needs.granted.rules.items()}
    for place, resource, name in sorted(needs.granted.bound):
        found.setdefault(place, []).append(_on_role("bind", resource, name))
    for name in sorted(needs.granted.aggregated):
        found.setdefault("", []).append(_on_role("escalate", "clusterroles", name))
    for tenant in sorted(needs.tenants):
        found.setdefault(tenant, []).append(_to_be(tenant))
    return found


def _to_be(tenant: str) -> Manifest:
    named = {"resourceNames": [tenant], "verbs": ["impersonate"]}
    return {"apiGroups": [""], "resources": ["serviceaccounts"], **named}


def _on_role(verb: str, resource: str, name: str) -> Manifest:
    return {
        "apiGroups": [_RBAC],
        "resources": [resource],
        "resourceNames": [name],
        "verbs": [verb],
    }


def _account(
    name: str, namespace: str, roles: Mapping[str, Sequence[Manifest]]
) -> Iterator[Manifest]:
    yield _object("v1", "ServiceAccount", name, namespace)
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    for place, rules in roles.items():
        kind = "Role" if place else "ClusterRole"
        yield _object(f"{_RBAC}/v1", kind, name, place, rules=rules)
        reference = {"apiGroup": _RBAC, "kind": kind, "name": name}
        yield _object(
            f"{_RBAC}/v1", f"{kind}Binding", name, place, roleRef=reference, subjects=[subject]
        )


def _namespace(name: str) -> Manifest:
    return _object("v1", "Namespace", name)


def _object(api_version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _labelled(manifest: Manifest, stack: str) -> Manifest:
    # A namespace is the stack's own to label.
    if manifest["kind"] == "Namespace":
        return manifest
    labels = {"app.kubernetes.io/managed-by": "sluice", "app.kubernetes.io/part-of": stack}
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}
