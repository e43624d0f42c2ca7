"""One-line corrections to upstream modules that do not compile at the unified versions.

The wrapper module takes one version of each common dependency, so that its
programs share compiled packages; two of them were written for an older one.
Go refuses an overlay on its module cache, so the verified module is copied,
corrected and put in place by a `replace` in the build's copy of `go.mod`.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.cache import staged
from toolchain.errors import PatchError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PATCHES", "Patch", "apply_patch", "copy_writable", "patches_for"]

_STAMP = ".sluice-patch"


@dataclass(frozen=True)
class Patch:
    """Replace `old`, which must occur `count` times in a module's file, by `new`."""

    module: str
    version: str
    file: str
    old: str
    new: str
    count: int
    programs: tuple[str, ...]
    reason: str

    @property
    def digest(self) -> str:
        """A digest that changes with the patch."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()


PATCHES = (
    Patch(
        module="github.com/pulumi/pulumi-kubernetes/provider/v4",
        version="v4.0.0-20260115033456-f47bc2d6f199",
        file="pkg/gen/schema.go",
        old="\t\tProvider: pschema.ResourceSpec{",
        new="\t\tProvider: &pschema.ResourceSpec{",
        count=1,
        programs=("pulumi-resource-kubernetes",),
        reason="the field became a pointer in the engine's newer schema package",
    ),
    Patch(
        module="sigs.k8s.io/kwok",
        version="v0.7.0",
        file="pkg/utils/informer/informer.go",
        old="metav1.InitialEventsListBlueprintAnnotationKey",
        new='"kubernetes.io/initial-events-list-blueprint"',
        count=2,
        programs=("kwok",),
        reason="apimachinery 0.35 no longer has the constant",
    ),
)
"""The patches; each names the programs whose build needs it."""


def patches_for(programs: Iterable[str]) -> tuple[Patch, ...]:
    """Give the patches that a build of these programs needs."""
    wanted = set(programs)
    return tuple(patch for patch in PATCHES if wanted.intersection(patch.programs))


def apply_patch(patch: Patch, module: Path, target: Path) -> None:
    """Make `target` a corrected copy of the module's folder, unless it is one.

    Raises `PatchError` if the old text does not occur as often as expected.
    """
    stamp = target / _STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == patch.digest:
        return
    corrected = _corrected(patch, module)
    with staged(target) as folder:
        copy_writable(module, folder)
        (folder / patch.file).write_text(corrected, encoding="utf-8")
        (folder / _STAMP).write_text(patch.digest, encoding="utf-8")


def _corrected(patch: Patch, module: Path) -> str:
    where = f"{patch.file} of {patch.module} {patch.version}"
    try:
        text = (module / patch.file).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PatchError(f"there is no {where}, which a patch corrects") from error
    occurrences = text.count(patch.old)
    if occurrences != patch.count:
        raise PatchError(
            f"{where} holds the text to be patched {occurrences} times, not {patch.count}"
        )
    return text.replace(patch.old, patch.new)


def copy_writable(module: Path, folder: Path) -> None:
    """Copy contents without modes: Go's module cache is read-only."""
    for path in sorted(module.rglob("*")):
        target = folder / path.relative_to(module)
        if path.is_dir():
            target.mkdir()
        else:
            shutil.copyfile(path, target)
