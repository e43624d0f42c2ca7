"""What build, diff, preview and export say, against what really lives in a cluster."""

from __future__ import annotations

import base64
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.platform.members import NAMESPACE, application, kustomization, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

FLUX = Path(__file__).parents[2] / "data" / "flux"

POD = """\
    apiVersion: v1
    kind: Pod
    metadata: {name: %s}
    spec: {containers: [{name: a, image: "registry.local/a:1"}]}
"""
SETTINGS = NAMESPACE + kustomization("settings")


def test_build_is_what_lives_after_an_update_and_diff_then_finds_nothing(program: Program) -> None:
    web = release('values={"greeting": "moin"}')
    app = application("app", 'secrets={"TOKEN": "one"}, port=80')
    checkout = _deployed(program, web, app)
    built = json.loads(checkout.sluice("build", checkout.stack, "-o", "json"))["items"]
    hooks = [each for each in built if "helm.sh/hook" in str(each["metadata"])]
    assert [each["metadata"]["name"] for each in hooks] == ["web-hook"]
    assert built[-1] == hooks[0]
    for declared in built[:-1]:
        metadata = declared["metadata"]
        namespace = metadata.get("namespace") or "default"
        live = checkout.get(declared["kind"], metadata["name"], namespace)
        assert _is_within(_without_values(declared), live), metadata
    ended = checkout.ended("sluice", "diff", checkout.stack)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_each_kind_of_change_is_found_and_nothing_else(program: Program) -> None:
    web, app = 'values={"replicas": %s}', 'secrets={"TOKEN": "%s"}'
    checkout = _deployed(program, release(web % 1), application("app", app % "one"))
    inside = ("-n", checkout.stack)
    _write_config(checkout, a="changed", c="new")
    (checkout.root / "manifests" / "settings" / "b.yaml").unlink()
    program(SETTINGS, release(web % 2), application("app", app % "two"))
    checkout.kubectl("delete", "secret", "web", *inside)
    checkout.kubectl(
        "patch", "configmap", "web", *inside, "-p", '{"data": {"greeting": "by hand"}}'
    )
    found = _differences(checkout)
    assert {(each["kind"], each["name"]): each["operation"] for each in found} == {
        ("ConfigMap", "a"): "update",
        ("ConfigMap", "b"): "delete",
        ("ConfigMap", "c"): "create",
        ("ConfigMap", "web"): "update",
        ("Deployment", "web"): "update",
        ("Deployment", "app"): "update",
        ("Secret", "app"): "update",
        ("Secret", "web"): "create",
    }
    fields = {(each["kind"], each["name"]): each["fields"] for each in found}
    changed = {"path": "data.TOKEN", "before": "*** (before)", "after": "*** (after)"}
    assert fields["Secret", "app"] == [changed]
    scaled = {"path": "spec.replicas", "before": 1, "after": 2}
    assert fields["Deployment", "web"] == [scaled]
    assert [each["name"] for each in _differences(checkout, "web")] == ["web", "web", "web"]
    previewed = checkout.answer("preview", checkout.stack)
    assert previewed[0]["operation"] == "delete"
    inner = [row["kind"] for row in previewed if row["release"]]
    assert sorted(inner) == ["ConfigMap", "Deployment", "Secret"]


def test_what_is_declared_no_more_goes_with_its_release(program: Program) -> None:
    checkout = _deployed(program, release(), application("app"))
    program(SETTINGS)
    found = _differences(checkout)
    assert {(each["kind"], each["component"]) for each in found} == {
        ("ConfigMap", "web"),
        ("Secret", "web"),
        ("Deployment", "web"),
        ("Deployment", "app"),
    }
    assert {each["operation"] for each in found} == {"delete"}
    assert {each["release"] for each in found} == {f"{checkout.stack}/web", ""}


def test_an_immutable_field_means_replacement_and_says_what_is_lost(program: Program) -> None:
    checkout = program(SETTINGS)
    checkout.write("manifests/settings/data.yaml", STATEFUL_SET)
    checkout.sluice("up")
    before = checkout.get("statefulset", "data")["metadata"]["uid"]
    checkout.edit("manifests/settings/data.yaml", "serviceName: one", "serviceName: two")
    (found,) = _differences(checkout)
    assert (found["operation"], found["kind"]) == ("replace", "StatefulSet")
    assert found["fields"] == [{"path": "spec.serviceName", "before": "one", "after": "two"}]
    shown = checkout.sluice("preview", checkout.stack).splitlines()
    assert [word in shown[1] for word in ("replace", "StatefulSet", found["loss"])] == [True] * 3
    assert "1 replaced" in checkout.sluice("up")
    assert checkout.get("statefulset", "data")["metadata"]["uid"] != before


