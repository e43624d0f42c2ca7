"""Rendering a directory with real kustomize, the one inside kubectl.

As Flux's kustomize-controller does it: what a `Kustomization` adds (patches,
images, prefix, namespace, labels) is an overlay over the directory; a
directory without a kustomization stands for all manifests below it.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from components.base.patch import Patch
from components.errors import DeclarationError
from components.kustomize.substitution import is_disabled, needed, substitute, substitute_leaves
from components.lib.manifests import documents
from components.lib.manifests.limits import check_aliases, check_size

__all__ = ["ImageOverride", "Overlay", "build", "directories", "kustomize_patch"]

_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PARTS = ("resources", "components", "bases")
_REMOTE = ("http://", "https://")
_INSTEAD = (
    "declare its repository as a GitRepository, which `sluice lock` pins, and give its "
    "directory to a Kustomization with source=, or copy it here"
)
_MARK = "sluice/patch-"
_API = "kustomize.config.k8s.io/v1beta1"


@dataclass(frozen=True, kw_only=True)
class ImageOverride:
    """Another name, tag or digest for an image, as in `images` of a kustomization.

    Attributes:
        name: the image as the manifests name it, without tag.
        new_name: the name to use instead.
        new_tag: the tag to use instead.
        digest: the digest to use instead of a tag, `sha256:…`.

    """

    name: str
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""

    def entry(self) -> dict[str, str]:
        """Return the entry of a kustomization's `images`."""
        words = {"newName": self.new_name, "newTag": self.new_tag, "digest": self.digest}
        return {"name": self.name, **{key: value for key, value in words.items() if value}}


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What is laid over the directory; empty changes nothing.

    `components` are relative to the directory. `later` is given where some
    variables are known only later: see `substitute_leaves`.
    """

    patches: Sequence[Patch] = ()
    images: Sequence[ImageOverride] = ()
    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    components: Sequence[str] = ()
    substitute: Mapping[str, str] | None = None
    later: Callable[[str, Callable[[Mapping[str, str]], Any]], Any] | None = None

    def kustomization(self, resources: Sequence[str]) -> dict[str, Any]:
        """Return the kustomization that applies the overlay to the resources."""
        written: dict[str, Any] = {
            "apiVersion": _API,
            "kind": "Kustomization",
            "resources": list(resources),
            "components": list(self.components),
            "patches": [kustomize_patch(patch) for patch in self.patches],
            "images": [image.entry() for image in self.images],
            "namePrefix": self.name_prefix,
            "nameSuffix": self.name_suffix,
            "namespace": self.namespace,
        }
        return {key: value for key, value in written.items() if value}

    def marking(self, resources: Sequence[str]) -> dict[str, Any]:
        """Return the kustomization that only marks what each patch is meant for."""
        patches = [
            {"target": _target(patch), "patch": yaml.safe_dump(_marked(patch, index))}
            for index, patch in enumerate(self.patches)
        ]
        bare = Overlay(components=self.components)
        return {**bare.kustomization(resources), "patches": patches}


def build(folder: Path, overlay: Overlay) -> list[dict[str, Any]]:
    """Render the directory and return its objects in kustomize's order.

    Raises:
        DeclarationError: where the directory or something that it names is
            missing, kustomize refuses it, or a substitution has no value.

    """
    if not folder.is_dir():
        raise DeclarationError(f"path: {folder} is not a directory")
    with tempfile.TemporaryDirectory(prefix="sluice-kustomize-") as temporary:
        root = Path(temporary).resolve()
        resources, arguments = _resources(folder.resolve(), root)
        overlay = replace(overlay, components=_components(overlay, folder, root))

        def render(kustomization: Mapping[str, Any]) -> str:
            (root / _FILES[0]).write_text(yaml.safe_dump(kustomization, sort_keys=False))
            return _run([*arguments, str(root)], folder)

        if overlay.patches:
            _check_matches(overlay, render(overlay.marking(resources)), folder)
        rendered = render(overlay.kustomization(resources))
    return list(_objects(rendered, overlay, str(folder)))


def _components(overlay: Overlay, folder: Path, root: Path) -> list[str]:
    paths = [(folder / component).resolve() for component in overlay.components]
    for component, path in zip(overlay.components, paths, strict=True):
        if not path.is_dir():
            raise DeclarationError(f"components: {component!r} is not a directory below {folder}")
        _check_parts(path)
    return [os.path.relpath(path, root) for path in paths]


def _resources(folder: Path, root: Path) -> tuple[list[str], list[str]]:
    if kustomization_file(folder):
        _check_parts(folder)
        return [os.path.relpath(folder, root)], []
    manifests = [os.path.relpath(path, root) for path in _manifests(folder)]
    if not manifests:
        raise DeclarationError(f"path: {folder} holds no manifests")
    return manifests, ["--load-restrictor", "LoadRestrictionsNone"]


def directories(folder: Path) -> set[Path]:
    """Return the directories that rendering one reads: its parts, or all below it."""
    found: set[Path] = set()
    waiting = [folder.resolve()]
    while waiting:
        directory = waiting.pop()
        if directory in found or not directory.is_dir():
            continue
        found.add(directory)
        file = kustomization_file(directory)
        if file is None:
            waiting.extend(path for path in directory.iterdir() if path.is_dir())
        else:
            waiting.extend((directory / path).resolve() for path in _parts(_loaded(file)))
    return found


def _loaded(file: Path) -> Mapping[str, Any]:
    content = documents.load_file(file)
    if not isinstance(content, dict):
        raise DeclarationError(f"{file}: a kustomization is a map")
    return content


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    return (entry for part in _PARTS for entry in content.get(part) or ())


def kustomization_file(folder: Path) -> Path | None:
    """Return the directory's kustomization, if it has one."""
    return next((folder / name for name in _FILES if (folder / name).is_file()), None)


