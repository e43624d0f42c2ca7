"""Previewing without a cluster and without state: two commits rendered and compared.

For what is not trusted, such as a fork's pull request. Each commit is rendered
by a process of its own that gets none of this one's environment: no
credential, no passphrase, no state, no kubeconfig, no token.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from components.errors import DeclarationError
from components.lib.manifests.identity import identify
from components.runtime.answers import CACHE, MACHINE_MIRRORS
from sluice.diff.change import PlannedChange
from sluice.diff.difference import Difference
from sluice.diff.masking import Masks
from sluice.diff.replacement import is_replaced
from sluice.diff.versions import version_changes
from sluice.git.worktree import checked_out
from sluice.pipeline.preview import failure
from sluice.pipeline.rendered import RenderedObject, RenderedStack
from sluice.plan.planning import in_urgency, of_difference
from sluice.report.record import StackPreview
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.status.graph import Graph

__all__ = ["compared", "offline_preview"]

_NOTE: Final = (
    "two commits were compared, without the cluster: what was changed by hand, and what only the "
    "cluster can refuse, is not known"
)
# What a program needs to find its interpreter, the network and the toolchain's cache.
_KEPT: Final = (
    *("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "SSL_CERT_FILE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
# What is not trusted may never end.
_SECONDS: Final = 300
_EMPTY: Final = RenderedStack([], {}, {}, [], Graph((), ()), {})
_Key = tuple[str, str, str, str]


def offline_preview(stack: Stack, commit: str, base: str) -> StackPreview:
    """Return what differs in what a stack declares between `base` and `commit`, as a record.

    What fails is in the record.

    Raises:
        RepositoryError: where there is no such commit.

    """
    started = time.monotonic()
    record = StackPreview(stack.name, commit, base, offline=True, seconds=0.0, notes=[_NOTE])
    with ThreadPoolExecutor(2) as pool:
        before, after = pool.map(
            lambda each: _tried(stack.repository, each, stack.name), (base, commit)
        )
    if isinstance(after, DeclarationError):
        reason, where = failure(after, stack.name, {})
        record = replace(record, error=reason, where=where)
    elif isinstance(before, DeclarationError):
        reason, where = failure(before, stack.name, {})
        reason = f"the commit before, {base[:7]}, cannot be rendered: {reason}"
        record = replace(record, error=reason, where=where, graph=after.graph)
    else:
        unknown = [
            f"the objects of {each} are not shown: {why}" for each, why in after.unknown.items()
        ]
        changes = compared(stack.name, before, after)
        record = replace(record, changes=changes, notes=[_NOTE, *unknown])
        record = replace(record, graph=after.graph, charts=after.sources)
    return replace(record, seconds=round(time.monotonic() - started, 1))


def compared(stack: str, before: RenderedStack, after: RenderedStack) -> list[PlannedChange]:
    """Return the objects that differ between two renderings, what loses data first."""
    masks = Masks((*before.secrets, *after.secrets))
    unknown = {*before.unknown, *after.unknown}
    left, right = (_by_key(each, unknown) for each in (before, after))
    groups: dict[str, list[PlannedChange]] = {}
    for release, row in _releases(stack, before, after):
        groups[release] = [row]
    for key in dict.fromkeys((*right, *left)):
        found = _difference(stack, masks, left.get(key), right.get(key))
        if found is not None:
            groups.setdefault(found.release or str(key), []).append(found)
    return in_urgency(list(groups.values()))


def _releases(
    stack: str, before: RenderedStack, after: RenderedStack
) -> Iterator[tuple[str, PlannedChange]]:
    """Yield the releases that come, go, or run another chart."""
    for release in dict.fromkeys((*after.charts, *before.charts)):
        component, old = before.charts.get(release, ("", ""))
        component, new = after.charts.get(release, (component, ""))
        versions = version_changes({"chart": old}, {"chart": new})
        if old == new:
            continue
        operation = "update" if old and new else "create" if new else "delete"
        where = (stack, operation, component, "HelmRelease", "")
        yield release, PlannedChange(*where, "Release", "", component, [], list(versions), "", "")


def _by_key(rendered: RenderedStack, unknown: Collection[str]) -> dict[_Key, RenderedObject]:
    return {
        identify(each.content).key: each for each in rendered.objects if each.release not in unknown
    }


def _difference(
    stack: str, masks: Masks, before: RenderedObject | None, after: RenderedObject | None
) -> PlannedChange | None:
    old, new = (each.content if each else None for each in (before, after))
    owner = after or before
    moved_from = _moved_from(before, after)
    if owner is None or (old == new and not moved_from):
        return None
    identity = identify(owner.content)
    changed = "move" if old == new else "update"
    operation = changed if old and new else "create" if new else "delete"
    found = Difference(operation, owner.component, owner.release, identity, *masks.pair(old, new))
    # Helm replaces nothing.
    if not owner.release and is_replaced(identity, [path for path, *_ in found.fields]):
        found = replace(found, operation="replace")
    return replace(of_difference(stack, owner.component_kind, found), moved_from=moved_from)


def _moved_from(before: RenderedObject | None, after: RenderedObject | None) -> str:
    """Return the component that an object was in; empty where it still is, or one is missing."""
    if not before or not after:
        return ""
    titles = [f"{each.component_kind.lower()}/{each.component}" for each in (before, after)]
    return "" if titles[0] == titles[1] else titles[0]


def _tried(repository: Repository, commit: str, stack: str) -> RenderedStack | DeclarationError:
    with checked_out(repository, commit, linked=(".venv",)) as checkout:
        if stack not in checkout.stacks:
            return _EMPTY
        _give_charts(repository, checkout)
        try:
            return _rendered(Stack(checkout, stack))
        except DeclarationError as error:
            return error


def _give_charts(repository: Repository, checkout: Repository) -> None:
    # A copy: what is not trusted may write to its own. A chart is checked against its digest.
    if (repository.root / CACHE).is_dir():
        shutil.copytree(repository.root / CACHE, checkout.root / CACHE)
    if (repository.root / MACHINE_MIRRORS).is_file():
        (checkout.root / MACHINE_MIRRORS).parent.mkdir(exist_ok=True)
        shutil.copy2(repository.root / MACHINE_MIRRORS, checkout.root / MACHINE_MIRRORS)


def _rendered(stack: Stack) -> RenderedStack:
    with tempfile.TemporaryDirectory(prefix="sluice-offline-") as home:
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "sluice.pipeline.rendered", stack.name],
                cwd=stack.repository.root,
                env=_environment(home),
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DeclarationError(f"the program did not end within {_SECONDS} s") from None
    if ran.returncode:
        reason = ran.stderr.decode(errors="replace").strip().splitlines() or ["it was killed"]
        raise DeclarationError(reason[-1])
    try:
        return msgspec.json.decode(ran.stdout, type=RenderedStack)
    except msgspec.MsgspecError as error:
        raise DeclarationError(f"what the program printed is no rendering: {error}") from None


def _environment(home: str) -> dict[str, str]:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": home, "XDG_CACHE_HOME": cache, "KUBECONFIG": os.devnull}
