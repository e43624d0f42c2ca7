"""Data that is in the cluster already: ConfigMaps and Secrets that a component reads."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pulumi

from components.errors import DeclarationError

if TYPE_CHECKING:
    from components.base.component import Component

__all__ = ["IN_CLUSTER", "DataReference", "InCluster", "read_data", "text_of"]

Kind = Literal["ConfigMap", "Secret"]


@dataclass(frozen=True, kw_only=True)
class DataReference:
    """A ConfigMap or a Secret, whose data is read while Pulumi runs.

    Attributes:
        kind: `ConfigMap` or `Secret`; what comes from a Secret stays secret.
        name: its name.
        namespace: its namespace.
        optional: whether it may be absent; it is looked for before anything is
            made, so one that the same update makes counts from the next on.

    """

    kind: Kind
    name: str
    namespace: str
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class InCluster:
    """Asks the stack's cluster whether an object is there, by kubectl.

    Attributes:
        context: the kubeconfig's context.
        kubeconfig: the kubeconfig, a path or its content, where it is not the usual one.

    """

    context: str
    kubeconfig: str = ""

    def __call__(self, reference: DataReference) -> bool:
        """Whether the object is there.

        Raises:
            DeclarationError: where kubectl is missing or the cluster does not answer.

        """
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            raise DeclarationError(
                f"kubectl is not on PATH and looks for the optional {reference}; run `make tools`"
            )
        with tempfile.NamedTemporaryFile("w", prefix="sluice-", suffix=".yaml") as file:
            command = [kubectl, "get", reference.kind, reference.name]
            command += ["--namespace", reference.namespace, "--context", self.context]
            command += ["--ignore-not-found", "--output", "name", "--request-timeout", "10s"]
            if self.kubeconfig:
                command += ["--kubeconfig", self._path(file.name)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise DeclarationError(f"{reference}: {' '.join(result.stderr.split())}")
        return bool(result.stdout.strip())

    def _path(self, temporary: str) -> str:
        if "\n" not in self.kubeconfig:
            return self.kubeconfig
        Path(temporary).write_text(self.kubeconfig)  # a temporary file is its owner's alone
        return temporary


IN_CLUSTER: Final[ContextVar[Callable[[DataReference], bool]]] = ContextVar(
    "IN_CLUSTER",
    default=lambda _reference: True,  # without a cluster to ask, its data is unknown
)


def read_data(
    component: Component, reference: DataReference
) -> pulumi.Output[Mapping[str, str]] | None:
    """Return the object's data as the cluster keeps it; `text_of` reads an entry of it.

    It is read as a child of `component`, so after all that this waits for.
    None where it is optional and absent.
    """
    if reference.optional and component.cluster:
        raise component.refusal(
            f"{reference}: optional objects are looked for on the stack's own cluster alone, "
            f"and this is on {component.cluster}"
        )
    if reference.optional and not IN_CLUSTER.get()(reference):
        return None
    from pulumi_kubernetes.core import v1  # noqa: PLC0415 - costs half a second, rarely needed

    found = getattr(v1, reference.kind).get(
        f"{component.title}:{reference.kind}:{reference.name}",
        f"{reference.namespace}/{reference.name}",
        opts=pulumi.ResourceOptions(parent=component),
    )
    data: pulumi.Output[Mapping[str, str]] = pulumi.Output.unsecret(found.data)
    return data.apply(lambda entries: entries or {})


def text_of(reference: DataReference, data: Mapping[str, str], key: str) -> str | None:
    """Return an entry as text, not marked as secret yet; None where there is none.

    Raises:
        DeclarationError: where a Secret's entry is no text.

    """
    text = data.get(key)
    if text is None or reference.kind == "ConfigMap":
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        raise DeclarationError(f"{reference}, key {key}: not base64 of text") from None
