"""Records of previews, one for each thing that a report has to tell."""

from __future__ import annotations

from typing import Any, Final

from sluice.diff.change import FieldDifference, PlannedChange, VersionChange
from sluice.diff.danger import loss
from sluice.drift.report import DriftedField
from sluice.report.record import StackPreview
from sluice.status.graph import Edge, Graph

COMMIT: Final = "c0ffee" + "0" * 34
BASE: Final = "ba5e" + "0" * 36
GRAPH: Final = Graph(
    ("application/shop", "helmrelease/redis", "helmrepository/bitnami", "namespace/web"),
    (
        Edge("application/shop", "helmrelease/redis"),
        Edge("application/shop", "namespace/web"),
        Edge("helmrelease/redis", "helmrepository/bitnami"),
    ),
)


def preview(*changes: PlannedChange, stack: str = "dev", **more: Any) -> StackPreview:
    usual: dict[str, Any] = {"base": BASE, "offline": False, "seconds": 4.2, "drift": []}
    given = {**usual, "graph": GRAPH, **more}
    return StackPreview(stack=stack, commit=COMMIT, changes=list(changes), **given)


def change(
    operation: str,
    kind: str,
    name: str,
    *fields: tuple[str, Any, Any],
    release: str = "",
    owner: str = "Application shop",
    versions: tuple[VersionChange, ...] = (),
    note: str = "",
    refusal: str = "",
    warnings: tuple[str, ...] = (),
) -> PlannedChange:
    component_kind, component = owner.split(" ", 1)
    return PlannedChange(
        *("dev", operation, component, component_kind, release, kind, "web", name),
        [FieldDifference(*field) for field in fields],
        *(list(versions), loss(operation, kind), note, list(warnings), refusal),
    )


REDIS: Final = "HelmRelease redis"
PRIVILEGED: Final = 'would violate PodSecurity "restricted:latest"'
INJECTION: Final = (
    "`` | <script>alert(1)</script> @ada **x** [a](javascript:x) ![](http://evil/x.png)\n"
    "# closes #12 www.evil.com https://evil --> </details> | --- ``` \u202etxt"
)
CORPUS: Final[dict[str, list[StackPreview]]] = {
    "no stack": [],
    "no change": [preview()],
    "many": [
        preview(
            change(
                *("update", "Deployment", "shop"),
                ("spec.replicas", 1, 3),
                ("spec.template.spec.containers[0].image", "shop:1.4.2", "shop:1.5.0"),
                ("spec.template.spec.containers[0].env[name=NEW]", None, {"name": "NEW"}),
                ("metadata.labels.old", "", None),
                versions=(VersionChange("image", "shop", "1.4.2", "1.5.0"),),
            ),
            change("create", "ConfigMap", "settings"),
            change("delete", "Service", "legacy"),
        ),
        preview(stack="staging", drift=None, seconds=11.96),
    ],
    "dangerous": [
        preview(
            change("delete", "PersistentVolumeClaim", "data"),
            change("replace", "StatefulSet", "queue", ("spec.serviceName", "a", "b")),
            change("delete", "Namespace", "web", owner="Namespace web"),
            change("delete", "postgresql", "db"),
        )
    ],
    "Helm inside": [
        preview(
            change(
                *("update", "Release", "redis"),
                ("values.replica.replicaCount", 0, 2),
                owner=REDIS,
                versions=(VersionChange("chart", "redis", "19.6.4", "20.0.0"),),
            ),
            change("delete", "StatefulSet", "redis-replicas", release="web/redis", owner=REDIS),
            change(
                *("update", "Deployment", "proxy", ("spec.replicas", 0, 2)),
                release="web/redis",
                owner=REDIS,
                refusal="spec.x: Invalid",
            ),
            charts={"redis": "https://user:pass@charts.bitnami.com/bitnami"},
        )
    ],
    "findings": [
        preview(
            change("create", "Pod", "debug", warnings=(f"{PRIVILEGED}: privileged", "no owner")),
            change(
                *("create", "Pod", "proxy"),
                release="web/redis",
                owner=REDIS,
                warnings=tuple(f"rule {number}" for number in range(7)),
            ),
        )
    ],
    "secrets": [
        preview(
            change("update", "Secret", "login", ("data.password", "*** (before)", "*** (after)"))
        )
    ],
    "failed": [
        preview(
            error='shop: Deployment web/shop: spec.replicas: Invalid value: "-1"',
            where="stacks/base.py:42",
            drift=None,
        )
    ],
    "drift and notes": [
        preview(
            drift=[
                DriftedField(
                    *("dev", "shop", "apps/v1", "Deployment", "web", "shop", "spec.replicas"),
                    *(1, 5, "kubectl", "edited"),
                    corrected=False,
                )
            ],
            notes=["redis: left out, suspended by Ada <ada@example.org>: a | pipe"],
        )
    ],
    "offline": [preview(change("create", "ConfigMap", "new"), offline=True, drift=None)],
    "long values": [
        preview(
            change(
                *("update", "ConfigMap", "settings"),
                ("data.file", "line\n" * 90 + "old\n--dash", "line\n" * 90 + "new\n"),
            )
        )
    ],
    "injection": [
        preview(
            change(
                *("update", INJECTION, INJECTION, (INJECTION, INJECTION, None)),
                owner=f"{'Application'} {INJECTION}",
                versions=(VersionChange("image", INJECTION, INJECTION, INJECTION),),
                note=INJECTION,
                warnings=(INJECTION,),
            ),
            stack="dev|x",
            error=INJECTION,
            where=f"{INJECTION}:1",
            notes=[INJECTION],
            charts={INJECTION: INJECTION},
        )
    ],
}
LONG: Final = [
    preview(
        *(
            change(
                "update", "ConfigMap", f"map-{n}", *((f"data.k{i}", "x" * 90, i) for i in range(8))
            )
            for n in range(120)
        ),
        stack=f"stack-{number}",
    )
    for number in range(20)
]
