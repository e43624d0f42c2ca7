"""What is left of a killed update: the engine's events, and the state without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sluice.backend.local_state import LocalState
from sluice.backend.secret_values import SECRET
from sluice.recovery.journal import Journal
from sluice.recovery.repair import repaired, with_begun

if TYPE_CHECKING:
    from pathlib import Path

STACK = {"urn": "urn:stack", "type": "pulumi:pulumi:Stack"}
PROVIDER = {
    "urn": "urn:provider",
    "type": "pulumi:providers:kubernetes",
    "custom": True,
    "parent": STACK["urn"],
    "inputs": {"context": "dev"},
}
PANELS = {"urn": "urn:panels", "type": "sluice:kustomize:Kustomization", "parent": STACK["urn"]}


def config_map(name: str) -> dict[str, Any]:
    return {
        "urn": f"urn:panels:{name}",
        "type": "kubernetes:core/v1:ConfigMap",
        "custom": True,
        "parent": PANELS["urn"],
        "provider": "urn:provider::1",
        "inputs": {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}},
    }


def event(what: str, op: str, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    new = {"id": "", "outputs": {}, **resource, **more}
    return {what: {"metadata": {"op": op, **resource, "new": new}}}


def journal(folder: Path, *events: dict[str, Any], cut_off: str = "") -> Journal:
    found = Journal.of(LocalState(folder, "platform", "dev"))
    option = found.begin()
    assert option == f"--event-log={folder}/journal/platform/dev.jsonl"
    lines = [*map(json.dumps, events), cut_off]
    found.file.write_text("\n".join(lines))
    return found


KILLED = (
    event("resourcePreEvent", "same", STACK),
    event("resourcePreEvent", "create", PROVIDER),
    event("resOutputsEvent", "create", PROVIDER, id="1"),
    event("resourcePreEvent", "create", PANELS),
    event("resourcePreEvent", "create", config_map("a")),
    event("resOutputsEvent", "create", config_map("a"), id="shop/a"),
    event("resourcePreEvent", "create", config_map("b")),
    event("resourcePreEvent", "create", config_map("refused")),
    event("resOpFailedEvent", "create", config_map("refused")),
    event("resourcePreEvent", "update", config_map("c")),
    event("resourcePreEvent", "delete", config_map("d")),
)


def test_what_a_killed_update_began_to_make_is_told(tmp_path: Path) -> None:
    found = journal(tmp_path, *KILLED, cut_off='{"resourcePreEvent": {"meta')
    assert [each["urn"] for each in found.begun()] == [
        "urn:provider",
        "urn:panels",
        "urn:panels:a",
        "urn:panels:b",
    ]
    assert found.begun()[0]["id"] == "1"


def test_it_is_in_the_state_again_for_the_refresh_to_judge(tmp_path: Path) -> None:
    state = with_begun({"resources": [STACK]}, journal(tmp_path, *KILLED).begun())
    mended = repaired(state, ())
    assert [each["urn"] for each in mended["resources"]] == [
        "urn:stack",
        "urn:provider",
        "urn:panels",
        "urn:panels:a",
        "urn:panels:b",
    ]
    assert [each["id"] for each in mended["resources"][3:]] == ["shop/a", "shop/b"]
    assert mended["pending_operations"] == []


def test_what_the_state_has_is_as_the_state_has_it(tmp_path: Path) -> None:
    known = {**config_map("a"), "id": "shop/a", "outputs": {"is": "known"}}
    state = with_begun({"resources": [STACK, known]}, journal(tmp_path, *KILLED).begun())
    assert state["resources"][1] == known
    begun = [each["resource"]["urn"] for each in state["pending_operations"]]
    assert begun == ["urn:panels:b"]


def test_what_hangs_on_a_provider_with_a_secret_is_left_out(tmp_path: Path) -> None:
    secret = {**PROVIDER, "inputs": {"kubeconfig": "[secret]"}}
    events = (
        event("resOutputsEvent", "create", secret, id="1"),
        event("resourcePreEvent", "create", PANELS),
        event("resourcePreEvent", "create", config_map("a")),
    )
    state = with_begun({"resources": [STACK]}, journal(tmp_path, *events).begun())
    assert state["resources"] == [STACK, {**PANELS, "custom": False, "inputs": {}}]
    assert state["pending_operations"] == []


def test_a_secret_is_kept_as_one_that_is_not_known(tmp_path: Path) -> None:
    login = config_map("login")
    login["inputs"]["data"] = {"password": {**SECRET, "ciphertext": "[secret]"}}
    (begun,) = journal(tmp_path, event("resourcePreEvent", "create", login)).begun()
    password = begun["inputs"]["data"]["password"]
    assert password == {**SECRET, "plaintext": '"[secret]"'}


def test_an_update_that_ended_well_leaves_none(tmp_path: Path) -> None:
    found = journal(tmp_path, *KILLED)
    found.end()
    assert not found.is_there
    assert found.begun() == []
