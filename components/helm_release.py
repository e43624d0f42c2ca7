"""`HelmRelease`: a chart, installed and upgraded by Helm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pulumi

from components.artifacts.lock import ChartRequest
from components.charts import CHARTS
from components.component import Component
from components.errors import DeclarationError, SluiceError
from components.helm_repository import HelmRepository
from components.ignore import Ignore
from components.manifests import documents, fields
from components.namespace import Namespace, name_of
from components.oci_repository import OCIRepository
from components.values import has_null, merge_values

__all__ = ["HelmRelease", "HelmReleaseArgs", "ValuesReference"]


@dataclass(frozen=True, kw_only=True)
class ValuesReference:
    """Values kept in an object of the release's namespace, as YAML text under a key.

    Attributes:
        kind: `ConfigMap` or `Secret`; what comes from a Secret stays secret.
        name: the object's name.
        key: the key that holds the YAML; by default `values.yaml`.

    """

    kind: Literal["ConfigMap", "Secret"]
    name: str
    key: str = "values.yaml"


@dataclass(frozen=True, kw_only=True)
class HelmReleaseArgs:
    """Arguments of `HelmRelease`.

    Attributes:
        chart: the chart's name in the repository, or `./path` of a chart in this one.
        namespace: where the release lives; a `Namespace` is waited for.
        repository: where the chart comes from; none for a path.
        version: an exact version or a range as Helm reads it (`12.x`), which
            `sluice lock` pins; by default any release.
        values: values of the chart; they win over the files and the references.
        values_files: YAML files of values, relative to the repository's root.
        values_from: values from ConfigMaps and Secrets, laid over the files in turn.
        release_name: Helm's name of the release; by default the component's.
        timeout: how long Helm waits for the objects to be ready; by default `5m`.
        atomic: whether a failed install is removed and a failed upgrade rolled
            back; by default yes.
        create_namespace: whether Helm makes the namespace; by default no.
        skip_crds: whether the chart's `crds/` are left out; by default no.
        ignore: fields of its objects that are left to others; by default none.

    """

    chart: str
    namespace: str | Namespace
    repository: HelmRepository | OCIRepository | None = None
    version: str = "*"
    values: Mapping[str, Any] = field(default_factory=dict)
    values_files: Sequence[str] = ()
    values_from: Sequence[ValuesReference] = ()
    release_name: str = ""
    timeout: str = "5m"
    atomic: bool = True
    create_namespace: bool = False
    skip_crds: bool = False
    ignore: Sequence[Ignore] = ()


class HelmRelease(Component):
    """A release of a chart: visible to `helm list`, with hooks, upgraded in place.

    Its chart is the one of the stack's lock file. Answers to Flux's
    `HelmRelease`. Secret values stay secret: what Helm renders from them is
    kept encrypted in the state.

    Attributes:
        version: the chart's locked version.
        file_values: what its values files hold, merged.

    """

    def __init__(
        self, name: str, args: HelmReleaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the release `name`."""
        super().__init__(
            "helm:HelmRelease",
            name,
            opts,
            needs=(args.namespace, args.repository),
            ignore=args.ignore,
        )
        self.args = args
        try:
            self._timeout = fields.duration("timeout", args.timeout)
            fields.dns_label("namespace", name_of(args.namespace))
            fields.release_name("release_name", args.release_name or name)
            fields.texts("values_files", args.values_files)
            fields.mapping("values", args.values)
            chart, self.version = self._chart()
            self.file_values = self._file_values()
        except SluiceError as error:
            raise self.refusal(error) from error
        self._release(chart, self._values(self.file_values))
        self.register_outputs(
            {"chart": args.chart, "version": self.version, "repository": _title(args.repository)}
        )

    def _chart(self) -> tuple[str, str]:
        if self.args.repository is None:
            return self._chart_path()
        request = ChartRequest(
            name=self.name,
            source=self.args.repository.url,
            chart=self.args.chart,
            range=self.args.version,
        )
        return CHARTS.get().chart(request)

    def _chart_path(self) -> tuple[str, str]:
        path = self.args.chart
        if not path.startswith("./"):
            raise DeclarationError(
                f"chart: {path!r} has no repository; give repository= or a path that begins with ./"
            )
        metadata = documents.load_file(Path(path) / "Chart.yaml")
        return path, str(metadata.get("version", ""))

    def _file_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for file in self.args.values_files:
            values = merge_values(values, documents.load_values_file(Path(file)))
        return values

    def _values(self, static: Mapping[str, Any]) -> Any:
        references = [self._read(reference) for reference in self.args.values_from]
        if not references:
            return merge_values(static, self.args.values)

        def merged(read: list[Mapping[str, Any]]) -> dict[str, Any]:
            values = dict(static)
            for layer in read:
                values = merge_values(values, layer)
            return values

        below = pulumi.Output.all(*references).apply(merged)
        return below.apply(lambda values: merge_values(values, self.args.values))

    def _read(self, reference: ValuesReference) -> pulumi.Output[Mapping[str, Any]]:
        from pulumi_kubernetes.core import v1  # noqa: PLC0415 - costs half a second, rarely needed

        namespace = name_of(self.args.namespace)
        where = f"{reference.kind} {namespace}/{reference.name}, key {reference.key}"
        found = getattr(v1, reference.kind).get(
            f"{self.name}:{reference.kind}:{reference.name}",
            f"{namespace}/{reference.name}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.unsecret(found.data).apply(
            lambda data: (
                pulumi.Output.secret(_parsed(data, reference, where))
                if reference.kind == "Secret"
                else _parsed(data, reference, where)
            )
        )

    def _release(self, chart: str, values: Any) -> None:
        from pulumi_kubernetes.helm import v3  # noqa: PLC0415 - costs time, only releases need it

        v3.Release(
            self.name,
            name=self.args.release_name or self.name,
            namespace=name_of(self.args.namespace),
            chart=chart,
            version=self.version,
            values=values,
            allow_null_values=has_null(values) or None,
            timeout=self._timeout,
            atomic=self.args.atomic,
            cleanup_on_fail=self.args.atomic,
            # Without it, Helm keeps the last revision's values where none are declared any more.
            reset_values=True,
            create_namespace=self.args.create_namespace,
            skip_crds=self.args.skip_crds,
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["manifest"]),
        )


def _title(repository: HelmRepository | OCIRepository | None) -> str:
    return f"{type(repository).__name__.lower()}/{repository.name}" if repository else ""


def _parsed(data: Mapping[str, str] | None, reference: ValuesReference, where: str) -> Any:
    import base64  # noqa: PLC0415

    text = (data or {}).get(reference.key)
    if text is None:
        raise DeclarationError(f"values_from: {where}: not there")
    if reference.kind == "Secret":
        try:
            text = base64.b64decode(text, validate=True).decode()
        except ValueError:
            raise DeclarationError(f"values_from: {where}: not base64 of text") from None
    return documents.load_values(text, where=f"values_from: {where}")