def test_what_the_clusters_policies_find_is_said_with_the_object(program: Program) -> None:
    guarded = """
        @member
        def namespace(self):
            levels = {"enforce": "baseline", "warn": "restricted"}
            labels = {f"pod-security.kubernetes.io/{mode}": each for mode, each in levels.items()}
            return Namespace(NAMESPACE, NamespaceArgs(labels=labels))
    """
    checkout = program(guarded, kustomization("settings"))
    checkout.write("manifests/settings/pod.yaml", POD % "ok")
    checkout.sluice("up")
    checkout.edit("manifests/settings/pod.yaml", "name: ok", "name: also")
    found = json.loads(checkout.sluice("preview", checkout.stack, "-o", "json"))
    warned = {each["name"]: each["warnings"] for each in found}
    assert warned["ok"] == []
    (warning,) = warned["also"]
    assert warning.startswith('would violate PodSecurity "restricted:latest": ')
    assert warning in checkout.sluice("preview", checkout.stack)
    assert f"# the cluster warns: {warning}" in checkout.sluice("diff", checkout.stack, fails=True)
    checkout.edit("manifests/settings/pod.yaml", "spec: {", "spec: {hostNetwork: true, ")
    shown = json.loads(checkout.sluice("preview", checkout.stack, "-o", "json"))
    (refused,) = (each["refusal"] for each in shown if each["name"] == "also")
    assert 'violates PodSecurity "baseline:latest": host namespaces' in refused
    assert f"refused: {refused}" in checkout.sluice("preview", checkout.stack)


def test_an_object_that_a_program_names_itself_is_previewed_beside_the_rest(
    program: Program,
) -> None:
    checkout = program("""
        @member
        def space(self):
            from pulumi_kubernetes.core.v1 import ConfigMap

            space = Namespace(NAMESPACE)
            metadata = {"name": "note", "namespace": NAMESPACE}
            ConfigMap("note", metadata=metadata, opts=pulumi.ResourceOptions(parent=space))
            return space
    """)
    shown = json.loads(checkout.sluice("preview", checkout.stack, "-o", "json"))
    assert {each["component"] for each in shown} == {"note", checkout.stack}


def test_what_needs_a_namespace_or_a_kind_of_the_same_stack_is_shown(program: Program) -> None:
    rest = (kustomization("settings"), release(), application("app"))
    checkout = program(NAMESPACE, *rest)
    _write_config(checkout, a="one")
    checkout.write("manifests/settings/kind.yaml", WIDGETS)
    checkout.write("manifests/settings/widget.yaml", WIDGET)
    found = _differences(checkout)
    assert {each["operation"] for each in found} == {"create"}
    assert {each["note"] for each in found} == {""}
    (widget,) = (each for each in found if each["kind"] == "Widget")
    assert widget["after"]["spec"] == {"size": 3}
    assert not list(checkout.root.glob(".sluice/pulumi/.pulumi/stacks/*/*.json"))
    program(NAMESPACE.replace("return Namespace(NAMESPACE)", "return Namespace('x')"), *rest)
    checkout.edit(f"stacks/{checkout.stack}.py", "namespace=self.namespace", "namespace=NAMESPACE")
    notes = {each["note"] for each in _differences(checkout)}
    assert f"the namespace {checkout.stack} is not there" in notes


def test_replicas_that_an_autoscaler_sets_are_not_compared(program: Program) -> None:
    checkout = _deployed(program, release('values={"replicas": 1}'), application("app"))
    inside = ("-n", checkout.stack)
    checkout.kubectl("scale", "deployment", "web", "--replicas=2", *inside)
    assert [each["name"] for each in _differences(checkout)] == ["web"]
    checkout.kubectl("autoscale", "deployment", "web", "--max=3", "--cpu=80%", *inside)
    ended = checkout.ended("sluice", "diff", checkout.stack)
    assert ended.returncode == 0
    assert "spec.replicas: a HorizontalPodAutoscaler sets it" in ended.stderr


