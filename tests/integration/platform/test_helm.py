"""Helm releases: installed, upgraded, failed, rolled back and mended."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tests.integration.platform.members import NAMESPACE, application, redis, release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.platform.conftest import Checkout, Program

NEVER_READY = '"nodeSelector": {"kind": "none"}'
CLASSIC = 'HelmRepository("bitnami", "https://charts.bitnami.com/bitnami")'
OCI = 'OCIRepository("bitnami", "oci://registry-1.docker.io/bitnamicharts")'


def test_a_release_is_helms_own_and_runs_its_hooks(program: Program) -> None:
    checkout = program(NAMESPACE, release())
    assert "Deployment" not in checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web-hook")["data"] == {"ran": "1"}


def test_values_that_are_declared_no_more_are_the_charts_again(program: Program) -> None:
    program(NAMESPACE, release('values={"greeting": "moin", "replicas": 2}')).sluice("up")
    checkout = program(NAMESPACE, release())
    checkout.sluice("up")
    assert checkout.get("configmap", "web")["data"] == {"greeting": "hello"}


def test_a_failed_upgrade_is_rolled_back_and_fails_until_it_is_mended(program: Program) -> None:
    program(NAMESPACE, release('values={"greeting": "one"}')).sluice("up")
    broken = f'values={{"greeting": "two", {NEVER_READY}}}'
    checkout = program(NAMESPACE, release(broken, timeout="4s"))
    for _attempt in range(2):
        shown = checkout.sluice("up", fails=True)
        assert _is_one_sentence(shown)
        assert f"{checkout.stack}: web: " in shown
        assert "rolled back" in shown
        live = checkout.get("configmap", "web")
        assert live["data"] == {"greeting": "one"}
    checkout = program(NAMESPACE, release('values={"greeting": "three"}'))
    checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "three"}
    assert "Nothing to do" in checkout.sluice("up")


def test_a_failed_install_is_removed_and_the_next_run_installs(program: Program) -> None:
    checkout = program(NAMESPACE, release(f"values={{{NEVER_READY}}}", timeout="4s"))
    shown = checkout.sluice("up", fails=True)
    assert _is_one_sentence(shown)
    assert "web: " in shown
    assert checkout.releases() == {}
    assert checkout.names("deployment") == []
    program(NAMESPACE, release()).sluice("up")
    assert checkout.releases() == {"web": "deployed"}


def test_values_win_over_references_which_win_over_files(program: Program) -> None:
    checkout = program("""
        @member
        def release(self):
            return HelmRelease(
                "web",
                HelmReleaseArgs(
                    chart="./charts/web",
                    namespace=NAMESPACE,
                    values_files=["values/all.yaml"],
                    values_from=[
                        ValuesReference(kind="ConfigMap", name="values"),
                        ValuesReference(kind="Secret", name="values", key="secret.yaml"),
                    ],
                    values={"replicas": 3},
                ),
            )
    """)
    checkout.write("values/all.yaml", "{greeting: file, password: file, replicas: 1}")
    checkout.kubectl("create", "namespace", checkout.stack)
    inside = ("-n", checkout.stack)
    values = "--from-literal=values.yaml={greeting: config map, password: config map, replicas: 2}"
    hidden = "--from-literal=secret.yaml={password: secret, replicas: 2}"
    checkout.kubectl("create", "configmap", "values", *inside, values)
    checkout.kubectl("create", "secret", "generic", "values", *inside, hidden)
    checkout.sluice("up")
    assert json.loads(checkout.helm("get", "values", "web", *inside, "-o", "json")) == {
        "greeting": "config map",
        "password": "secret",
        "replicas": 3,
    }


def test_the_custom_resources_of_a_chart_can_be_left_out(program: Program) -> None:
    elsewhere = "staging-cluster"  # where no other test installs this chart
    checkout = program(NAMESPACE, release("crds=CRDsPolicy.SKIP"), context=elsewhere)
    checkout.sluice("up")
    assert checkout.releases(context=elsewhere) == {"web": "deployed"}
    assert "gadgets" not in checkout.kubectl("get", "crd", "-o", "name", context=elsewhere)
    checkout.pulumi("destroy", "--yes", "--skip-preview")


def test_another_locked_version_upgrades_the_release(program: Program) -> None:
    checkout = program(redis(CLASSIC, "18.x"))
    checkout.sluice("lock")
    checkout.sluice("up")
    program(redis(CLASSIC, "19.x"))
    assert "lock" in checkout.sluice("up", fails=True)
    checkout.sluice("lock")
    checkout.sluice("up")
    listed = json.loads(checkout.helm("list", "-n", checkout.stack, "-o", "json"))
    assert [(each["chart"], each["revision"]) for each in listed] == [("redis-19.6.4", "2")]


def test_a_chart_comes_from_an_oci_registry(program: Program) -> None:
    checkout = program(redis(OCI, "19.6.4"))
    checkout.sluice("lock")
    checkout.sluice("up")
    assert checkout.releases() == {"redis": "deployed"}


def test_a_secret_value_is_nowhere_in_plain_text(program: Program) -> None:
    by_config, by_reference, of_application = "hunter2-config", "hunter2-reference", "hunter2-app"
    referred = 'values_from=[ValuesReference(kind="Secret", name="values")]'
    checkout = program(
        NAMESPACE,
        release('values={"password": pulumi.Config("web").require_secret("password")}'),
        release(f'{referred}, values={{"nodeSelector": {{}}}}', name="other"),
        application("app", 'secrets={"PASSWORD": pulumi.Config("app").require_secret("password")}'),
    )
    inside = ("-n", checkout.stack)
    checkout.kubectl("create", "namespace", checkout.stack)
    checkout.kubectl(
        *("create", "secret", "generic", "values", *inside),
        f"--from-literal=values.yaml={{password: {by_reference}}}",
    )
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.pulumi("config", "set", "--secret", "web:password", by_config)
    checkout.pulumi("config", "set", "--secret", "app:password", of_application)
    shown = [
        checkout.pulumi("preview", "--diff"),
        checkout.sluice("up"),
        checkout.pulumi("preview", "--diff", "--refresh"),
        checkout.sluice("up"),
    ]
    checkout.pulumi("config", "set", "--secret", "web:password", by_config + "-new")
    shown += [
        checkout.pulumi("preview", "--diff"),
        checkout.sluice("up"),
        checkout.sluice("get", "all"),
    ]
    for name, value in (("web", f"{by_config}-new"), ("other", by_reference)):
        password = checkout.get("secret", name)["data"]["password"]
        assert base64.b64decode(password).decode() == value
    for secret in (by_config, by_reference, of_application):
        for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]):
            assert form not in "".join(shown)
            assert [path for path in _files(checkout) if form.encode() in path.read_bytes()] == []


def _files(checkout: Checkout) -> list[Path]:
    folders = (checkout.state, checkout.root / "stacks")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def _is_one_sentence(shown: str) -> bool:
    errors = [line for line in shown.splitlines() if line]
    return len(errors) == 1 and errors[0].startswith("Error: ")
