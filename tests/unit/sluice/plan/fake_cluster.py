"""Comparisons with a cluster of a few objects, whose dry run is a plain merge."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.lib.manifests.identity import identify
from components.lib.manifests.patch import strategic_merge
from sluice.declaration.rendering import Manifest, Rendering
from sluice.diff.difference import Comparison
from sluice.diff.masking import Masks
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import ReleaseRecord
from sluice.plan.comparison import Owned, compare


class FakeCluster(Cluster):
    """A cluster that serves every kind but `Widget`."""

    warnings: tuple[str, ...] = ()
    hidden: Collection[tuple[str, str]] = ()

    def __init__(self, *objects: dict[str, Any], refusal: ApiError | None = None) -> None:
        super().__init__("test")
        self._objects = objects
        self._refusal = refusal

    def list(self, _api_version: str, kind: str, *, namespace: str = "", labels: str = "") -> Any:
        assert not labels
        if kind in {of for of, _ in self.hidden}:
            raise _no_permission("list", kind)
        found = (each for each in self._objects if each["kind"] == kind)
        return [each for each in found if namespace in ("", each["metadata"].get("namespace"))]

    def get(self, _api_version: str, kind: str, _namespace: str, name: str) -> Any:
        if (kind, name) in self.hidden:
            raise _no_permission("get", kind)
        found = (each for each in self._objects if each["kind"] == kind)
        return next((each for each in found if each["metadata"]["name"] == name), None)

    def serves(self, _api_version: str, kind: str) -> bool:
        return kind != "Widget"

    def dry_run(self, manifest: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        if self._refusal:
            raise self._refusal
        found = [each for each in self._objects if identify(each) == identify(manifest)]
        merged = strategic_merge(found[0] if found else {}, manifest)
        status = {"observedGeneration": 9}
        return {**merged, "status": status}, self.warnings


def _no_permission(verb: str, kind: str) -> ApiError:
    said = f'{kind} is forbidden: User "ci" cannot {verb} resource "{kind}" in API group ""'
    return ApiError(f"context test: {said}", status=403)


def config_map(name: str = "app", **data: str | None) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "web", "uid": "1", "managedFields": [{}]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def compared(
    cluster: FakeCluster,
    declared: Sequence[Manifest],
    owned: Sequence[Owned] = (),
    recorded: dict[str, ReleaseRecord] | None = None,
    secrets: Sequence[str] = (),
) -> Comparison:
    rendering = Rendering(list(declared), {}, {}, Masks(secrets))
    return compare(cluster, rendering, owned, recorded or {})  # type: ignore[arg-type]
