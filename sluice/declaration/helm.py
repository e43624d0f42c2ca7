"""What a chart renders to, asked of Helm itself.

Values go by Helm's standard input: they are neither among its arguments nor
in a file.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.errors import DeclarationError
from components.lib.manifests import documents
from sluice.declaration.helm_program import environment, program
from sluice.kubernetes.cluster import Cluster
from toolchain.programs import KUBERNETES

__all__ = ["Capabilities", "Chart", "RenderedObject", "capabilities", "render"]

_SOURCE = re.compile(r"^# Source: \S+?/(\S+)$", re.MULTILINE)
_BREAK = re.compile(r"^---\s*$", re.MULTILINE)
_HOOK = "helm.sh/hook"
_CLUSTER_SCOPED = """
APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding
ClusterTrustBundle CustomResourceDefinition DeviceClass FlowSchema IPAddress IngressClass
MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace
Node PersistentVolume PriorityClass PriorityLevelConfiguration RuntimeClass ServiceCIDR
StorageClass StorageVersionMigration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass
"""


@dataclass(frozen=True)
class Chart:
    """A chart and what a release makes of it.

    Attributes:
        release: the release's name.
        namespace: its namespace.
        path: the chart, relative to the repository's root.
        values: the chart's values; never to be shown.
        skip_crds: whether the chart's `crds/` are left out.
        postrender: the program that changes what Helm rendered, relative to the repository's
            root; empty for none.

    """

    release: str
    namespace: str
    path: str
    values: Mapping[str, Any] = field(repr=False)
    skip_crds: bool = False
    postrender: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What a chart is told of the cluster.

    Attributes:
        kubernetes: its version; by default the one that the sandbox runs.
        kinds: the API versions and kinds that it serves; by default Kubernetes' own.
        cluster_scoped: of those, the ones without a namespace.
        context: the kubeconfig's context, in which templates may look objects up; empty for none.
        kubeconfig: the kubeconfig, where it is not the usual one.

    """

    kubernetes: str = KUBERNETES
    kinds: Sequence[tuple[str, str]] = ()
    cluster_scoped: frozenset[tuple[str, str]] = frozenset()
    context: str = ""
    kubeconfig: str = ""

    def options(self) -> list[str]:
        """Return Helm's options."""
        api_versions = sorted({*(f"{api}/{kind}" for api, kind in self.kinds)} | self._versions())
        given = ["--kube-version", self.kubernetes]
        given += [f"--api-versions={each}" for each in api_versions]
        if self.context:
            given += ["--dry-run=server", "--kube-context", self.context]
        if self.kubeconfig:
            given += ["--kubeconfig", self.kubeconfig]
        return given

    def _versions(self) -> set[str]:
        return {api for api, _ in self.kinds}

    def has_namespace(self, manifest: Mapping[str, Any], scopes: Mapping[str, str]) -> bool:
        """Whether objects of the manifest's kind live in namespaces."""
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        if (api_version, kind) in self.kinds:
            return (api_version, kind) not in self.cluster_scoped
        group = api_version.rpartition("/")[0]
        return scopes.get(f"{kind}.{group}") != "Cluster" and kind not in _CLUSTER_SCOPED.split()


@dataclass(frozen=True)
class RenderedObject:
    """An object of a release.

    Attributes:
        manifest: the object as Helm applies it; a Secret's values are in clear.
        hook: when it runs, such as `pre-install,pre-upgrade`; empty for what stays.
        from_crds: whether it comes from the chart's `crds/`, which Helm never updates.

    """

    manifest: dict[str, Any] = field(repr=False)
    hook: str = ""
    from_crds: bool = False


