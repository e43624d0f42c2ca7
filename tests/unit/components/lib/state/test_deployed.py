from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.lib.manifests.identity import Identity
from components.lib.state.deployed import Deployed, placed

HEAD = "urn:pulumi:dev::platform::"
ENVIRONMENT = "sluice:environment:Environment"
KUSTOMIZATION = f"{ENVIRONMENT}$sluice:kustomize:Kustomization"
OWN = f"{HEAD}pulumi:providers:kubernetes::dev-cluster::1"
WEST = f"{HEAD}{ENVIRONMENT}$pulumi:providers:kubernetes::west"
CLAIM = Identity("v1", "PersistentVolumeClaim", "shop", "data")


def component(name: str) -> dict[str, Any]:
    return {
        "urn": f"{HEAD}{KUSTOMIZATION}::{name}",
        "type": "sluice:kustomize:Kustomization",
        "parent": f"{HEAD}{ENVIRONMENT}::dev",
    }


def deployed_object(
    component: str, identity: Identity, provider: str = OWN, **more: Any
) -> dict[str, Any]:
    group = identity.api_version if identity.group else f"core/{identity.api_version}"
    kind = f"kubernetes:{group}:{identity.kind}"
    metadata = {"name": identity.name, "namespace": identity.namespace}
    return {
        "urn": f"{HEAD}{KUSTOMIZATION}${kind}::{component}:{identity.path}",
        "type": kind,
        "custom": True,
        "parent": f"{HEAD}{KUSTOMIZATION}::{component}",
        "provider": provider,
        "inputs": {"kind": identity.kind, "metadata": metadata},
        **more,
    }


def place(state: Deployed, component: str, identity: Identity, cluster: str = "") -> str:
    """What the program says of an object that it declares in a component."""
    at = deployed_object(component, identity)["urn"]
    return state.place(placed(identity, cluster), at, f"{HEAD}{KUSTOMIZATION}::{component}")


def test_an_object_that_has_moved_is_known_by_what_it_is() -> None:
    state = Deployed.of([deployed_object("dashboards", CLAIM)])
    assert place(state, "panels", CLAIM).endswith("::dashboards:shop/data")
    assert state.undeclared() == []


def test_what_has_not_moved_has_no_former_place() -> None:
    state = Deployed.of([deployed_object("panels", CLAIM)])
    assert place(state, "panels", CLAIM) == ""


def test_a_newer_api_version_is_the_same_object() -> None:
    old, new = (Identity(f"autoscaling/{v}", "HPA", "shop", "web") for v in ("v1", "v2"))
    state = Deployed.of([deployed_object("web", old)])
    assert "autoscaling/v1:HPA" in place(state, "web", new)


def test_another_group_is_another_object() -> None:
    old, new = (Identity(f"{group}/v1", "Cluster", "shop", "db") for group in ("cnpg.io", "x.io"))
    state = Deployed.of([deployed_object("db", old)])
    assert place(state, "db", new) == ""
    assert [each.identity for each in state.undeclared()] == [old]


def test_the_default_namespace_need_not_be_said() -> None:
    said, unsaid = (Identity("v1", "ConfigMap", namespace, "a") for namespace in ("default", ""))
    state = Deployed.of([deployed_object("a", said)])
    assert place(state, "b", unsaid)


def test_what_is_deployed_twice_is_declared_once() -> None:
    state = Deployed.of([deployed_object("old", CLAIM), deployed_object("new", CLAIM)])
    assert place(state, "new", CLAIM) == ""
    (twice,) = state.undeclared()
    assert twice.urn.endswith("::old:shop/data")
    assert state.is_declared(twice.key)


def test_another_cluster_is_told_by_how_it_is_reached_and_not_by_its_name() -> None:
    provider = {
        "urn": WEST,
        "type": "pulumi:providers:kubernetes",
        "inputs": {"context": "west-1"},
    }
    entry = deployed_object("web@west", CLAIM, f"{WEST}::2")
    assert place(Deployed.of([provider, entry]), "web@east", CLAIM, "west-1@")
    assert not place(Deployed.of([provider, entry]), "web", CLAIM)


