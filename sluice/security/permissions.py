"""What an account needs for a stack's objects, as rules of Kubernetes' RBAC.

Pure: from what a stack applies and has applied to the rules of its accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sluice.security.dry_runs import UNGUARDED_GROUP

__all__ = ["Need", "Rule", "by_namespace", "for_preview", "for_up"]

_RBAC: Final = "rbac.authorization.k8s.io"
_READ: Final = ("get", "list", "watch")
_DRY_RUN: Final = ("create", "patch")
_WRITE: Final = ("create", "patch", "update", "delete")
_SECRETS: Final = ("", "secrets")
# What tells whether a workload is healthy, which an update waits for and the listings show.
_HEALTH: Final = (
    ("", "endpoints"),
    ("", "events"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("", "services"),
    ("apps", "controllerrevisions"),
    ("apps", "replicasets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "jobs"),
    ("discovery.k8s.io", "endpointslices"),
)
# Whose dry run needs more than `patch`, or which no admission policy guards.
_ONLY_READ: Final = (_RBAC, UNGUARDED_GROUP)


@dataclass(frozen=True, order=True)
class Need:
    """An object that a stack applies, or has applied and may remove.

    Attributes:
        group: its API group; empty for the core's.
        resource: its kind's name in URLs: `deployments`.
        namespace: where it is; empty where it is the cluster's.
        name: its name.
        release: whether it is a Helm release's, which Helm makes.

    """

    group: str
    resource: str
    namespace: str
    name: str
    release: bool = False


@dataclass(frozen=True, order=True)
class Rule:
    """What is allowed in a namespace, or in the cluster where that is empty.

    Attributes:
        namespace: where.
        group: the API group.
        resources: the names of kinds.
        verbs: what may be done.
        names: the only objects that it is allowed on; all where empty.

    """

    namespace: str
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as a role holds it."""
        named = {"resourceNames": list(self.names)} if self.names else {}
        return {
            "apiGroups": [self.group],
            "resources": list(self.resources),
            **named,
            "verbs": list(self.verbs),
        }


def for_up(needs: Collection[Need], releases: Collection[str]) -> list[Rule]:
    """Return what applying and removing the objects needs; `releases` are `namespace/name`.

    A kind of a namespace is allowed as a whole there; of the cluster's, only
    objects of these names may be changed, though all may be listed, and
    Kubernetes cannot limit to names what Helm creates.
    """
    verbs = (*_READ, *_WRITE)
    rules = [*_whole_kinds(needs, verbs), *_health(needs)]
    rules += [_rule(namespace, *_SECRETS, verbs) for namespace in _namespaces_of(releases)]
    for (group, resource), names in _cluster_kinds(needs).items():
        rules.append(_rule("", group, resource, ("get", *_WRITE), names))
        # Pulumi waits for a removal by watching the kind as a whole.
        rules.append(_rule("", group, resource, ("list", "watch")))
        if any(each.release for each in needs if _is_of(each, group, resource)):
            rules.append(_rule("", group, resource, ("create",)))
    return _merged(rules)


def for_preview(
    needs: Collection[Need],
    releases: Collection[str],
    *,
    dry_run: bool,
    unguarded: Collection[str] = (),
) -> list[Rule]:
    """Return what looking needs, and with `dry_run` what asking the server what it would do does.

    For Kubernetes a dry run is a write, so it has to be kept to one by an
    admission policy; `unguarded` are groups that other servers answer, which
    ask none. Secrets are read by their names alone, except where Helm keeps
    its records.
    """
    only_read = {*_ONLY_READ, *unguarded}
    verbs = (*_READ, *(_DRY_RUN if dry_run else ()))
    others = [each for each in needs if (each.group, each.resource) != _SECRETS]
    guarded = [each for each in others if each.group not in only_read]
    rules = [*_whole_kinds(guarded, verbs), *_health(needs)]
    rules += _whole_kinds([each for each in others if each.group in only_read], _READ)
    rules += [_rule(namespace, *_SECRETS, _READ) for namespace in _namespaces_of(releases)]
    named = ("get", *(_DRY_RUN if dry_run else ()))
    for namespace, names in _secrets(needs).items():
        rules.append(_rule(namespace, *_SECRETS, named, names))
    for (group, resource), names in _cluster_kinds(others).items():
        allowed = _READ if group in only_read else verbs
        rules.append(_rule("", group, resource, allowed, names))
    return _merged(rules)


def by_namespace(rules: Iterable[Rule]) -> Mapping[str, Sequence[Rule]]:
    """Return the rules by their namespace, the cluster's first."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in sorted(rules):
        found[rule.namespace].append(rule)
    return found


def _whole_kinds(needs: Iterable[Need], verbs: tuple[str, ...]) -> Iterator[Rule]:
    for each in needs:
        if each.namespace:
            yield _rule(each.namespace, each.group, each.resource, verbs)


def _health(needs: Iterable[Need]) -> Iterator[Rule]:
    for namespace in {each.namespace for each in needs if each.namespace}:
        for group, resource in _HEALTH:
            yield _rule(namespace, group, resource, _READ)


def _namespaces_of(releases: Iterable[str]) -> set[str]:
    return {release.partition("/")[0] for release in releases}


def _cluster_kinds(needs: Iterable[Need]) -> Mapping[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in needs:
        if not each.namespace:
            found[each.group, each.resource].add(each.name)
    return found


def _secrets(needs: Iterable[Need]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for each in needs:
        if (each.group, each.resource) == _SECRETS:
            found[each.namespace].add(each.name)
    return found


def _is_of(need: Need, group: str, resource: str) -> bool:
    return (need.group, need.resource, need.namespace) == (group, resource, "")


def _rule(
    namespace: str, group: str, resource: str, verbs: tuple[str, ...], names: Iterable[str] = ()
) -> Rule:
    return Rule(namespace, group, (resource,), verbs, tuple(sorted(names)))


def _merged(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules with what is said twice said once, and alike resources in one."""
    verbs: dict[tuple[str, str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for rule in rules:
        for resource in rule.resources:
            verbs[rule.namespace, rule.group, resource, rule.names].update(rule.verbs)
    resources: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[str]]
    resources = defaultdict(list)
    for (namespace, group, resource, names), given in verbs.items():
        # Names are of one kind, so such rules stay apart.
        alone = (resource,) if names else ()
        ordered = tuple(verb for verb in (*_READ, *_WRITE) if verb in given)
        resources[namespace, group, ordered, (*alone, *names)].append(resource)
    return sorted(
        Rule(namespace, group, tuple(sorted(same)), ordered, names[1:])
        for (namespace, group, ordered, names), same in resources.items()
    )
