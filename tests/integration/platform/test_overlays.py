"""The guide's folders `base/` and `overlays/<environment>/patches/`, as they are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from tests.integration.platform.conftest import Checkout, Program

BASE = {
    "namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: my-app}\n",
    "deployment.yaml": """\
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: my-app, namespace: my-app, labels: {app: my-app}}
        spec:
          replicas: 1
          selector: {matchLabels: {app: my-app}}
          template:
            metadata: {labels: {app: my-app}}
            spec:
              containers:
                - name: app
                  image: gitea.local/raibid/my-app:1.0.0
                  env: [{name: LEVEL, value: info}]
        """,
    "kustomization.yaml": "resources: [namespace.yaml, deployment.yaml]\n",
}
OVERLAY = """\
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources: [../../base]
    namespace: {namespace}
    nameSuffix: -{environment}
    commonAnnotations: {{environment: {environment}}}
    images: [{{name: gitea.local/raibid/my-app, newTag: {tag}}}]
    patches:
      - path: patches/replicas.yaml
      - path: patches/level.yaml
        target: {{kind: Deployment, name: my-app}}
    """
REPLICAS = """\
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: my-app, namespace: my-app}}
    spec: {{replicas: {replicas}}}
    """
LEVEL = """\
    - op: replace
      path: /spec/template/spec/containers/0/env/0/value
      value: {level}
    """
ENVIRONMENTS = {
    "dev": {"tag": "1.2.0", "replicas": 1, "level": "debug"},
    "staging": {"tag": "1.1.0", "replicas": 2, "level": "info"},
    "prod": {"tag": "1.0.0", "replicas": 4, "level": "warning"},
}
MEMBERS = """
    @member
    def my_app(self):
        return Kustomization("my-app", KustomizationArgs(path="overlays/%s"))
"""


def test_an_overlay_is_deployed_as_it_lies_there(program: Program) -> None:
    checkout = program("")
    lay_out(checkout)
    for environment, of in ENVIRONMENTS.items():
        program(MEMBERS % environment).sluice("up")
        name = f"my-app-{environment}"
        live = checkout.get("deployment", name)
        container = live["spec"]["template"]["spec"]["containers"][0]
        assert (live["spec"]["replicas"], container["env"][0]["value"], container["image"]) == (
            of["replicas"],
            of["level"],
            f"gitea.local/raibid/my-app:{of['tag']}",
        )
        built = yaml.safe_load_all(checkout.sluice("build", checkout.stack))
        rendered = yaml.safe_load_all(checkout.run("kustomize", "build", f"overlays/{environment}"))
        assert by_name(built) == by_name(rendered)


def lay_out(checkout: Checkout) -> None:
    """Write the folders of the guide's structure for several environments."""
    for file, text in BASE.items():
        checkout.write(f"base/{file}", text)
    for environment, of in ENVIRONMENTS.items():
        folder = f"overlays/{environment}"
        told = {**of, "environment": environment, "namespace": checkout.stack}
        checkout.write(f"{folder}/kustomization.yaml", OVERLAY.format(**told))
        checkout.write(f"{folder}/patches/replicas.yaml", REPLICAS.format(**of))
        checkout.write(f"{folder}/patches/level.yaml", LEVEL.format(**of))


def by_name(manifests: Iterable[Any]) -> Mapping[tuple[str, str], Any]:
    """The manifests without what tells Pulumi's provider how to apply them."""
    found = {(each["kind"], each["metadata"]["name"]): each for each in manifests if each}
    for each in found.values():
        annotations = each["metadata"]["annotations"]
        for key in [key for key in annotations if key.startswith("pulumi.com/")]:
            del annotations[key]
    return found
