"""What is rendered equals what `kustomize build` gives for the same input."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from components import DeclarationError, Patch
from components.kustomize.build import ImageOverride, Overlay, build

CORPUS = Path(__file__).parents[2] / "data" / "kustomize"
CASES = sorted(folder.name for folder in CORPUS.iterdir())

Expected = Callable[[Path], list[str]]


@pytest.fixture(autouse=True)
def kubectl(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned kubectl on PATH, as `sluice env` puts it there."""
    monkeypatch.setenv("PATH", str(programs), prepend=":")


@pytest.fixture
def expected(programs: Path) -> Expected:
    """What the kustomize program renders, read by kubectl: neither knows our YAML reader."""

    def run(folder: Path) -> list[str]:
        arguments = ["build", "--load-restrictor", "LoadRestrictionsNone", folder]
        rendered = subprocess.run(
            [programs / "kustomize", *arguments], capture_output=True, check=True
        )
        read = subprocess.run(
            [programs / "kubectl", "annotate", "--local", "-f", "-", "-o", "json", "none-"],
            input=rendered.stdout,
            capture_output=True,
            check=True,
        )
        return canonical(_each(read.stdout.decode()))

    return run


def canonical(manifests: list[dict[str, Any]]) -> list[str]:
    """Each object as JSON text with its keys in order; the objects as they come."""
    return [
        json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) for manifest in manifests
    ]


def _each(text: str) -> list[dict[str, Any]]:
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        manifest, end = decoder.raw_decode(text)
        if not manifest["metadata"]["annotations"]:
            del manifest["metadata"]["annotations"]  # kubectl's own
        found.append(manifest)
        text = text[end:]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_directory_renders_as_kustomize_renders_it(case: str, expected: Expected) -> None:
    folder = CORPUS / case
    by_hand = folder / "expected"
    reference = expected(by_hand if by_hand.is_dir() else folder / "input")
    assert canonical(build(folder / "input", Overlay())) == reference


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= 30


OVERLAYS = [
    pytest.param(
        Overlay(
            name_prefix="dev-",
            name_suffix="-b",
            namespace="shop",
            images=[ImageOverride(name="registry.local/web", new_tag="2.0")],
        ),
        """
        namePrefix: dev-
        nameSuffix: -b
        namespace: shop
        images: [{name: registry.local/web, newTag: "2.0"}]
        """,
        id="prefix, suffix, namespace and images",
    ),
    pytest.param(
        Overlay(
            patches=[
                Patch(
                    kind="Deployment",
                    name="web",
                    merge={
                        "spec": {
                            "template": {
                                "spec": {"containers": [{"name": "proxy", "image": "p:3"}]}
                            }
                        }
                    },
                )
            ]
        ),
        """
        patches:
        - patch: |
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec: {template: {spec: {containers: [{name: proxy, image: "p:3"}]}}}
        """,
        id="a strategic merge",
    ),
    pytest.param(
        Overlay(
            patches=[
                Patch(
                    kind="Deployment",
                    name="w*",
                    json6902=[{"op": "replace", "path": "/spec/replicas", "value": 4}],
                )
            ]
        ),
        """
        patches:
        - target: {kind: Deployment, name: web}
          patch: |
            [{"op": "replace", "path": "/spec/replicas", "value": 4}]
        """,
        id="JSON 6902, to names of a pattern",
    ),
    pytest.param(
        Overlay(
            name_prefix="x-",
            patches=[
                Patch(kind="Service", name="?eb", merge={"metadata": {"annotations": {"a": "b"}}}),
                Patch(kind="Service", name="web", merge={"spec": {"type": "NodePort"}}),
                Patch(kind="Deployment", name="web", merge={"$patch": "delete"}),
            ],
        ),
        """
        namePrefix: x-
        patches:
        - patch: |
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {a: b}}
            spec: {type: NodePort}
        - patch: |
            $patch: delete
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
        """,
        id="several patches, in order, before the prefix",
    ),
]


@pytest.mark.parametrize(("overlay", "by_hand"), OVERLAYS)
@pytest.mark.parametrize("case", ["base-alone", "plain-directory", "patch-strategic-merge-inline"])
def test_an_overlay_gives_what_the_same_overlay_written_by_hand_gives(
    case: str, overlay: Overlay, by_hand: str, expected: Expected, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(CORPUS / case, tmp_path / case))
    below = "expected" if (folder / "expected").is_dir() else "input"
    (folder / "by-hand").mkdir()
    (folder / "by-hand" / "kustomization.yaml").write_text(
        f"resources: [../{below}]\n{dedent(by_hand)}"
    )
    assert canonical(build(folder / "input", overlay)) == expected(folder / "by-hand")