def test_what_is_kept_in_the_cluster_is_not_deleted() -> None:
    assert not Deployed.of([deployed_object("a", CLAIM, retainOnDelete=True)]).undeclared()
    assert not Deployed.of([deployed_object("a", CLAIM, delete=True)]).undeclared()
    assert not Deployed.of([deployed_object("a", CLAIM, external=True)]).undeclared()


def test_a_class_of_pulumi_kubernetes_declares_an_object_by_its_name() -> None:
    state = Deployed.of([deployed_object("web", CLAIM)])
    state.place_other("kubernetes:core/v1:PersistentVolumeClaim", "web:shop/data")
    assert state.undeclared() == []


def test_an_object_that_leaves_its_release() -> None:
    release = Identity("helm.sh/v3", "Release", "shop", "web")
    names = {"PersistentVolumeClaim/v1": ["data"], "ClusterRole.rbac/rbac/v1": ["reader"]}
    inputs, outputs = {"name": "web", "namespace": "shop"}, {"resourceNames": names}
    state = Deployed.of([deployed_object("web", release, inputs=inputs, outputs=outputs)])
    place(state, "web", release)
    place(state, "claims", CLAIM)
    assert list(state.taken_from_releases()) == [placed(CLAIM)]


def test_a_component_that_lost_all_of_its_objects() -> None:
    other = Identity("v1", "ConfigMap", "shop", "other")
    entries = [component("a"), deployed_object("a", CLAIM), deployed_object("b", other)]
    state = Deployed.of(entries)
    state.place_component(component("a")["urn"], "")
    place(state, "b", other)
    assert state.emptied() == {component("a")["urn"]: 1}
    assert not state.declares_nothing


def test_a_component_that_lost_what_did_not_move_elsewhere() -> None:
    other = Identity("v1", "ConfigMap", "shop", "other")
    state = Deployed.of([component("a"), deployed_object("a", CLAIM), deployed_object("a", other)])
    state.place_component(component("a")["urn"], "")
    place(state, "b", other)
    assert state.emptied() == {component("a")["urn"]: 1}


def test_a_program_that_declares_nothing() -> None:
    state = Deployed.of([component("a"), deployed_object("a", CLAIM)])
    state.place_component(component("a")["urn"], "")
    assert state.declares_nothing


NAMES = st.sampled_from("abcde")
OBJECTS = [Identity("v1", "ConfigMap", "shop", str(number)) for number in range(6)]


@given(before=st.lists(NAMES, min_size=6, max_size=6), after=st.lists(NAMES, max_size=6))
def test_however_a_program_is_refactored_each_object_has_its_one_former_place(
    before: list[str], after: list[str]
) -> None:
    old = dict(zip(OBJECTS, before, strict=True))
    new = dict(zip(OBJECTS, after, strict=False))
    entries = [*map(component, set(before)), *(deployed_object(old[it], it) for it in OBJECTS)]

    async def refactored() -> None:
        state = Deployed.of(entries)
        environment = f"{HEAD}{ENVIRONMENT}::dev"
        renamed = {
            name: state.place_component(component(name)["urn"], environment)
            for name in dict.fromkeys(new.values())
        }
        for identity, name in new.items():
            former = place(state, name, identity)
            stays = old[identity] == name
            assert former == ("" if stays else deployed_object(old[identity], identity)["urn"])
        assert [each.identity for each in state.undeclared()] == OBJECTS[len(new) :]
        state.complete()
        assert {name for name, found in renamed.items() if found is None} == (
            {*before} & {*new.values()}
        )
        found = [(name, each.result()) for name, each in renamed.items() if each]
        taken = [urn for name, urn in found if urn != component(name)["urn"]]
        assert len(taken) == len(set(taken))
        assert set(taken) <= {component(name)["urn"] for name in {*before} - {*new.values()}}

    asyncio.run(refactored())


@pytest.mark.parametrize("resources", [(), [component("a")]])
def test_nothing_is_deployed_yet(resources: Any) -> None:
    state = Deployed.of(resources)
    assert place(state, "a", CLAIM) == ""
    assert not state.declares_nothing
