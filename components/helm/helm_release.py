"""`HelmRelease`: a chart, installed and upgraded by Helm."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pulumi

from components.base.component import Component
from components.base.ignore import Ignore
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError, SluiceError
from components.helm.chart_crds import chart_crds
from components.helm.helm_test import HelmTest
from components.helm.post_renderer import PostRenderer, written
from components.helm.values import has_null, merge_values
from components.helm.values_reference import ValuesReference
from components.lib.locks.locked_chart import ChartRequest
from components.lib.manifests import documents, fields
from components.lib.manifests.identity import Identity
from components.lib.signatures.verification import trusted
from components.runtime.answers import LOCKED
from components.runtime.references import read_data
from components.sources.git_repository import GitRepository
from components.sources.helm_repository import HelmRepository
from components.sources.oci_repository import OCIRepository

__all__ = ["CRDsPolicy", "HelmRelease", "HelmReleaseArgs"]


class CRDsPolicy(StrEnum):
    """What becomes of the definitions in a chart's `crds/`. Flux's words.

    `Create`: Helm makes them when it installs the release, and never changes them.
    `Skip`: they are left out.
    `CreateReplace`: each is an object of its own, made before the release,
    changed with the chart, and kept when the release goes.
    """

    CREATE = "Create"
    SKIP = "Skip"
    CREATE_REPLACE = "CreateReplace"


@dataclass(frozen=True, kw_only=True)
class HelmReleaseArgs:
    """Arguments of `HelmRelease`.

    Attributes:
        chart: the chart's name in the repository, or `./path` of a chart in this one or
            in a `GitRepository`.
        namespace: where the release lives; a `Namespace` is waited for.
        repository: where the chart comes from; none for a path.
        version: an exact version or a range as Helm reads it (`12.x`), which
            `sluice lock` pins; by default any release.
        depends_on: what has to be deployed and healthy before; by default nothing.
        values: values of the chart; they win over the files and the references.
        values_files: YAML files of values, relative to the repository's root.
        values_from: values from ConfigMaps and Secrets, laid over the files in turn.
        release_name: Helm's name of the release; by default the component's.
        timeout: how long Helm waits for the objects to be ready; by default `5m`.
        atomic: whether a failed install is removed and a failed upgrade rolled
            back; by default yes.
        create_namespace: whether Helm makes the namespace; by default no.
        crds: what becomes of the chart's `crds/`; by default Helm makes them with
            the release and never changes them.
        disable_wait: whether the release is done before its objects are ready; by default no.
        wait_for_jobs: whether it waits for its Jobs to complete as well; by default yes.
        disable_hooks: whether the chart's hooks are left out; by default no.
        disable_openapi_validation: whether an install skips checking objects against the
            cluster's schema; by default no.
        force: whether an upgrade deletes and makes anew what it cannot change; by default no.
        max_history: how many revisions Helm keeps, 0 for all; by default 5.
        post_renderers: what kustomize changes of what the chart renders; by default nothing.
        ignore: fields of its objects that are left to others; by default none.
        test: how `sluice up` and `reconcile` run the chart's tests; by default they do not.

    """

    chart: str
    namespace: str | Namespace
    repository: HelmRepository | OCIRepository | GitRepository | None = None
    version: str = "*"
    depends_on: Sequence[pulumi.Resource] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    values_files: Sequence[str] = ()
    values_from: Sequence[ValuesReference] = ()
    release_name: str = ""
    timeout: str = "5m"
    atomic: bool = True
    create_namespace: bool = False
    crds: CRDsPolicy = CRDsPolicy.CREATE
    disable_wait: bool = False
    wait_for_jobs: bool = True
    disable_hooks: bool = False
    disable_openapi_validation: bool = False
    force: bool = False
    max_history: int = 5
    post_renderers: Sequence[PostRenderer] = ()
    ignore: Sequence[Ignore] = ()
    test: HelmTest | None = None


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
            depends_on=args.depends_on,
            ignore=args.ignore,
        )
        self.args = args
        try:
            self._timeout = fields.duration("timeout", args.timeout)
            fields.dns_label("namespace", name_of(args.namespace))
            self._confine_release()
            fields.release_name("release_name", args.release_name or name)
            fields.texts("values_files", args.values_files)
            fields.mapping("values", args.values)
            fields.choice("crds", args.crds, CRDsPolicy)
            chart, self.version = self._chart()
            self.file_values = self._file_values()
            definitions = self._definitions(Path(chart))
            test = self._test()
        except SluiceError as error:
            raise self.refusal(error) from error
        kept = pulumi.ResourceOptions(retain_on_delete=True)
        made = [self.make(definition, kept) for definition in definitions]
        self._release(chart, self._values(self.file_values), made)
        self.register_outputs(
            {
                "chart": args.chart,
                "version": self.version,
                "repository": _title(args.repository),
                **test,
            }
        )

    def _test(self) -> Mapping[str, Any]:
        if self.args.test is None:
            return {}
        namespace, name = name_of(self.args.namespace), self.args.release_name or self.name
        return {"test": self.args.test.declaration(namespace, name, self.confined_to)}

    def _confine_release(self) -> None:
        namespace = name_of(self.args.namespace)
        if self.confined_to not in ("", namespace):
            raise DeclarationError(
                f"namespace: is {namespace!r}, and its tenant has {self.confined_to!r} alone"
            )

    def _chart(self) -> tuple[str, str]:
        if self.args.repository is None:
            return self._chart_path(Path())
        if isinstance(self.args.repository, GitRepository):
            root = self.args.repository.folder()
            return self._chart_path(root) if root else (self.args.chart, "")
        if isinstance(self.args.repository, OCIRepository) and self.args.repository.ref:
            raise DeclarationError(
                f"repository: OCIRepository {self.args.repository.name!r} is one artifact; declare "
                "the folder of the chart without ref, and give version="
            )
        repository = self.args.repository
        signature = repository.verify if isinstance(repository, OCIRepository) else None
        request = ChartRequest(
            name=self.name,
            source=repository.url,
            chart=self.args.chart,
            range=self.args.version,
            access=repository.access,
            verify=trusted(signature, Path.cwd()),
        )
        return LOCKED.get().chart(request)

    def _chart_path(self, root: Path) -> tuple[str, str]:
        path = self.args.chart
        if not path.startswith("./"):
            raise DeclarationError(
                f"chart: {path!r} has no repository; give repository= or a path that begins with ./"
            )
        metadata = documents.load_file(root / path / "Chart.yaml")
        folder = os.path.relpath(root / path)
        return f"./{folder}", str(metadata.get("version", ""))

    def _file_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for file in self.args.values_files:
            values = merge_values(values, documents.load_values_file(Path(file)))
        return values

    def _values(self, static: Mapping[str, Any]) -> Any:
        read = [(each, self._read(each)) for each in self.args.values_from]
        found = [(reference, data) for reference, data in read if data is not None]
        if not found:
            return merge_values(static, self.args.values)

        def merged(all_data: list[Mapping[str, str]]) -> dict[str, Any]:
            values = dict(static)
            for (reference, _), data in zip(found, all_data, strict=True):
                values = reference.laid_over(values, data, name_of(self.args.namespace))
            return values

        below: pulumi.Output[Any] = pulumi.Output.all(*(data for _, data in found))
        below = below.apply(lambda data: self.explained(merged, data))
        if any(reference.kind == "Secret" for reference, _ in found):
            below = pulumi.Output.secret(below)
        return below.apply(lambda values: merge_values(values, self.args.values))

    def _read(self, reference: ValuesReference) -> pulumi.Output[Mapping[str, str]] | None:
        return read_data(self, reference.source(name_of(self.args.namespace)))

    def _definitions(self, chart: Path) -> list[dict[str, Any]]:
        # What only asks for names has fetched no chart.
        if self.args.crds != CRDsPolicy.CREATE_REPLACE or not chart.exists():
            return []
        return chart_crds(chart)

    def _release(self, chart: str, values: Any, after: Sequence[pulumi.Resource]) -> None:
        from pulumi_kubernetes.helm import v3  # noqa: PLC0415 - costs time, only releases need it

        args = self.args
        name, namespace = args.release_name or self.name, name_of(args.namespace)
        release = Identity("helm.sh/v3", "Release", namespace, name)
        # Helm's options for an install and for an upgrade have names of their own here.
        hooks = {"disable_webhooks": True, "disable_crd_hooks": True} if args.disable_hooks else {}
        v3.Release(
            self.title,
            name=name,
            namespace=namespace,
            chart=chart,
            version=self.version,
            values=values,
            allow_null_values=has_null(values) or None,
            timeout=self._timeout,
            atomic=args.atomic,
            cleanup_on_fail=args.atomic,
            # Without it, Helm keeps the last revision's values where none are declared any more.
            reset_values=True,
            create_namespace=args.create_namespace,
            skip_crds=args.crds != CRDsPolicy.CREATE,
            skip_await=args.disable_wait or None,
            wait_for_jobs=args.wait_for_jobs and not args.disable_wait,
            disable_openapi_validation=args.disable_openapi_validation or None,
            force_update=args.force or None,
            max_history=args.max_history,
            postrender=written(args.post_renderers) if args.post_renderers else None,
            **hooks,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=after,
                additional_secret_outputs=["manifest"],
                aliases=self.former(release, self.title),
            ),
        )


def _title(repository: HelmRepository | OCIRepository | GitRepository | None) -> str:
    return f"{type(repository).__name__.lower()}/{repository.name}" if repository else ""