def test_the_files_of_a_commit_are_compared_and_not_the_working_tree(program: Program) -> None:
    checkout = _deployed(program, release(), application("app"))
    checkout.git("init", "--quiet")
    first = checkout.commit("first")
    _write_config(checkout, a="changed")
    assert checkout.ended("sluice", "diff", checkout.stack, "--ref", first).returncode == 0
    checkout.commit("second")
    assert [each["name"] for each in _differences(checkout, "--ref", "HEAD")] == ["a"]


def test_a_secret_is_in_no_output_before_or_after_it_changes(program: Program) -> None:
    old, new, typed = (secrets.token_hex(12) for _ in range(3))
    configured = """
        @property
        def password(self):
            return pulumi.Config("web").require_secret("password")
    """
    web = """
        values_from=[ValuesReference(kind="Secret", name="values")],
        values={"greeting": self.password.apply(lambda text: f"login:{text}@host")},
    """
    app = """
        env={"URL": self.password.apply(lambda text: f"db://u:{text}@host")},
        secrets={"PASSWORD": self.password},
    """
    checkout = program(NAMESPACE, configured, release(web), application("app", app))
    stack = checkout.stack
    checkout.pulumi("stack", "init", stack)
    checkout.pulumi("config", "set", "--secret", "web:password", old)
    checkout.kubectl("create", "namespace", stack)
    value = f"--from-literal=values.yaml={{password: {typed}}}"
    checkout.kubectl("create", "secret", "generic", "values", "-n", stack, value)
    shown = str(_differences(checkout))
    checkout.sluice("up")
    checkout.pulumi("config", "set", "--secret", "web:password", new)
    found = {(each["kind"], each["name"]): each for each in _differences(checkout)}
    changed = {"path": "data.greeting", "before": "*** (before)", "after": "*** (after)"}
    assert found["ConfigMap", "web"]["fields"] == [changed]
    assert found["Secret", "app"]["fields"][0]["path"] == "data.PASSWORD"
    assert ("Secret", "web") not in found
    shown += _everything(checkout)
    checkout.edit(f"stacks/{stack}.py", "return Application", "return None and Application")
    shown += _everything(checkout)
    for secret in (old, new, typed):
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            assert form not in shown


def test_what_is_exported_is_what_flux_accepts(program: Program) -> None:
    web = """
        values_files=["values.yaml"],
        values_from=[ValuesReference(kind="ConfigMap", name="values")],
        create_namespace=True,
    """
    rest = """
        @member
        def redis(self):
            return HelmRelease(
                "redis",
                HelmReleaseArgs(
                    chart="redis",
                    repository=OCIRepository("bitnami", "oci://registry-1.docker.io/bitnamicharts"),
                    version="19.x",
                    namespace=self.namespace,
                    values={
                        "auth": {"password": pulumi.Output.secret("s3cret")},
                        "a.b": [{"c": pulumi.Output.secret("s3cret")}],
                    },
                ),
                pulumi.ResourceOptions(depends_on=[self.web]),
            )

        @member
        def settings(self):
            return Kustomization(
                "settings",
                KustomizationArgs(
                    path="manifests/settings",
                    target_namespace=self.namespace,
                    patches=[
                        Patch(kind="ConfigMap", name="a", merge={"data": {"is": "patched"}}),
                        Patch(
                            kind="ConfigMap",
                            name="a",
                            json6902=[{"op": "add", "path": "/data/more", "value": "1"}],
                        ),
                    ],
                    images=[ImageOverride(name="web", new_tag="2")],
                    name_prefix="p-",
                    common_metadata=CommonMetadata(labels={"team": "blue"}),
                    substitute={"environment": "test"},
                    health_checks=[
                        HealthReference(kind="ConfigMap", name="p-a", namespace=NAMESPACE)
                    ],
                    timeout="1h30m",
                ),
            )
    """
    checkout = program(NAMESPACE, release(web), rest)
    checkout.write("values.yaml", "replicas: 2")
    _write_config(checkout, a="one")
    checkout.sluice("lock")
    checkout.git("init", "--quiet")
    checkout.git("remote", "add", "origin", "git@gitea.local:team/platform.git")
    ended = checkout.ended("sluice", "export", "all", "--stack", checkout.stack)
    assert "s3cret" not in ended.stdout + ended.stderr
    checkout.kubectl("apply", "--server-side", "-f", str(FLUX))
    checkout.kubectl("wait", "--for=condition=Established", "-f", str(FLUX))
    for namespace in ("flux-system", checkout.stack):
        checkout.kubectl("create", "namespace", namespace)
    checkout.write("flux.yaml", ended.stdout)
    strict = ("--server-side", "--dry-run=server", "--validate=strict", "-o", "name")
    accepted = checkout.kubectl("apply", *strict, "-f", "flux.yaml").split()
    assert accepted == [
        "gitrepository.source.toolkit.fluxcd.io/infrastructure",
        "configmap/web-values-files",
        "helmrelease.helm.toolkit.fluxcd.io/web",
        "helmrepository.source.toolkit.fluxcd.io/bitnami",
        "helmrelease.helm.toolkit.fluxcd.io/redis",
        "kustomization.kustomize.toolkit.fluxcd.io/settings",
    ]
    only = checkout.sluice("export", "helmrelease", "redis", "--stack", checkout.stack)
    assert only.count("kind: HelmRelease") == 1
    assert "kind: Kustomization" not in only