def render(
    chart: Chart, root: Path, capabilities: Capabilities, *, installed: bool = False
) -> list[RenderedObject]:
    """Return what a release consists of, each object with its namespace and Helm's marks.

    `installed` says that an upgrade is rendered. The release's revision is 1
    to the templates, whatever it is.

    Raises:
        DeclarationError: with Helm's reason, where the chart refuses its values.

    """
    text = _run(chart, root, capabilities, installed=installed)
    parts = list(_parts(text, where=f"{chart.path}: Helm"))
    scopes = {
        f"{each['spec']['names']['kind']}.{each['spec']['group']}": each["spec"]["scope"]
        for _, each in parts
        if each["kind"] == "CustomResourceDefinition"
    }
    if chart.postrender:
        parts = list(_post_rendered(parts, chart, root))
    return [_object(chart, each, source, capabilities, scopes) for source, each in parts]


def _post_rendered(
    parts: Sequence[tuple[str, dict[str, Any]]], chart: Chart, root: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the parts as the post-renderer leaves them, which gets neither hooks nor `crds/`."""
    given = [each for source, each in parts if not _hook(each) and not _from_crds(source)]
    result = subprocess.run(
        [root / chart.postrender],
        input="---\n".join(map(documents.dump, given)),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise DeclarationError(f"post_renderers: {' '.join(result.stderr.split())}")
    for manifest in documents.load_all(result.stdout, where=f"{chart.path}: post_renderers"):
        yield "", manifest
    yield from (part for part in parts if part[1] not in given)


def _run(chart: Chart, root: Path, capabilities: Capabilities, *, installed: bool) -> str:
    command = [
        str(program()),
        *("template", chart.release, chart.path, "--namespace", chart.namespace, "--values", "-"),
        *([] if chart.skip_crds else ["--include-crds"]),
        *(["--is-upgrade"] if installed else []),
        *capabilities.options(),
    ]
    result = subprocess.run(
        command,
        cwd=root,
        env=environment(root),
        input=json.dumps(chart.values),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        reason = " ".join(result.stderr.replace("Error: ", "").split())
        raise DeclarationError(reason.removesuffix(_ADVICE).strip())
    return result.stdout


_ADVICE = "Use --debug flag to render out invalid YAML"


def _parts(text: str, *, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each document with the chart's file that it is rendered from."""
    source = ""
    for part in _BREAK.split(text):
        named = _SOURCE.search(part)
        # Helm names the file once, above the first of its documents.
        source = named[1] if named else source
        manifest = documents.load(part, where=where)
        if manifest:
            items = manifest.get("items") if str(manifest["kind"]).endswith("List") else None
            for each in items if isinstance(items, list) else [manifest]:
                yield source, each


def _object(
    chart: Chart,
    manifest: dict[str, Any],
    source: str,
    capabilities: Capabilities,
    scopes: Mapping[str, str],
) -> RenderedObject:
    metadata = dict(manifest.get("metadata") or {})
    if capabilities.has_namespace(manifest, scopes):
        metadata.setdefault("namespace", chart.namespace)
    hook, from_crds = _hook(manifest), _from_crds(source)
    if not hook and not from_crds:
        metadata = _marked(metadata, chart)
    return RenderedObject({**manifest, "metadata": metadata}, hook, from_crds)


def _hook(manifest: Mapping[str, Any]) -> str:
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(_HOOK) or "")


def _from_crds(source: str) -> bool:
    return "/crds/" in f"/{source}"


def _marked(metadata: Mapping[str, Any], chart: Chart) -> dict[str, Any]:
    """Return the metadata with what Helm itself adds to each object."""
    return {
        **metadata,
        "labels": {
            **(metadata.get("labels") or {}),
            "app.kubernetes.io/managed-by": "Helm",
        },
        "annotations": {
            **(metadata.get("annotations") or {}),
            "meta.helm.sh/release-name": chart.release,
            "meta.helm.sh/release-namespace": chart.namespace,
        },
    }


def capabilities(cluster: Cluster) -> Capabilities:
    """Return what charts are told of a cluster."""
    kinds = cluster.served()
    return Capabilities(
        kubernetes=cluster.version(),
        kinds=sorted(kinds),
        cluster_scoped=frozenset(kind for kind in kinds if not cluster.namespaced(*kind)),
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
    )
