"""What a pipeline's jobs make of a real stack on a real cluster."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sluice.diff.masking import AFTER, BEFORE
from sluice.report.record import StackPreview, load, title
from tests.integration.platform.members import NAMESPACE, application, kustomization, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

CONFIGURED = """
    @property
    def token(self):
        return pulumi.Config("app").require_secret("token")
"""
APP = """
    env={"URL": self.token.apply(lambda text: f"https://{text}@host")},
    secrets={"TOKEN": self.token},
"""
CLAIM = """
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data, annotations: {pulumi.com/skipAwait: "true"}}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {is: %s}\n"


def test_a_preview_says_of_every_object_what_it_was_and_what_it_would_be(program: Program) -> None:
    old, new = secrets.token_hex(8), secrets.token_hex(8)
    checkout = _platform(program, replicas=1, tag="1")
    checkout.write("manifests/settings/claim.yaml", CLAIM)
    checkout.write("manifests/settings/a.yaml", CONFIG % "one")
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.pulumi("config", "set", "--secret", "app:token", old)
    checkout.git("init", "--quiet")
    first = checkout.commit("first")
    checkout.sluice("up", checkout.stack)
    nothing = _previewed(checkout, "--base", first)
    assert (nothing.changes, nothing.drift, nothing.error) == ([], [], "")

    checkout.kubectl("scale", "deployment", "app", "--replicas=2", "-n", checkout.stack)
    _platform(program, replicas=2, tag="2")
    (checkout.root / "manifests" / "settings" / "claim.yaml").unlink()
    checkout.write("manifests/settings/a.yaml", CONFIG % "two")
    checkout.pulumi("config", "set", "--secret", "app:token", new)
    second = checkout.commit("second")
    checkout.write("manifests/settings/a.yaml", CONFIG % "not committed")

    found = _previewed(checkout, "--base", first)
    _says_what_changes(found, checkout.stack)
    assert (found.commit[:7], found.base[:7]) == (second, first)
    assert [title(each) for each in found.dangerous] == [
        f"PersistentVolumeClaim {checkout.stack}/data"
    ]
    assert [(each.path, each.live) for each in found.drift or ()] == [("spec.replicas", 2)]
    fields = {field.path: field for each in found.changes for field in each.fields}
    assert (fields["data.TOKEN"].before, fields["data.TOKEN"].after) == (BEFORE, AFTER)

    offline = _previewed(checkout, "--base", first, "--offline", withheld=True)
    _says_what_changes(offline, checkout.stack)
    assert (offline.drift, offline.error, offline.offline) == (None, "", True)
    assert [title(each) for each in offline.dangerous] == [title(each) for each in found.dangerous]
    everything = "".join(file.read_text() for file in checkout.root.glob("*.json"))
    everything += checkout.sluice("pipeline", "report", "--previews", ".", "--print")
    assert "⚠️ loses data" in everything
    assert old not in everything
    assert new not in everything


def test_a_preview_that_fails_is_written_with_the_reason_and_where_it_stands(
    program: Program,
) -> None:
    checkout = _platform(program, replicas=1, tag="1")
    checkout.write("manifests/settings/a.yaml", CONFIG % "one")
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.pulumi("config", "set", "--secret", "app:token", "a-token")
    checkout.git("init", "--quiet")
    first = checkout.commit("first")
    file = f"stacks/{checkout.stack}.py"
    checkout.edit(file, 'image="registry.local/app:1"', "image=wrong")
    checkout.commit("wrong")
    line = next(
        number
        for number, text in enumerate((checkout.root / file).read_text().splitlines(), 1)
        if "image=wrong" in text
    )
    for options in ((), ("--offline",)):
        found = _previewed(checkout, "--base", first, *options)
        assert (found.where, found.changes) == (f"{file}:{line}", [])
        assert found.error == "NameError: name 'wrong' is not defined"
    checkout.edit(file, "image=wrong", 'image="registry.local/app:1", port=80, host="a b"')
    checkout.commit("refused")
    found = _previewed(checkout, "--base", first)
    assert found.where.startswith(f"{file}:")
    assert "a b" in found.error
    assert _previewed(checkout, "--base", first, "--commit", first).error == ""


def _platform(program: Program, replicas: int, tag: str) -> Checkout:
    """A stack of manifests, a release and an application with a secret."""
    web, app = release(f'values={{"replicas": {replicas}}}'), application("app", APP, tag=tag)
    return program(NAMESPACE, kustomization("settings"), web, CONFIGURED, app)


def _says_what_changes(found: StackPreview, namespace: str) -> None:
    assert found.error == ""
    changed = {(each.kind, each.name): each for each in found.changes}
    fields = {
        (*key, field.path): (field.before, field.after)
        for key, each in changed.items()
        for field in each.fields
    }
    assert fields["ConfigMap", "a", "data.is"] == ("one", "two")
    image = "spec.template.spec.containers[0].image"
    assert fields["Deployment", "app", image] == ("registry.local/app:1", "registry.local/app:2")
    assert fields["Deployment", "web", "spec.replicas"] == (1, 2)
    assert changed["Deployment", "web"].release == f"{namespace}/web"
    (version,) = changed["Deployment", "app"].versions
    assert (version.name, version.before, version.after) == ("registry.local/app", "1", "2")
    assert {"application/app", "helmrelease/web"} <= set(found.graph.components)
    operations = {key: each.operation for key, each in changed.items()}
    assert operations["PersistentVolumeClaim", "data"] == "delete"
    assert operations["Secret", "app"] == "update"


def _previewed(checkout: Checkout, *options: str, withheld: bool = False) -> StackPreview:
    file = Path(f"{'-'.join(option.strip('-') for option in options)}.json")
    nothing = dict.fromkeys(
        ("KUBECONFIG", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL"), os.devnull
    )
    asked = replace(checkout, settings={**checkout.settings, **nothing}) if withheld else checkout
    asked.sluice("pipeline", "preview", checkout.stack, *options, "--out", str(file))
    return load(checkout.root / file)