@pytest.mark.parametrize(
    "verb", [("build",), ("diff",), ("export", "kustomization"), ("diff", "--ref", "none")]
)
def test_what_is_not_there_is_refused(program: Program, verb: tuple[str, ...]) -> None:
    checkout = program(SETTINGS, release(), application("app"))
    checkout.git("init", "--quiet")
    _write_config(checkout, a="one")
    where = ("--stack", checkout.stack) if verb[0] == "export" else (checkout.stack,)
    ended = checkout.ended("sluice", *verb, *where, "nothing")
    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1


WIDGETS = """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: widgets.diff.example.com}
    spec:
      group: diff.example.com
      names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
      scope: Namespaced
      versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""
WIDGET = """
    apiVersion: diff.example.com/v1
    kind: Widget
    metadata: {name: small}
    spec: {size: 3}
"""
STATEFUL_SET = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: data}
    spec:
      serviceName: one
      replicas: 0
      selector: {matchLabels: {app: data}}
      template:
        metadata: {labels: {app: data}}
        spec: {containers: [{name: data, image: "registry.local/data:1"}]}
"""


def _deployed(program: Program, *members: str) -> Checkout:
    """A deployed stack of two ConfigMaps and these members."""
    checkout = program(SETTINGS, *members)
    _write_config(checkout, a="one", b="one")
    checkout.sluice("up")
    return checkout


def _write_config(checkout: Checkout, **values: str) -> None:
    for name, value in values.items():
        text = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{is: {value}}}\n"
        )
        checkout.write(f"manifests/settings/{name}.yaml", text)


def _differences(checkout: Checkout, *arguments: str) -> list[dict[str, Any]]:
    answer = checkout.answer("diff", checkout.stack, *arguments, code=1)
    found: list[dict[str, Any]] = answer["differences"]
    return found


def _everything(checkout: Checkout) -> str:
    stack = checkout.stack
    verbs = (
        ("build", stack),
        ("diff", stack),
        ("diff", stack, "-o", "json"),
        ("preview", stack, "-o", "json"),
        ("export", "all", "--stack", stack),
    )
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda verb: checkout.ended("sluice", *verb), verbs))
    assert {each.returncode for each in ended} <= {0, 1}, [each.stderr for each in ended]
    return "".join(each.stdout + each.stderr for each in ended)


def _is_within(part: Any, whole: Any) -> bool:
    """Whether all of a manifest is in the live object, which has more: defaults and status."""
    if part in ({}, [], None) and whole is None:
        return True
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(_is_within(v, whole.get(k)) for k, v in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(_is_within, part, whole))
    return bool(part == whole)


def _without_values(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret without its values, which a build does not show."""
    if manifest["kind"] != "Secret":
        masked = (manifest["spec"].get("template") or {}) if "spec" in manifest else {}
        (masked.get("metadata") or {}).get("annotations", {}).pop("checksum/secret", None)
        return manifest
    return {key: value for key, value in manifest.items() if key not in ("data", "stringData")}
