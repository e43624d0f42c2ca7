"""New objects of kinds that the cluster does not know."""

from __future__ import annotations

import pytest

from sluice.diff.change import Change, PlannedChange
from sluice.plan.planning import unserved

KIND = "kubernetes:keda.sh/v1alpha1:ScaledObject"
URN = f"urn:pulumi:dev::infra::sluice:keda:ScaledObject${KIND}::web:shop/web"


class FakeCluster:
    """A cluster that serves these kinds."""

    def __init__(self, *kinds: tuple[str, str]) -> None:
        self._kinds = kinds

    def serves(self, api_version: str, kind: str) -> bool:
        return (api_version, kind) in self._kinds


def change(operation: str = "create", urn: str = URN, kind: str = "ScaledObject") -> Change:
    return Change(urn, operation, "web", kind, "shop", "web", ())


def planned(kind: str, name: str) -> PlannedChange:
    return PlannedChange("dev", "create", "x", "HelmRelease", "", kind, "", name, [], [], "", "")


def test_a_kind_that_is_not_there_is_a_sentence() -> None:
    (said,) = unserved([change()], [], FakeCluster())  # type: ignore[arg-type]

    assert said == (
        "ScaledObject shop/web: the cluster does not serve keda.sh/v1alpha1, "
        "and nothing in this stack brings its definition"
    )


@pytest.mark.parametrize(
    ("changes", "rows", "served"),
    [
        ([change()], [], [("keda.sh/v1alpha1", "ScaledObject")]),
        ([change()], [planned("CustomResourceDefinition", "scaledobjects.keda.sh")], []),
        ([change("update")], [], []),
        (
            [change(urn=URN.replace(KIND, "kubernetes:apps/v1:Deployment"), kind="Deployment")],
            [],
            [],
        ),
        (
            [
                change(
                    urn=URN.replace(KIND, "kubernetes:networking.k8s.io/v1:Ingress"), kind="Ingress"
                )
            ],
            [],
            [],
        ),
    ],
)
def test_what_needs_no_sentence(
    changes: list[Change], rows: list[PlannedChange], served: list[tuple[str, str]]
) -> None:
    assert unserved(changes, rows, FakeCluster(*served)) == []  # type: ignore[arg-type]
