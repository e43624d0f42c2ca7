from __future__ import annotations

import json
from typing import Any

import pytest

from sluice.backend import command
from sluice.backend.command import CommandError, StackNotFoundError
from sluice.backend.pulumi import reason
from sluice.engine.event_records import (
    DiagnosticEvent,
    EngineEvent,
    ResourceEvent,
    StepEventMetadata,
    SummaryEvent,
)
from sluice.engine.events import Events, Moment, _counts
from sluice.engine.outcome import Outcome
from sluice.stack.stack import Stack

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
WEB = "urn:pulumi:dev::p::sluice:apps:Application$kubernetes:apps/v1:Deployment::web:shop/web"


def diagnostic(message: str, urn: str = WEB, severity: str = "error") -> EngineEvent:
    event = DiagnosticEvent(message=message, severity=severity, urn=urn)
    return EngineEvent(diagnostic_event=event)


def heard(*events: EngineEvent) -> Events:
    listener = Events(lambda _urn: None, "dev-cluster")
    for event in events:
        listener._take(event)
    return listener


def test_each_object_s_failure_is_kept_with_its_name() -> None:
    listener = heard(
        diagnostic('<{%reset%}>conflict\n  with "kubectl"<{%reset%}>\n'),
        diagnostic("\x1b[31mprogram is wrong\x1b[0m", STACK),
        diagnostic("no resource", ""),
        diagnostic("only a warning", severity="warning"),
        diagnostic("update failed"),
        diagnostic("<{%reset%}>\n"),
    )
    assert listener.failures == [
        'web: Deployment shop/web: conflict with "kubectl"',
        "program is wrong",
        "no resource",
    ]


def test_the_summary_is_counted_and_each_step_is_watched() -> None:
    seen: list[Moment] = []
    listener = Events(seen.append, "dev-cluster")
    changes: Any = {"create": 2, "update": 1, "same": 3, "read": 9}
    metadata = StepEventMetadata(op="create", urn=WEB, type="t", provider="p")
    step = ResourceEvent(metadata=metadata)
    summary = SummaryEvent(resource_changes=changes)
    listener._take(EngineEvent(resource_pre_event=step))
    listener._take(EngineEvent(summary_event=summary))
    assert seen == [Moment(WEB, waits=True)]
    assert listener.counts == {"create": 2, "update": 1, "same": 3}
    assert _counts(None, []) == {}


@pytest.mark.parametrize(
    ("counts", "text", "changed"),
    [
        ({}, "nothing declared in 2 s", False),
        ({"same": 12}, "12 unchanged in 2 s", False),
        ({"same": 1, "create": 2}, "2 created, 1 unchanged in 2 s", True),
        ({"delete": 1, "replace": 1, "update": 1}, "1 updated, 1 replaced, 1 deleted in 2 s", True),
        ({"create": 0, "same": 1}, "1 unchanged in 2 s", False),
    ],
)
def test_an_outcome_says_what_was_done(counts: dict[str, int], text: str, changed: bool) -> None:
    outcome = Outcome("dev", counts, 2.1)
    assert str(outcome) == text
    assert outcome.changed is changed


def test_the_reason_is_pulumi_s_own_error_line() -> None:
    text = " code: 255\n stdout: \n stderr: \x1b[31merror: the stack is locked\nerror: second\n"
    assert reason("error: the stack is locked\nmore") == "the stack is locked"
    assert reason("a\n  b") == "a b"
    assert reason(text) == "the stack is locked"


def step(op: str, urn: str = WEB, kind: str = "kubernetes:apps/v1:Deployment", **more: Any) -> str:
    metadata = {"op": op, "urn": urn, "type": kind, "provider": "p", **more}
    return json.dumps(
        {"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": metadata}},
        separators=(",", ":"),
    )


def test_each_change_is_told_by_component_object_and_field() -> None:
    release = WEB.replace("apps/v1:Deployment::web:shop/web", "helm.sh/v3:Release::redis")
    seen: list[Moment] = []
    listener = Events(seen.append, "dev-cluster")
    listener.read("Previewing update (dev):")
    listener.read(step("same", WEB.replace("shop/web", "shop/idle")))
    listener.read(
        step("update", detailedDiff={"spec.replicas": {"diffKind": "update", "inputDiff": True}})
    )
    listener.read(step("create", release, "kubernetes:helm.sh/v3:Release"))
    listener.read(step("create", STACK, "pulumi:pulumi:Stack"))
    listener._take(diagnostic('conflict with "kubectl"'))
    assert [(moment.urn.rpartition("::")[2], moment.waits) for moment in seen] == [
        ("web:shop/idle", False),
        ("web:shop/web", True),
        ("redis", True),
        ("p-dev", False),
    ]
    update, create = listener.changes()
    assert (update.operation, update.component, update.kind) == ("update", "web", "Deployment")
    assert (update.namespace, update.name) == ("shop", "web")
    assert [field.path for field in update.fields] == ["spec.replicas"]
    assert update.error == 'web: Deployment shop/web: conflict with "kubectl"'
    assert (create.operation, create.component, create.name) == ("create", "redis", "redis")


def test_the_steps_of_a_replacement_are_one_change() -> None:
    listener = Events(lambda _urn: None, "dev-cluster")
    for op in ("create-replacement", "replace", "delete-replaced"):
        listener.read(step(op))
    assert [change.operation for change in listener.changes()] == ["replace"]


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("", ["stack", "init"]),
        (
            "secretsprovider: awskms://alias/prod\n",
            ["stack", "init", "--secrets-provider=awskms://alias/prod"],
        ),
    ],
)
def test_a_stack_is_made_with_the_key_that_its_file_names(
    repository: Any, monkeypatch: pytest.MonkeyPatch, line: str, made: list[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    checkout = repository(dev="")
    file = checkout.root / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + line)
    called: list[list[str]] = []

    def pulumi(arguments: Any, *_rest: Any) -> str:
        called.append(list(arguments))
        if len(called) == 1:
            raise StackNotFoundError
        return ""

    monkeypatch.setattr(command, "run", pulumi)
    Stack(checkout, "dev").pulumi().run("up")
    on_dev = ["--stack", "dev"]
    assert called == [[*each, *on_dev] for each in (["up"], made, ["up"])]


def test_a_stack_that_a_folder_does_not_have_is_made_at_once_by_whoever_comes_first(
    repository: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    called: list[list[str]] = []

    def pulumi(arguments: Any, *_rest: Any) -> str:
        called.append(list(arguments))
        if arguments[0] == "stack":
            raise CommandError("error: stack 'dev' already exists")
        return ""

    monkeypatch.setattr(command, "run", pulumi)
    Stack(repository(dev=""), "dev").pulumi().run("up")
    on_dev = ["--stack", "dev"]
    assert called == [["stack", "init", *on_dev], ["up", *on_dev]]


def test_what_the_provider_says_meanwhile_is_why_something_waits() -> None:
    seen: list[Moment] = []
    listener = Events(seen.append, "dev-cluster")
    said = DiagnosticEvent(
        message="<{%reset%}>[1/2] Waiting for app ReplicaSet<{%reset%}>\n",
        severity="info",
        urn=WEB,
        ephemeral=True,
    )
    metadata = StepEventMetadata(op="create", urn=WEB, type="t", provider="p")
    listener._take(EngineEvent(diagnostic_event=said))
    listener._take(EngineEvent(res_outputs_event=ResourceEvent(metadata=metadata)))
    assert seen == [
        Moment(WEB, waits=True, message="[1/2] Waiting for app ReplicaSet"),
        Moment(WEB, done=True),
    ]
    assert listener.failures == []
