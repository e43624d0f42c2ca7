"""JSON 6902 patches against kustomize's own result, or its refusal, for the same patch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from components.base.patch import Patch, apply_patch
from components.errors import DeclarationError
from components.lib.manifests import documents

Operations = list[dict[str, Any]]

TOKENS = st.sampled_from(["a", "b", "list", "0", "1", "2", "-", "a~1b", "m~0n"])
PATHS = st.lists(TOKENS, min_size=1, max_size=3).map(lambda parts: "/data/" + "/".join(parts))
VALUES = st.sampled_from(["x", "", 1, 0, True, None, [], ["x"], {}, {"a": "x"}])
LEAVES = st.sampled_from(["x", 1, False, ["x", "y", "z"], [{"a": 1}], {"a": "x", "list": ["x"]}])
DATA = st.dictionaries(st.sampled_from(["a", "b", "list", "a/b", "m~n"]), LEAVES, max_size=4)
OPERATIONS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "test"]), "path": PATHS, "value": VALUES}
    ),
    st.fixed_dictionaries({"op": st.just("remove"), "path": PATHS}),
    st.fixed_dictionaries({"op": st.sampled_from(["move", "copy"]), "from": PATHS, "path": PATHS}),
)


def by_kustomize(programs: Path, folder: Path, base: dict[str, Any], patch: Operations) -> str:
    """The object as kustomize patches it, as canonical JSON; empty where it refuses."""
    target = {"kind": "Queue", "name": "a"}
    patches = [{"target": target, "patch": json.dumps(patch)}]
    (folder / "base.yaml").write_text(yaml.safe_dump(base))
    (folder / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["base.yaml"], "patches": patches})
    )
    command = [programs / "kustomize", "build", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        return ""
    (manifest,) = documents.load_all(result.stdout, where="")
    return json.dumps(manifest, sort_keys=True)


def by_us(base: dict[str, Any], patch: Operations) -> str:
    try:
        manifest = apply_patch(base, Patch(kind="Queue", name="a", json6902=patch))
    except DeclarationError:
        return ""
    return json.dumps(manifest, sort_keys=True)


@settings(
    max_examples=60,
    deadline=None,  # it runs kustomize
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(DATA, st.lists(OPERATIONS, min_size=1, max_size=4))
@example({"list": ["x"]}, [{"op": "add", "path": "/data/list/-", "value": "y"}])
@example({"a": "x"}, [{"op": "move", "from": "/data/a", "path": "/data/b"}])
@example({"a/b": "x"}, [{"op": "replace", "path": "/data/a~1b", "value": "y"}])
@example({}, [{"op": "remove", "path": "/data/a"}])
@example({}, [{"op": "replace", "path": "/data/a", "value": "x"}])
def test_any_operations_give_what_kustomize_gives_or_are_refused_as_it_refuses(
    programs: Path, tmp_path: Path, data: dict[str, Any], patch: Operations
) -> None:
    metadata = {"name": "a"}
    base = {"apiVersion": "example.org/v1", "kind": "Queue", "metadata": metadata, "data": data}
    steps = (patch[: count + 1] for count in range(len(patch)))
    refused = next((step[-1] for step in steps if not by_us(base, step)), {"op": ""})
    # kustomize reads a member that is not there as null.
    assume(refused["op"] != "copy" and refused.get("value", "") is not None)
    assert by_us(base, patch) == by_kustomize(programs, tmp_path, base, patch)
