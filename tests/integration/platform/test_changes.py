"""What happens to the objects of a cluster as the program, or somebody by hand, changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.platform.members import NAMESPACE, application

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

KUSTOMIZATION = """
    @member
    def settings(self):
        return Kustomization(
            "settings",
            KustomizationArgs(path="manifests/settings", target_namespace=NAMESPACE, prune=%s),
        )
"""


def test_a_file_that_is_removed_takes_its_object_along(program: Program) -> None:
    checkout = program(KUSTOMIZATION % True)
    _write_settings(checkout, "a", "b")
    checkout.sluice("up")
    assert checkout.names("configmap") == ["configmap/a", "configmap/b"]
    (checkout.root / "manifests" / "settings" / "b.yaml").unlink()
    checkout.sluice("up")
    assert checkout.names("configmap") == ["configmap/a"]


def test_without_prune_the_object_stays(program: Program) -> None:
    checkout = program(KUSTOMIZATION % False)
    _write_settings(checkout, "a", "b")
    checkout.sluice("up")
    (checkout.root / "manifests" / "settings" / "b.yaml").unlink()
    assert "1 deleted" in checkout.sluice("up")
    assert checkout.names("configmap") == ["configmap/a", "configmap/b"]


def test_a_config_map_and_a_secret_change_in_place(program: Program) -> None:
    checkout = program(NAMESPACE, application("app", 'config={"A": "1"}, secrets={"B": "1"}'))
    checkout.sluice("up")
    before = [_uid(checkout, kind) for kind in ("configmap", "secret")]
    program(NAMESPACE, application("app", 'config={"A": "2"}, secrets={"B": "2"}'))
    checkout.sluice("up")
    assert checkout.get("configmap", "app")["data"] == {"A": "2"}
    assert checkout.get("secret", "app")["data"] == {"B": "Mg=="}
    assert [_uid(checkout, kind) for kind in ("configmap", "secret")] == before


def test_what_is_there_already_is_taken_over(program: Program) -> None:
    checkout = program(KUSTOMIZATION % True)
    _write_settings(checkout, "a", "b")
    checkout.kubectl("apply", "-n", checkout.stack, "-f", "manifests/settings")
    checkout.edit("manifests/settings/b.yaml", "is: here", "is: changed")
    before = [checkout.get("configmap", name)["metadata"]["uid"] for name in "ab"]
    rows = {each["name"]: each for each in checkout.answer("preview")}
    assert {name: each["operation"] for name, each in rows.items()} == {
        "a": "update",
        "b": "update",
    }
    taken = "it is there already: it is taken over, and"
    assert rows["a"]["note"] == f"{taken} gets no more than Pulumi's annotations"
    assert rows["a"]["fields"] == []
    assert rows["b"]["note"] == f"{taken} changed"
    assert [each["path"] for each in rows["b"]["fields"]] == ["data.is"]
    checkout.sluice("up")
    assert [checkout.get("configmap", name)["metadata"]["uid"] for name in "ab"] == before


def test_what_was_changed_by_hand_is_put_back(program: Program) -> None:
    checkout = program(NAMESPACE, application("app", 'replicas=2, config={"A": "1"}'))
    checkout.sluice("up")
    inside = ("-n", checkout.stack)
    checkout.kubectl("scale", "deployment", "app", "--replicas=5", *inside)
    checkout.kubectl("delete", "configmap", "app", *inside)
    checkout.sluice("up")
    assert checkout.get("deployment", "app")["spec"]["replicas"] == 2
    assert checkout.get("configmap", "app")["data"] == {"A": "1"}
    assert "Nothing to do" in checkout.sluice("up")


def test_a_field_that_is_declared_no_more_is_removed_from_the_object(program: Program) -> None:
    before = 'env={"A": "1", "B": "2"}, labels={"team": "blue"}'
    checkout = program(NAMESPACE, application("app", before))
    checkout.sluice("up")
    program(NAMESPACE, application("app", 'env={"B": "2"}'))
    checkout.sluice("up")
    live = checkout.get("deployment", "app")
    assert live["metadata"]["labels"] == {"app.kubernetes.io/name": "app"}
    assert _container(live)["env"] == [{"name": "B", "value": "2"}]
    managers = {entry["manager"] for entry in live["metadata"]["managedFields"]}
    assert managers == {"sluice", "kube-controller-manager"}


def _write_settings(checkout: Checkout, *names: str) -> None:
    checkout.kubectl("create", "namespace", checkout.stack)
    for name in names:
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{is: here}}\n"
        checkout.write(f"manifests/settings/{name}.yaml", text)


def _uid(checkout: Checkout, kind: str) -> Any:
    return checkout.get(kind, "app")["metadata"]["uid"]


def _container(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]["containers"][0]
