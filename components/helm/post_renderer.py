"""`PostRenderer`: what kustomize changes of a chart's objects, after Helm has rendered them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.base.patch import Patch
from components.kustomize.build import ImageOverride, Overlay
from components.lib.files import atomic_file
from components.lib.manifests import documents

__all__ = ["PostRenderer", "written"]

FOLDER: Final = Path(".sluice/postrender")
_MANIFESTS: Final = "manifests.yaml"
_SCRIPT: Final = f"""\
#!/bin/sh
# Helm's manifests come in, kustomize's go out, one kustomization after the other.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/{_MANIFESTS}"
for kustomization in "$(dirname "$0")"/*.yaml; do
  cp "$kustomization" "$work/kustomization.yaml"
  kubectl kustomize "$work" >"$work/next"
  mv "$work/next" "$work/{_MANIFESTS}"
done
cat "$work/{_MANIFESTS}"
"""


@dataclass(frozen=True, kw_only=True)
class PostRenderer:
    """Patches and images laid over what a chart renders. Answers to Flux's `postRenderers`.

    Helm hooks and a chart's `crds/` are not changed, as Helm gives neither to it.

    Attributes:
        patches: patches to the chart's objects; one that matches none changes nothing.
        images: other names, tags or digests for images.

    """

    patches: Sequence[Patch] = ()
    images: Sequence[ImageOverride] = ()

    def kustomization(self) -> str:
        """Return the kustomization that does it, as YAML."""
        overlay = Overlay(patches=self.patches, images=self.images)
        return documents.dump(overlay.kustomization([_MANIFESTS]))


def written(renderers: Sequence[PostRenderer]) -> str:
    """Return the program that Helm runs, relative to the repository's root, written if it is new.

    Its folder is named by its content: another content is another program.
    """
    files = {f"{index:03}.yaml": each.kustomization() for index, each in enumerate(renderers)}
    files["run"] = _SCRIPT
    digest = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:12]
    for name, content in files.items():
        path = FOLDER / digest / name
        if not path.exists():
            atomic_file.write(path, content.encode(), mode=0o755)
    return f"./{FOLDER / digest / 'run'}"
