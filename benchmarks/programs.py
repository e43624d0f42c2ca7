"""The programs that Sluice and plain Pulumi are given, as their users would write them."""

from __future__ import annotations

from benchmarks.manifests import LABEL

__all__ = ["ENVIRONMENT", "NOTHING", "PROJECT", "STACK_SETTINGS", "plain_program"]

ENVIRONMENT = '''\
"""The benchmark's environment."""

from components import Environment, Kustomization, KustomizationArgs, member


class Benchmark(Environment):
    """A directory of manifests."""

    @member
    def settings(self) -> Kustomization:
        return Kustomization("settings", KustomizationArgs(path="{path}"))
'''

NOTHING = '''\
"""The benchmark's environment, with nothing in it."""

from components import Environment


class Benchmark(Environment):
    """Nothing."""
'''

STACK_SETTINGS = """\
config:
  infrastructure:context: {context}
"""

PROJECT = """\
name: {name}
runtime:
  name: python
  options:
    virtualenv: .venv
"""

_PLAIN = '''\
"""A plain Pulumi program: ConfigMaps as typed resources."""

import pulumi_kubernetes as kubernetes

for number in range({objects}):
    name = f"settings-{{number:04}}"
    changed = "-changed" if number < {changed} else ""
    kubernetes.core.v1.ConfigMap(
        name,
        metadata=kubernetes.meta.v1.ObjectMetaArgs(
            name=name,
            namespace="{namespace}",
            labels={{"{key}": "{label}"}},
        ),
        data={{
            "setting": f"value-{{number}}{{changed}}",
            "template": (
                "listen 8080\\n"
                "log level=info format=json\\n"
                f"upstream http://service-{{number}}.{namespace}.svc:8080 timeout=30s\\n"
            ),
        }},
    )
'''


def plain_program(namespace: str, objects: int, *, changed: bool) -> str:
    """Return the plain program; with `changed`, its first object is another."""
    key, label = LABEL.split("=")
    return _PLAIN.format(
        namespace=namespace, objects=objects, changed=int(changed), key=key, label=label
    )
