"""Putting back a state in a folder that was lost or damaged, from the copies that Pulumi keeps.

Pulumi keeps one with each update, but goes on with an empty state where the
file is gone, and refuses every command where it is damaged.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sluice.backend.local_state import LocalState
from sluice.errors import RepositoryError

__all__ = ["remove_cut_off", "restore"]

_LOG = logging.getLogger(__name__)
_GONE = "is not there"


def restore(state: LocalState) -> bool:
    """Put the newest readable copy of a state in the place of one that is gone or damaged.

    A damaged file is kept beside it. Returns whether there was need to.

    Raises:
        RepositoryError: where the state is damaged and there is no readable copy.

    """
    damage = _damage(state.checkpoint)
    readable = [copy for copy in _copies(state) if not _damage(copy)] if damage else []
    if not damage or (damage == _GONE and not readable):
        return False
    if not readable:
        raise RepositoryError(
            f"{state.stack}: the state {state.checkpoint} {damage}, and there is no copy; "
            "put back one of yours, or move the file away to adopt what the cluster has"
        )
    newest = max(readable, key=_written)
    kept = _moved_away(state.checkpoint)
    shutil.copy2(newest, state.checkpoint)
    _LOG.warning(
        "%s: the state %s %s; put back its copy %s%s",
        *(state.stack, state.checkpoint, damage, newest.name, kept),
    )
    return True


def remove_cut_off(state: LocalState) -> None:
    """Remove what the backend notes beside its files where a kill has cut it off.

    Pulumi reads no file whose note is damaged ("failed to load checkpoint: EOF"),
    and does without one: content type and checksum, of which it needs none.
    """
    beside = state.checkpoint.parent.glob(f"{state.checkpoint.name}*.attrs")
    for note in (*beside, *state.history.glob("*.attrs")):
        try:
            json.loads(note.read_bytes())
        except ValueError:
            note.unlink(missing_ok=True)


def _copies(state: LocalState) -> list[Path]:
    """Return each update's copy, and that of before the last write."""
    copies = list(state.history.glob("*.checkpoint.json"))
    before = state.checkpoint.with_name(f"{state.checkpoint.name}.bak")
    # `pulumi stack rm` leaves the latter alone, and means it.
    return [*copies, before] if before.exists() and copies else copies


def _deployment(file: Path) -> Mapping[str, Any]:
    content = json.loads(file.read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("checkpoint"), dict):
        raise ValueError("it holds no checkpoint")  # noqa: TRY004 - damaged as any other
    return content["checkpoint"].get("latest") or {}


def _damage(file: Path) -> str:
    try:
        _deployment(file)
    except FileNotFoundError:
        return _GONE
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    return ""


def _written(copy: Path) -> str:
    # What Pulumi says in it, and not the file's time, which copying changes.
    return str((_deployment(copy).get("manifest") or {}).get("time", ""))


def _moved_away(file: Path) -> str:
    if not file.exists():
        return ""
    names = (file.with_name(f"{file.stem}.damaged-{number}") for number in itertools.count(1))
    kept = next(name for name in names if not name.exists())
    file.rename(kept)
    return f", and kept the damaged file as {kept.name}"
