"""Killed at any moment, the next run converges: nothing is lost and nothing is left behind."""

from __future__ import annotations

import base64
import gzip
import json
import random
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from tests.integration.platform.conftest import kill
from tests.integration.platform.members import NAMESPACE, application, kustomization, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

GREETING = 'values={"greeting": "%s"}'
MANY = (
    NAMESPACE,
    kustomization("many"),
    application("app", 'port=80, config={"A": "1"}, secrets={"B": "2"}'),
)
OBJECTS = sorted(
    [
        *(f"configmap/many-{number}" for number in range(40)),
        *(f"{kind}/app" for kind in ("configmap", "deployment.apps", "secret", "service")),
        *(f"{kind}/web" for kind in ("configmap", "deployment.apps", "secret")),
        "configmap/web-hook",
    ]
)
KINDS = "configmap,deployment,secret,service"


def test_an_update_that_is_killed_converges_when_it_is_run_again(program: Program) -> None:
    checkout = program(*MANY, release(GREETING % "one"))
    _write_many(checkout)
    moments = random.Random(0)  # noqa: S311 - the same moments in every run of the test
    for greeting in ("one", "two"):
        program(*MANY, release(GREETING % greeting))
        for _round in range(2):
            _up_and_kill(checkout, after=moments.uniform(1.5, 5.0))
        checkout.sluice("up")
        assert _declared(checkout) == OBJECTS
        assert checkout.releases() == {"web": "deployed"}
        assert checkout.get("configmap", "web")["data"] == {"greeting": greeting}
        assert "Nothing to do" in checkout.sluice("up")
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--parallel=64")
    assert checkout.stack not in checkout.kubectl("get", "namespace", "-o", "name")


def test_an_object_made_by_a_killed_update_is_pruned_when_it_is_declared_no_more(
    program: Program,
) -> None:
    checkout = program(*MANY, release(GREETING % "one"))
    _write_many(checkout)
    _up_and_kill_when(checkout, there="configmap/many-30")
    # As if it was killed while the backend wrote beside the state what kind of file it is.
    (note,) = checkout.state.glob(f".pulumi/stacks/*/{checkout.stack}.json.attrs")
    note.write_text("")
    for number in range(1, 40):
        (checkout.root / "manifests" / "many" / f"{number}.yaml").unlink()
    checkout.sluice("up")
    many = [name for name in _declared(checkout) if "many" in name]
    assert many == ["configmap/many-0"]


def test_a_release_that_helm_was_killed_in_long_ago_goes_on(program: Program) -> None:
    checkout = program(NAMESPACE, release(GREETING % "one", timeout="5m"))
    checkout.sluice("up")
    program(NAMESPACE, release(GREETING % "two", timeout="5m"))
    _pretend_unfinished(checkout, since=datetime.now(UTC))
    shown = checkout.sluice("up", fails=True)
    assert "web: another Helm is changing the release; run this again when it has ended" in shown
    assert f"kubectl-patch is changing the Helm release {checkout.stack}/web since" in shown
    _pretend_unfinished(checkout, since=datetime.now(UTC) - timedelta(hours=1))
    checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "two"}


def test_a_second_update_at_the_same_time_is_refused_and_disturbs_nothing(
    program: Program,
) -> None:
    checkout = program(*MANY, release(GREETING % "one"))
    _write_many(checkout)
    first = _start(checkout)
    while first.poll() is None and not list(checkout.state.rglob("locks/**/*.json")):
        time.sleep(0.05)
    holders = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    for holder in holders:
        holder.suspend()
    second = checkout.ended("sluice", "up", "--wait", "0s")
    for holder in holders:
        holder.resume()
    assert second.returncode == 4
    assert f"process {first.pid}" in second.stderr
    assert first.wait() == 0
    assert _declared(checkout) == OBJECTS
    assert "Nothing to do" in checkout.sluice("up")


def _write_many(checkout: Checkout) -> None:
    for number in range(40):
        name = f"many-{number}"
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{is: here}}\n"
        checkout.write(f"manifests/many/{number}.yaml", text)


def _declared(checkout: Checkout) -> list[str]:
    names = checkout.names(KINDS)
    return sorted(name for name in names if "sh.helm.release" not in name)


def _up_and_kill(checkout: Checkout, after: float) -> None:
    update = _start(checkout)
    with suppress(subprocess.TimeoutExpired):
        update.wait(after)
    kill(update)


def _up_and_kill_when(checkout: Checkout, there: str) -> None:
    update = _start(checkout)
    while update.poll() is None and there not in checkout.names("configmap"):
        time.sleep(0.1)
    kill(update)


def _start(checkout: Checkout) -> subprocess.Popen[str]:
    return checkout.start("sluice", "up", output=subprocess.DEVNULL)


def _pretend_unfinished(checkout: Checkout, since: datetime) -> None:
    """Write what a Helm that was killed in an upgrade leaves behind."""
    name, inside = "sh.helm.release.v1.web.v1", ("-n", checkout.stack)
    packed = checkout.get("secret", name)["data"]["release"]
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(packed))))
    content["info"] |= {"status": "pending-upgrade", "last_deployed": since.isoformat()}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode())))
    patch = json.dumps({"data": {"release": packed.decode()}})
    checkout.kubectl("patch", "secret", name, *inside, f"--patch={patch}")