def config_map(name: str, value: str) -> str:
    return dedent(f"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {name}
        data:
          value: {value}
    """)


def test_substitution_changes_the_rendered_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config_map("a-${zone}", "${zone:-x}/$${zone}"))
    (manifest,) = build(tmp_path, Overlay(substitute={"zone": "eu"}))
    assert manifest["metadata"]["name"] == "a-eu"
    assert manifest["data"] == {"value": "eu/${zone}"}


def test_what_is_substituted_may_become_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  replicas: ${n}\n"
    )
    (manifest,) = build(tmp_path, Overlay(substitute={"n": "3"}))
    assert manifest["spec"] == {"replicas": 3}


def test_without_substitution_an_expression_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config_map("a", '"${zone}"'))
    (manifest,) = build(tmp_path, Overlay())
    assert manifest["data"] == {"value": "${zone}"}


def test_an_object_that_disables_substitution_is_left_alone(tmp_path: Path) -> None:
    disabled = config_map("a", '"${zone}"').replace(
        "name: a", "name: a\n  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}"
    )
    (tmp_path / "a.yaml").write_text(f"{disabled}---{config_map('b', '${zone}')}")
    first, second = build(tmp_path, Overlay(substitute={"zone": "eu"}))
    assert first["data"] == {"value": "${zone}"}
    assert second["data"] == {"value": "eu"}


@pytest.mark.parametrize(
    ("files", "overlay", "problem"),
    [
        ({}, Overlay(), "holds no manifests"),
        ({"notes.txt": "x"}, Overlay(), "holds no manifests"),
        ({"kustomization.yaml": "- a"}, Overlay(), "a kustomization is a map"),
        ({"kustomization.yaml": "a: ["}, Overlay(), "kustomization.yaml: not YAML: line 2"),
        ({"kustomization.yaml": "resource: [a]"}, Overlay(), 'unknown field "resource"'),
        (
            {"kustomization.yaml": "resources: [none.yaml]"},
            Overlay(),
            "'none.yaml' is neither a file nor a directory here",
        ),
        (
            {"kustomization.yaml": "resources: ['https://example.org/a.yaml']"},
            Overlay(),
            "not fetched, as no lock pins it: declare its repository as a GitRepository",
        ),
        (
            {"kustomization.yaml": "resources: ['github.com/a/b?ref=main']"},
            Overlay(),
            "a remote base is not fetched",
        ),
        (
            {"kustomization.yaml": "patches: [{path: 'http://127.0.0.1:1/a.yaml'}]"},
            Overlay(),
            "a remote file is not fetched",
        ),
        (
            {"kustomization.yaml": "resources: [sub]", "sub/a.yaml": "a: b"},
            Overlay(),
            "sub: has no kustomization.yaml",
        ),
        (
            {
                "kustomization.yaml": "resources: [b]",
                "b/kustomization.yaml": "resources: [../.]",
            },
            Overlay(),
            "cycle",
        ),
        ({"a.yaml": "a: ["}, Overlay(), "a.yaml"),
        ({"a.yaml": "a: b"}, Overlay(), "a.yaml"),
        (
            {"a.yaml": config_map("a", "b"), "b.yaml": config_map("a", "c")},
            Overlay(),
            "may not add resource with an already registered id",
        ),
        (
            {"a.yaml": config_map("a", "${zone}")},
            Overlay(substitute={}),
            "${zone} has no value; add 'zone' to substitute",
        ),
        (
            {"a.yaml": config_map("a", "b")},
            Overlay(patches=[Patch(kind="ConfigMap", name="b", merge={})]),
            "patch to ConfigMap b matches no object of",
        ),
        (
            {"a.yaml": config_map("a", "b")},
            Overlay(patches=[Patch(kind="ConfigMap", name="a?", json6902=[])]),
            "patch to ConfigMap a? matches no object of",
        ),
        (
            {"a.yaml": config_map("a", "b")},
            Overlay(
                patches=[
                    Patch(kind="ConfigMap", name="a", json6902=[{"op": "remove", "path": "/spec"}])
                ]
            ),
            "Unable to remove nonexistent key: spec",
        ),
    ],
)
def test_what_cannot_be_rendered_is_an_error_that_says_what_and_where(
    tmp_path: Path, files: dict[str, str], overlay: Overlay, problem: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(DeclarationError) as refusal:
        build(tmp_path, overlay)
    assert problem in str(refusal.value)
    assert str(tmp_path) in str(refusal.value)


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DeclarationError, match="path: none is not a directory"):
        build(Path("none"), Overlay())
