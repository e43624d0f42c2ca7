"""The members that many tests declare alike, as a stack's file has them.

`program` writes a stack of those that a test gives it, such as
`program(NAMESPACE, release('values={"replicas": 2}'))`.
"""

from __future__ import annotations

NAMESPACE = """
@member
def namespace(self):
    return Namespace(NAMESPACE)
"""


def kustomization(name: str, arguments: str = "") -> str:
    """A Kustomization of `manifests/<name>`, in the stack's namespace."""
    return f"""
@member
def {name}(self):
    return Kustomization(
        "{name}",
        KustomizationArgs(
            path="manifests/{name}", target_namespace=self.namespace, {arguments}
        ),
    )
"""


def release(arguments: str = "", *, name: str = "web", timeout: str = "1m") -> str:
    """A HelmRelease of the chart `web`, in the stack's namespace."""
    return f"""
@member
def {name}(self):
    return HelmRelease(
        "{name}",
        HelmReleaseArgs(
            chart="./charts/web", namespace=self.namespace, timeout="{timeout}", {arguments}
        ),
    )
"""


def redis(repository: str, version: str) -> str:
    """A HelmRelease of the published chart `redis`, which makes its namespace."""
    return f"""
@member
def redis(self):
    return HelmRelease(
        "redis",
        HelmReleaseArgs(
            chart="redis",
            repository={repository},
            version="{version}",
            namespace=NAMESPACE,
            create_namespace=True,
        ),
    )
"""


def application(name: str, arguments: str = "", *, tag: str = "1") -> str:
    """An Application, in the stack's namespace."""
    return f"""
@member
def {name}(self):
    return Application(
        "{name}",
        ApplicationArgs(
            image="registry.local/{name}:{tag}", namespace=self.namespace, {arguments}
        ),
    )
"""
