from __future__ import annotations

from dataclasses import replace

import pytest

from sluice.security.accounts import accounts
from sluice.security.needs import Granted, StackNeeds
from sluice.security.permissions import Need, Rule, for_preview, for_up

DEPLOYMENT = Need("apps", "deployments", "shop", "web")
CONFIG = Need("", "configmaps", "shop", "web")
SECRET = Need("", "secrets", "shop", "web")
ROLE = Need("rbac.authorization.k8s.io", "clusterroles", "", "shop-reader")
CLASS = Need("scheduling.k8s.io", "priorityclasses", "", "urgent", release=True)
EVERY = ("get", "list", "watch", "create", "patch", "update", "delete")
NAMED = ("get", "create", "patch", "update", "delete")
READ = ("get", "list", "watch")


def of(rules: list[Rule], resource: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [
        (rule.namespace, rule.verbs, rule.names) for rule in rules if resource in rule.resources
    ]


def test_up_has_a_kind_of_a_namespace_in_that_namespace_alone() -> None:
    rules = for_up([DEPLOYMENT, CONFIG], [])
    assert of(rules, "deployments") == [("shop", EVERY, ())]
    assert of(rules, "configmaps") == [("shop", EVERY, ())]
    assert of(rules, "secrets") == []


def test_up_changes_objects_of_the_cluster_by_name_and_may_list_them() -> None:
    found = of(for_up([ROLE], []), "clusterroles")
    assert found == [("", NAMED, ("shop-reader",)), ("", ("list", "watch"), ())]


def test_what_helm_creates_cannot_be_limited_to_names() -> None:
    found = of(for_up([CLASS], ["shop/web"]), "priorityclasses")
    assert found == [("", NAMED, ("urgent",)), ("", ("list", "watch", "create"), ())]


def test_helm_keeps_its_records_in_secrets_of_the_release_s_namespace() -> None:
    rules = for_up([DEPLOYMENT], ["queue/redis"])
    assert of(rules, "secrets") == [("queue", EVERY, ())]


def test_whether_pods_are_healthy_is_read_and_never_written() -> None:
    for rules in (for_up([DEPLOYMENT], []), for_preview([DEPLOYMENT], [], dry_run=True)):
        assert of(rules, "pods") == [("shop", READ, ())]


def test_a_preview_s_dry_run_is_never_an_update_or_a_deletion() -> None:
    rules = for_preview([DEPLOYMENT, CLASS, SECRET], ["shop/web"], dry_run=True)
    assert of(rules, "deployments") == [("shop", (*READ, "create", "patch"), ())]
    assert not {"update", "delete"} & {verb for rule in rules for verb in rule.verbs}


def test_without_a_policy_to_guard_it_a_preview_only_reads() -> None:
    rules = for_preview([DEPLOYMENT, CLASS, SECRET, ROLE], ["shop/web"], dry_run=False)
    assert {verb for rule in rules for verb in rule.verbs} == set(READ)


def test_a_preview_reads_the_stack_s_own_secrets_by_name() -> None:
    rules = for_preview([SECRET, DEPLOYMENT], [], dry_run=False)
    assert of(rules, "secrets") == [("shop", ("get",), ("web",))]


def test_a_preview_reads_all_secrets_where_helm_keeps_its_records() -> None:
    rules = for_preview([DEPLOYMENT], ["queue/redis"], dry_run=True)
    assert of(rules, "secrets") == [("queue", READ, ())]


def test_a_preview_never_writes_roles_whose_dry_run_needs_their_powers() -> None:
    assert of(for_preview([ROLE], [], dry_run=True), "clusterroles") == [
        ("", READ, ("shop-reader",))
    ]


@pytest.mark.parametrize(
    "need",
    [
        Need("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "", "inject"),
        Need("route.openshift.io", "routes", "shop", "web"),
    ],
)
def test_a_preview_only_reads_what_no_admission_policy_guards(need: Need) -> None:
    found = for_preview([need], [], dry_run=True, unguarded={"route.openshift.io"})
    assert {rule.verbs for rule in found if need.resource in rule.resources} == {READ}


NEEDS = StackNeeds(
    frozenset({DEPLOYMENT, ROLE}),
    frozenset(),
    Granted(
        {"": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
        frozenset({("shop", "clusterroles", "view")}),
        frozenset(),
    ),
)


def test_who_applies_roles_holds_what_they_give_and_may_bind_what_is_bound() -> None:
    made = accounts("infra", "dev", NEEDS)
    roles = {
        (each["kind"], each["metadata"]["name"]): each["rules"] for each in made if "rules" in each
    }
    given = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    assert given in roles["ClusterRole", "infra-dev-up"]
    assert given not in roles["ClusterRole", "infra-dev-preview"]
    (bind,) = [rule for rule in roles["Role", "infra-dev-up"] if rule["verbs"] == ["bind"]]
    assert (bind["resources"], bind["resourceNames"]) == (["clusterroles"], ["view"])


def test_only_who_applies_may_be_a_tenant() -> None:
    roles = {
        (each["metadata"]["name"], each["metadata"].get("namespace")): each["rules"]
        for each in accounts("infra", "dev", replace(NEEDS, tenants=frozenset({"team-a"})))
        if "rules" in each
    }
    assert roles["infra-dev-up", "team-a"] == [
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts"],
            "resourceNames": ["team-a"],
            "verbs": ["impersonate"],
        }
    ]
    assert ("infra-dev-preview", "team-a") not in roles


def test_the_policy_stands_before_what_it_guards_and_names_the_account_alone() -> None:
    made = accounts("infra", "dev", NEEDS, namespace="ci")
    kinds = [each["kind"] for each in made]
    assert kinds.index("ValidatingAdmissionPolicyBinding") < kinds.index("ClusterRole")
    policy = made[kinds.index("ValidatingAdmissionPolicy")]
    conditions = [each["expression"] for each in policy["spec"]["matchConditions"]]
    account = "system:serviceaccount:ci:infra-dev-preview"
    assert f"request.userInfo.username == '{account}'" in conditions


def test_the_stack_s_own_namespaces_are_not_labelled_as_ours() -> None:
    spaces = [each for each in accounts("infra", "dev", NEEDS) if each["kind"] == "Namespace"]
    assert [each["metadata"] for each in spaces] == [{"name": "shop"}, {"name": "sluice"}]
