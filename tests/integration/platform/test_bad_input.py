"""What goes wrong is one clear sentence, and the next run goes on from there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.platform.members import (
    NAMESPACE,
    application,
    kustomization,
    redis,
    release,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.platform.conftest import Checkout, Program

REDIS = redis('HelmRepository("bitnami", "https://charts.bitnami.com/bitnami")', "19.x")
MANIFESTS = NAMESPACE + kustomization("manifests", 'timeout="20s"')


@pytest.fixture
def become(checkout: Checkout, program: Program) -> Iterator[Callable[[str], None]]:  # noqa: ARG001 - while the stack is there
    """Use a service account that may do only this, in every namespace."""
    name, kinds = checkout.stack, ("clusterrolebinding", "clusterrole", "serviceaccount")

    def use_account(may: str) -> None:
        verbs, _, resources = may.partition(" ")
        given = (f"--verb={verbs}", f"--resource={resources}")
        bound = (f"--clusterrole={name}", f"--serviceaccount=default:{name}")
        checkout.kubectl("create", "serviceaccount", name)
        checkout.kubectl("create", "clusterrole", name, *given)
        checkout.kubectl("create", "clusterrolebinding", name, *bound)
        token = checkout.kubectl("create", "token", name).strip()
        _use(checkout, lambda entry: entry.update(user={"token": token}))

    yield use_account
    for kind in kinds:
        checkout.kubectl("delete", kind, name)


def _elsewhere(entry: dict[str, Any]) -> None:
    entry["cluster"]["server"] = "https://127.0.0.1:1"


def _invalid_token(entry: dict[str, Any]) -> None:
    entry["user"] = {"token": "nonsense"}


def _unreadable_certificate(entry: dict[str, Any]) -> None:
    entry["user"] = {"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="}


def test_a_cluster_that_cannot_be_used_is_named(program: Program) -> None:
    checkout = program(MANIFESTS)
    _write(checkout, "kind: ConfigMap, metadata: {name: a}, data: {is: here}")

    def each_is_named() -> None:
        for spoil, reason in (
            (_elsewhere, "dial tcp 127.0.0.1:1: connect: connection refused"),
            (_invalid_token, "it does not accept the credentials"),
            (_unreadable_certificate, "tls: failed to find any PEM data in certificate input"),
        ):
            _use(checkout, spoil)
            said = f"{checkout.stack}: context dev-cluster: the cluster cannot be used: {reason}"
            assert _sentence(checkout) == said
        _use(checkout, lambda _entry: None)

    each_is_named()
    checkout.sluice("up")
    each_is_named()
    assert "Nothing to do" in checkout.sluice("up")


def test_a_context_that_does_not_exist_is_named(program: Program) -> None:
    checkout = program(NAMESPACE, context="nowhere")
    assert _sentence(checkout) == (
        f"{checkout.stack}: context nowhere: the cluster cannot be used: "
        'context "nowhere" does not exist'
    )


def test_what_an_account_may_not_do_is_named_and_the_rest_is_applied(
    program: Program, become: Callable[[str], None]
) -> None:
    checkout = program(MANIFESTS)
    _write(checkout, "kind: ConfigMap, metadata: {name: a}, data: {is: here}")
    _write(checkout, "kind: Secret, metadata: {name: b}, stringData: {is: here}")
    become("get,list,watch,create,patch,update,delete namespaces,configmaps")
    assert _sentence(checkout) == (
        f'{checkout.stack}: manifests: Secret {checkout.stack}/b: secrets "b" is forbidden: '
        f'User "system:serviceaccount:default:{checkout.stack}" cannot patch resource "secrets" '
        f'in API group "" in the namespace "{checkout.stack}"'
    )
    assert "configmap/a" in checkout.names("configmap")
    _use(checkout, lambda _entry: None)
    assert "1 created" in checkout.sluice("up")


def test_a_chart_that_is_not_in_the_repository_is_named(program: Program) -> None:
    checkout = program(REDIS.replace('chart="redis"', 'chart="rediss"'))
    assert "has no chart 'rediss'; did you mean redis?" in checkout.sluice("lock", fails=True)


def test_a_chart_that_is_not_the_locked_one_is_refused(program: Program) -> None:
    checkout = program(REDIS)
    checkout.sluice("lock")
    lock = checkout.root / "stacks" / f"{checkout.stack}.lock.yaml"
    locked = lock.read_text()
    content = yaml.safe_load(locked)
    content["charts"]["redis"]["digest"] = "sha256:" + "0" * 64
    lock.write_text(yaml.safe_dump(content))
    shutil.rmtree(checkout.root / ".sluice" / "charts", ignore_errors=True)
    assert f"but sha256:{'0' * 64} was locked" in _sentence(checkout)
    lock.write_text(locked)
    checkout.sluice("up")


def test_a_template_that_fails_says_why(program: Program) -> None:
    checkout = program(NAMESPACE, release('values={"broken": True}'))
    assert _sentence(checkout) == (
        f"{checkout.stack}: web: execution error at (web/templates/web.yaml:1:27): "
        "the greeting is missing"
    )
    program(NAMESPACE, release()).sluice("up")


def test_a_chart_path_that_does_not_exist_is_named(program: Program) -> None:
    checkout = program(NAMESPACE, release().replace("charts/web", "charts/none"))
    assert _sentence(checkout) == (
        f"{checkout.stack}: stacks/{checkout.stack}.py:17: HelmRelease 'web': "
        "charts/none/Chart.yaml: No such file or directory"
    )


def test_what_the_api_server_rejects_is_named_with_its_reason(program: Program) -> None:
    checkout = program(MANIFESTS)
    _write(checkout, "kind: ConfigMap, metadata: {name: a}, data: {is: here}")
    service = "kind: Service, metadata: {name: b}, spec: {type: NodePort, ports: [{%s}]}"
    _write(checkout, service % "port: 80, nodePort: 80")
    assert _sentence(checkout) == (
        f'{checkout.stack}: manifests: Service {checkout.stack}/b: Service "b" is invalid: '
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. "
        "The range of valid ports is 30000-32767"
    )
    _write(checkout, service % "port: 80")
    assert "1 created" in checkout.sluice("up")


def test_what_cannot_be_changed_in_place_is_replaced(program: Program) -> None:
    checkout = program(MANIFESTS)
    config = "kind: ConfigMap, metadata: {name: a}, immutable: true, data: {is: %s}"
    _write(checkout, config % "here")
    checkout.sluice("up")
    _write(checkout, config % "there")
    assert "deleted before it is made anew" in checkout.sluice("preview", checkout.stack)
    assert "1 replaced" in checkout.sluice("up")


def test_a_namespace_that_is_stuck_terminating_is_named(program: Program) -> None:
    checkout = program(MANIFESTS)
    _write(checkout, "kind: ConfigMap, metadata: {name: a}, data: {is: here}")
    checkout.kubectl("create", "namespace", checkout.stack)
    inside = ("-n", checkout.stack)
    checkout.kubectl("create", "configmap", "kept", *inside)
    _finalizers(checkout, '["example.com/kept"]')
    checkout.kubectl("delete", "namespace", checkout.stack, "--wait=false")
    assert _sentence(checkout) == (
        f'{checkout.stack}: manifests: ConfigMap {checkout.stack}/a: configmaps "a" is forbidden: '
        f"unable to create new content in namespace {checkout.stack} because it is being "
        "terminated"
    )
    _finalizers(checkout, "[]")
    checkout.kubectl("wait", "--for=delete", f"namespace/{checkout.stack}", "--timeout=60s")
    checkout.sluice("up")


STAYS = """
@member
def stays(self):
    return Namespace(f"{NAMESPACE}-stays")
