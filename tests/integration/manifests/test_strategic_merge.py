"""`strategic_merge` against kustomize's own result for the same patch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.base.patch import Patch, apply_patch
from components.lib.manifests import documents

Pair = tuple[dict[str, Any], dict[str, Any]]


def by_kustomize(programs: Path, folder: Path, pairs: list[Pair]) -> list[str]:
    """Each object as kustomize patches it, as canonical JSON."""
    bases = [{**base, "metadata": _named(base, n)} for n, (base, _) in enumerate(pairs)]
    patches = [
        {
            "target": {"kind": base["kind"], "name": f"x{n}"},
            "patch": yaml.safe_dump({**_type(base), **patch, "metadata": _named(patch, n)}),
        }
        for n, (base, patch) in enumerate(pairs)
    ]
    (folder / "base.yaml").write_text(yaml.safe_dump_all(bases))
    (folder / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["base.yaml"], "patches": patches})
    )
    rendered = subprocess.run(
        [programs / "kustomize", "build", folder], capture_output=True, text=True, check=True
    ).stdout
    objects = {m["metadata"]["name"]: m for m in documents.load_all(rendered, where="")}
    return [canonical(objects[f"x{n}"]) for n in range(len(pairs))]


def by_us(pairs: list[Pair]) -> list[str]:
    return [
        canonical(
            apply_patch(
                {**base, "metadata": _named(base, n)},
                Patch(kind=base["kind"], name="*", merge={**patch, "metadata": _named(patch, n)}),
            )
        )
        for n, (base, patch) in enumerate(pairs)
    ]


def canonical(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, sort_keys=True, indent=1)


def _named(manifest: dict[str, Any], number: int) -> dict[str, Any]:
    return {**manifest.get("metadata", {}), "name": f"x{number}"}


def _type(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: manifest[key] for key in ("apiVersion", "kind")}


def pod(spec: str, patch: str) -> Any:
    return pytest.param("v1", "Pod", spec, patch, id=f"{spec} + {patch}")


CASES = [
    pod("{nodeName: a}", "{hostname: b}"),
    pod("{nodeName: a, hostname: b}", "{nodeName: null}"),
    pod("{nodeName: a}", "{hostname: null}"),
    pod("{nodeSelector: {a: b, c: d}}", "{nodeSelector: {a: null, e: f}}"),
    pod("{nodeSelector: {a: b}}", "{nodeSelector: null}"),
    pod("{nodeSelector: {a: b}}", "{nodeSelector: {}}"),
    pod("{nodeSelector: {a: b}}", "{nodeSelector: {a: null}}"),
    pod("{nodeName: a}", "{nodeSelector: {}}"),
    pod("{nodeName: a}", "{nodeSelector: {a: null}}"),
    pod("{nodeName: a}", "{nodeSelector: {a: null, b: c}}"),
    pod("{nodeSelector: {a: b}}", "{nodeSelector: {$patch: replace, c: d}}"),
    pod("{nodeSelector: {a: b}, nodeName: a}", "{nodeSelector: {$patch: delete}}"),
    pod("{nodeSelector: {a: b}}", "{nodeSelector: {$patch: merge, c: d}}"),
    pod("{nodeName: a}", "{nodeSelector: {$patch: delete}}"),
    pod("{containers: [{name: a, image: x}]}", "{containers: [{name: a, image: y}]}"),
    pod("{containers: [{name: a, image: x}]}", "{containers: [{name: b, image: y}]}"),
    pod(
        "{containers: [{name: a, image: x}, {name: b, image: y}, {name: c, image: z}]}",
        "{containers: [{name: d, image: v}, {name: b, image: w}]}",
    ),
    pod(
        "{containers: [{name: a, image: x}, {name: b, image: y}]}",
        "{containers: [{name: a, $patch: delete}]}",
    ),
    pod("{containers: [{name: a}]}", "{containers: [{name: b, $patch: delete}]}"),
    pod("{nodeName: a}", "{containers: [{name: b, $patch: delete}, {name: c, image: z}]}"),
    pod(
        "{containers: [{name: a, image: x}, {name: b, image: y}]}",
        "{containers: [{$patch: replace}, {name: c, image: z}]}",
    ),
    pod("{containers: [{name: a, image: x}], nodeName: a}", "{containers: [{$patch: delete}]}"),
    pod("{containers: [{name: a, image: x}], nodeName: a}", "{containers: null}"),
    pod("{containers: [{name: a, image: x}]}", "{containers: []}"),
    pod(
        "{containers: [{name: a, command: [x, y]}]}",
        "{containers: [{name: a, command: [z]}]}",
    ),
    pod("{containers: [{name: a, command: [x]}]}", "{containers: [{name: a, command: []}]}"),
    pod("{containers: [{name: a, command: [x]}]}", "{containers: [{name: a, command: null}]}"),
    pod(
        "{containers: [{name: a, env: [{name: A, value: x}, {name: B, value: y}]}]}",
        "{containers: [{name: a, env: [{name: B, value: z}, {name: C, value: null}]}]}",
    ),
    pod(
        "{containers: [{name: a, env: [{name: A, value: x}]}]}",
        "{containers: [{name: a, env: [{name: A, value: null,"
        " valueFrom: {fieldRef: {fieldPath: b}}}]}]}",
    ),
    pod("{containers: [{name: a}]}", "{containers: [{name: a, env: [{name: B, value: b}]}]}"),
    pod(
        "{containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 90}]}]}",
        "{containers: [{name: a, ports: [{containerPort: 90, name: x}]}]}",
    ),
    pod(
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: TCP},"
        " {containerPort: 53, protocol: UDP}]}]}",
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP, name: u}]}]}",
    ),
    pod(
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: TCP},"
        " {containerPort: 53, protocol: UDP}]}]}",
        "{containers: [{name: a, ports: [{containerPort: 54, protocol: UDP, name: u}]}]}",
    ),
    pod(
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: TCP},"
        " {containerPort: 53, protocol: UDP}]}]}",
        "{containers: [{name: a, ports: [{containerPort: 53, protocol: TCP, $patch: delete}]}]}",
    ),
    pod(
        "{topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule},"
        " {topologyKey: host, whenUnsatisfiable: ScheduleAnyway}]}",
        "{topologySpreadConstraints: [{topologyKey: host, whenUnsatisfiable: ScheduleAnyway,"
        " maxSkew: 2}]}",
    ),
    pod(
        "{volumes: [{name: a, emptyDir: {}}]}",
        "{volumes: [{name: a, emptyDir: null, configMap: {name: b}}]}",
    ),
    pod("{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: b, emptyDir: {}}]}"),
    pod("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}"),
    pod("{imagePullSecrets: [{name: a}]}", "{imagePullSecrets: [{name: b}]}"),
    pod("{hostAliases: [{ip: a, hostnames: [b]}]}", "{hostAliases: [{ip: a, hostnames: [c]}]}"),
    pod("{securityContext: {runAsUser: 1}}", "{securityContext: {runAsGroup: 2}}"),
    pod("{priority: 1}", "{priority: 0}"),
    pod("{hostNetwork: true}", "{hostNetwork: false}"),
    pod("{hostname: a}", "{hostname: ''}"),
    pytest.param(
        "v1",
        "Service",
        "{ports: [{port: 53, protocol: TCP, name: t}, {port: 53, protocol: UDP, name: u}]}",
        "{ports: [{port: 53, protocol: UDP, nodePort: 30000}, {port: 80, protocol: TCP}]}",
        id="a Service's ports are named by port and protocol",
    ),
    pytest.param(
        "apps/v1",
        "Deployment",
        "{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}",
        "{strategy: {type: Recreate, rollingUpdate: null}}",
        id="a strategy is changed",
    ),
    pytest.param(
        "example.org/v1",
        "Queue",
        "{workers: [{name: a, size: 1}, {name: b}], limits: {x: 1}}",
        "{workers: [{name: a, size: 2}], limits: {y: null, z: 2}}",
        id="a custom resource's lists are replaced",
    ),
]


@pytest.mark.parametrize(("api_version", "kind", "spec", "patch"), CASES)
def test_a_merge_gives_what_kustomize_gives(
    programs: Path, tmp_path: Path, api_version: str, kind: str, spec: str, patch: str
) -> None:
    base = {"apiVersion": api_version, "kind": kind, "spec": yaml.safe_load(spec)}
    pairs = [(base, {"spec": yaml.safe_load(patch)})]
    assert by_us(pairs) == by_kustomize(programs, tmp_path, pairs)


@pytest.mark.parametrize(
    ("base", "patch", "merged"),
    [
        (
            {"containerPort": 80, "protocol": "TCP"},
            {"containerPort": 80, "name": "x"},
            {"containerPort": 80, "protocol": "TCP", "name": "x"},
        ),
        (
            {"containerPort": 80},
            {"containerPort": 80, "protocol": "TCP", "name": "x"},
            {"containerPort": 80, "protocol": "TCP", "name": "x"},
        ),
    ],
)
def test_a_port_whose_protocol_only_one_side_names_is_patched_where_kustomize_loses_the_patch(
    programs: Path,
    tmp_path: Path,
    base: dict[str, Any],
    patch: dict[str, Any],
    merged: dict[str, Any],
) -> None:
    def pod_with(port: dict[str, Any]) -> dict[str, Any]:
        return {"spec": {"containers": [{"name": "a", "ports": [port]}]}}

    pairs: list[Pair] = [({"apiVersion": "v1", "kind": "Pod", **pod_with(base)}, pod_with(patch))]
    assert json.loads(by_us(pairs)[0])["spec"] == pod_with(merged)["spec"]
    assert json.loads(by_kustomize(programs, tmp_path, pairs)[0])["spec"] == pod_with(base)["spec"]


def test_finalizers_are_joined_the_patch_s_first(programs: Path, tmp_path: Path) -> None:
    base = {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": ["a/a", "b/b"]}}
    pairs: list[Pair] = [(base, {"metadata": {"finalizers": ["c/c", "b/b"]}})]
    assert by_us(pairs) == by_kustomize(programs, tmp_path, pairs)


NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from(["x", "y", "", "true", "1"])


def named(items: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.tuples(NAMES, items).map(lambda pair: {"name": pair[0], **pair[1]}),
        max_size=3,
        unique_by=lambda item: item["name"],
    )


def spec(*, nulls: bool) -> st.SearchStrategy[dict[str, Any]]:
    """A Pod's spec of a few fields of each kind; in a patch some are null."""
    scalar = st.one_of(SCALARS, st.none()) if nulls else SCALARS
    texts = st.dictionaries(NAMES, scalar, max_size=3)
    environment = named(st.fixed_dictionaries({"value": scalar}))
    port = st.fixed_dictionaries(
        {
            "containerPort": st.sampled_from([53, 80, 443]),
            "protocol": st.sampled_from(["TCP", "UDP"]),
        },
        optional={"name": SCALARS},
    )
    ports = st.lists(port, max_size=3, unique_by=lambda p: (p["containerPort"], p["protocol"]))
    container = st.fixed_dictionaries(
        {"image": SCALARS},
        optional={
            "command": st.lists(SCALARS, max_size=2),
            "env": environment,
            "ports": ports,
            "resources": st.fixed_dictionaries({}, optional={"limits": texts}),
        },
    )
    return st.fixed_dictionaries(
        {"containers": named(container)},
        optional={"nodeSelector": texts, "nodeName": scalar, "hostNetwork": st.booleans()},
    )


PAIRS = st.tuples(spec(nulls=False), spec(nulls=True)).map(
    lambda specs: (
        {"apiVersion": "v1", "kind": "Pod", "spec": specs[0]},
        {"spec": specs[1]},
    )
)


@settings(
    max_examples=25,
    deadline=None,  # it runs kustomize
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(PAIRS, min_size=1, max_size=20))
def test_any_merge_gives_what_kustomize_gives(
    programs: Path, tmp_path: Path, pairs: list[Pair]
) -> None:
    assert by_us(pairs) == by_kustomize(programs, tmp_path, pairs)