def _manifests(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and kustomization_file(path):
            _check_parts(path)
            yield path
        elif path.is_dir():
            yield from _manifests(path)
        elif path.suffix in (".yaml", ".yml"):
            _check_file(path)
            yield path


def _check_file(path: Path) -> None:
    """Refuse what kustomize would not come to an end with."""
    check_size(path)
    check_aliases(path.read_text(errors="replace"), where=str(path))


def _check_parts(folder: Path, seen: frozenset[Path] = frozenset()) -> None:
    """Refuse what would be fetched: a commit alone says what runs."""
    if folder in seen:
        return  # kustomize says it best
    file = kustomization_file(folder)
    if file is None:
        raise DeclarationError(f"{folder}: has no kustomization.yaml")
    content = _loaded(file)
    for name in _named_files(content):
        if name.startswith(_REMOTE):
            raise DeclarationError(
                f"{file}: {name!r}: a remote file is not fetched, as no lock pins it: {_INSTEAD}"
            )
        check_size(folder / name)
    for entry in _parts(content):
        path = (folder / entry).resolve()
        if path.is_dir():
            _check_parts(path, seen | {folder})
        elif not path.is_file():
            raise DeclarationError(
                f"{file}: {entry!r} is neither a file nor a directory here; "
                f"a remote base is not fetched, as no lock pins it: {_INSTEAD}"
            )
        else:
            _check_file(path)


def _named_files(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that a kustomization names beside its parts."""
    for key, entries in content.items():
        if key in _PARTS or not isinstance(entries, (list, dict)):
            continue
        for entry in [entries] if isinstance(entries, dict) else entries:
            if isinstance(entry, str):
                yield entry
            elif isinstance(entry, dict):
                named = [entry.get("path"), *(entry.get("files") or ()), *(entry.get("envs") or ())]
                yield from (name.rpartition("=")[2] for name in named if isinstance(name, str))


def _run(arguments: Sequence[str], folder: Path) -> str:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise DeclarationError(
            "kubectl is not on PATH and renders kustomizations; run `make tools`"
        )
    result = subprocess.run(
        [kubectl, "kustomize", *arguments], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise DeclarationError(
            f"{folder}: kustomize: {result.stderr.strip().removeprefix('error: ')}"
        )
    return result.stdout


def _objects(rendered: str, overlay: Overlay, where: str) -> Iterator[dict[str, Any]]:
    if overlay.substitute is None:
        yield from documents.load_all(rendered, where=where)
        return
    for text in rendered.split("\n---\n"):
        manifest = documents.load(text, where=where)
        if manifest and not is_disabled(manifest):
            manifest = _substituted(text, manifest, overlay, where)
        if manifest:
            yield manifest


def _substituted(text: str, manifest: Any, overlay: Overlay, where: str) -> Any:
    variables = overlay.substitute or {}
    if overlay.later is None or needed(text) <= variables.keys():
        return documents.load(substitute(text, variables, where=where), where=where)
    return substitute_leaves(manifest, variables, overlay.later, where=where)


def _check_matches(overlay: Overlay, marked: str, folder: Path) -> None:
    """Refuse a patch that matches nothing, which kustomize passes over in silence."""
    objects = list(documents.load_all(marked, where=str(folder)))
    marks = {mark for each in objects for mark in each["metadata"].get("annotations") or ()}
    for index, patch in enumerate(overlay.patches):
        if _MARK + str(index) not in marks:
            raise DeclarationError(f"{patch.where}: {patch} matches no object of {folder}")


def _marked(patch: Patch, index: int) -> dict[str, Any]:
    metadata = {"name": "any", "annotations": {_MARK + str(index): ""}}
    return {"apiVersion": "v1", "kind": patch.kind, "metadata": metadata}


def _target(patch: Patch) -> dict[str, str]:
    target = {
        "kind": re.escape(patch.kind),
        "name": _pattern(patch.name),
        "namespace": re.escape(patch.namespace),
    }
    return {key: value for key, value in target.items() if value}


def _pattern(name: str) -> str:
    """Return the regular expression, as Go reads it, of a file name's pattern."""
    return fnmatch.translate(name).removeprefix("(?s:").removesuffix(r")\Z")


def kustomize_patch(patch: Patch) -> dict[str, Any]:
    """Return the patch as an entry of `patches` in a kustomization."""
    content: Any
    if patch.merge is not None:
        # The target says what is patched; kustomize wants a type and a name all the same.
        metadata = {"name": "any", **(patch.merge.get("metadata") or {})}
        content = {"apiVersion": "v1", "kind": patch.kind, **patch.merge, "metadata": metadata}
    else:
        content = [dict(operation) for operation in patch.json6902 or ()]
    return {"target": _target(patch), "patch": yaml.safe_dump(content, sort_keys=False)}