"""


def test_a_namespace_that_cannot_be_removed_is_given_up_in_its_time(program: Program) -> None:
    impatient = NAMESPACE.replace("(NAMESPACE)", '(NAMESPACE, NamespaceArgs(timeout="10s"))')
    checkout = program(impatient, STAYS)
    checkout.sluice("up")
    checkout.kubectl("create", "configmap", "kept", "-n", checkout.stack)
    _finalizers(checkout, '["example.com/kept"]')
    program(STAYS)
    assert f"Namespace {checkout.stack}: " in _sentence(checkout)
    _finalizers(checkout, "[]")
    checkout.kubectl("wait", "--for=delete", f"namespace/{checkout.stack}", "--timeout=60s")
    checkout.sluice("up")
    assert "Nothing to do" in checkout.sluice("up")
    checkout.pulumi("destroy", "--yes", "--skip-preview")


def _sentence(checkout: Checkout) -> str:
    """Return the one sentence that a failing `sluice up` says."""
    shown = checkout.sluice("up", fails=True)
    lines = [line for line in shown.splitlines() if line]
    assert len(lines) == 1, shown
    return lines[0].removeprefix("Error: ")


def _use(checkout: Checkout, change: Any) -> None:
    """Use a copy of dev-cluster's kubeconfig, changed."""
    config = yaml.safe_load((checkout.root / ".sluice/sandbox/kubeconfig").read_text())
    file = checkout.root / ".sluice" / "kubeconfig"
    entries = {kind: _of(config, kind) for kind in ("cluster", "user")}
    change(entries)
    for kind, entry in entries.items():
        _named(config, kind)[kind] = entry
    file.write_text(yaml.safe_dump(config))
    checkout.configure(kubeconfig=str(file))


def _of(config: dict[str, Any], kind: str) -> Any:
    return _named(config, kind)[kind]


def _named(config: dict[str, Any], kind: str) -> Any:
    context = next(each for each in config["contexts"] if each["name"] == "dev-cluster")
    name = context["context"][kind]
    return next(each for each in config[f"{kind}s"] if each["name"] == name)


def _write(checkout: Checkout, body: str) -> None:
    manifest = yaml.safe_load(f"{{apiVersion: v1, {body}}}")
    name = manifest["metadata"]["name"]
    checkout.write(f"manifests/manifests/{name}.yaml", yaml.safe_dump(manifest))


def _finalizers(checkout: Checkout, finalizers: str) -> None:
    patch = f'{{"metadata": {{"finalizers": {finalizers}}}}}'
    checkout.kubectl(
        "patch", "configmap", "kept", "-n", checkout.stack, "--type=merge", f"--patch={patch}"
    )


EXIT_IN_A_CALLBACK = """
@member
def late(self):
    pulumi.Output.from_input(1).apply(lambda _: __import__("sys").exit(0))
"""


def test_an_exit_in_a_callback_deletes_nothing_either(program: Program) -> None:
    checkout = program(NAMESPACE, application("app"))
    checkout.sluice("up", checkout.stack)
    program(NAMESPACE, EXIT_IN_A_CALLBACK)
    for said in (
        checkout.sluice("up", checkout.stack, fails=True),
        checkout.pulumi("up", "--yes", "--skip-preview", fails=True),
    ):
        assert f"stacks/{checkout.stack}.py:17: the program ends here" in said
    assert checkout.names("deployment") == ["deployment.apps/app"]


VERBS = ("build", "preview", "diff", "up")
NEVER_ENDS = """
@member
def never(self):
    while True:
        try:
            pass
        except Exception:
            continue
"""
NEVER_ENDS_LATE = """
@member
def never(self):
    pulumi.Output.from_input(1).apply(lambda _: __import__("time").sleep(1000))
"""


@pytest.mark.parametrize("members", [NEVER_ENDS, NEVER_ENDS_LATE])
def test_a_program_that_never_ends_is_refused(program: Program, members: str) -> None:
    checkout = program(NAMESPACE, members)
    checkout.configure(programTimeout="5s")
    for verb in VERBS:
        said = checkout.sluice(verb, checkout.stack, fails=True)
        assert f"stacks/{checkout.stack}.py:" in said
        assert "the program has not ended after 5s; take out what never ends" in said
        assert f"infrastructure:programTimeout in stacks/Pulumi.{checkout.stack}.yaml" in said


def test_what_stands_for_terabytes_is_refused(program: Program) -> None:
    checkout = program(MANIFESTS)
    levels = ["  l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 13)]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n"
    checkout.write("manifests/manifests/bomb.yaml", head + "\n".join(levels))
    for verb in VERBS:
        said = checkout.sluice(verb, checkout.stack, fails=True)
        assert "manifests/manifests/bomb.yaml: its aliases stand for more than 16 MB" in said


def test_a_file_that_is_too_large_is_refused_unless_it_is_allowed(program: Program) -> None:
    checkout = program(MANIFESTS)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata:\n"
    checkout.write("manifests/manifests/large.yaml", f"{head}  key: {'x' * 3_000_000}\n")
    checkout.configure(manifestMegabytes=2)
    for verb in VERBS:
        said = checkout.sluice(verb, checkout.stack, fails=True)
        assert "manifests/manifests/large.yaml: 3 MB, and a file has at most 2; split it" in said
    checkout.configure(manifestMegabytes=4)
    assert "name: large" in checkout.sluice("build", checkout.stack)


def test_what_a_program_prints_is_not_in_what_a_verb_prints(program: Program) -> None:
    checkout = program(NAMESPACE)
    file = f"stacks/{checkout.stack}.py"
    shouts = 'print("loud")\n__import__("os").system("echo louder")\n'
    checkout.write(file, shouts + (checkout.root / file).read_text())
    built = checkout.ended("sluice", "build", checkout.stack)
    assert [each["kind"] for each in yaml.safe_load_all(built.stdout)] == ["Namespace"]
    assert built.stderr.splitlines() == ["loud", "louder"]
    assert checkout.answer("diff", checkout.stack, code=1)
    assert checkout.answer("preview", checkout.stack)


def test_a_program_that_ends_itself_deletes_nothing(program: Program) -> None:
    checkout = program(NAMESPACE, application("app"))
    checkout.write("stacks/helpers.py", "import sys\n\nsys.exit()\n")
    checkout.sluice("up", checkout.stack)
    before = checkout.names("deployment,service")
    assert before == ["deployment.apps/app"]

    file = f"stacks/{checkout.stack}.py"
    whole = (checkout.root / file).read_text()
    for end in ("import sys; sys.exit(0)", "import os; os._exit(0)", "import stacks.helpers"):
        checkout.write(file, f"{end}\n{whole}")
        for verb in ("up", "preview", "diff", "build"):
            said = checkout.sluice(verb, checkout.stack, fails=True)
            assert "the program ends here, and what it has not declared by then" in said, end
        checkout.pulumi("up", "--yes", "--skip-preview", fails=True)
        assert checkout.names("deployment,service") == before, end
    package = "stacks/__init__.py"
    checkout.write(package, f"import sys\n\nsys.exit(0)\n{(checkout.root / package).read_text()}")
    checkout.pulumi("up", "--yes", "--skip-preview", fails=True)
    checkout.sluice("up", checkout.stack, fails=True)
    assert checkout.names("deployment,service") == before
