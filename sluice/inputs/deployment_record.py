"""What a stack's last good deployment ran on, so that the same is not run again.

`.sluice/deployments/<stack>.json` says what the program read, as the deployed
commit has it, and what else had a say: the programs, the cluster, the state
that the deployment left. Where all of that is the same, so is what is declared,
and what the state says of the cluster.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from components.lib.files import atomic_file
from sluice.backend.local_state import LocalState
from sluice.errors import ApiError, RepositoryError
from sluice.inputs.reads import Reads, Tree, outside
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = [
    "DeploymentRecord",
    "affected",
    "changed",
    "load",
    "noted_reads",
    "record",
    "state_digest",
]

_KUBERNETES = "kubernetes:"
_PROVIDER = "pulumi:providers:"
# What the provider reads files for by itself.
_GIVEN = tuple(f"{_KUBERNETES}{group}" for group in ("helm.sh", "kustomize", "yaml"))


@dataclass(frozen=True)
class DeploymentRecord:
    """What a deployment ran on.

    Attributes:
        commit: the deployed commit, in full.
        contents: what each path that was read was in that commit.
        modules: the modules that were looked for.
        outside: what lay outside of the repository.
        around: the packages, the cluster and the state.
        unknown: what else may have had a say; where there is any, nothing is skipped.

    """

    commit: str
    contents: Mapping[str, str]
    modules: Sequence[str]
    outside: Mapping[str, str]
    around: Mapping[str, str]
    unknown: Sequence[str]

    @property
    def reads(self) -> Reads:
        """What the program read."""
        return Reads(
            frozenset(self.contents),
            frozenset(self.modules),
            frozenset(self.outside),
            frozenset(self.unknown),
        )


def load(stack: Stack) -> DeploymentRecord | None:
    """Return the record of the stack's last good deployment; None where there is none."""
    try:
        return DeploymentRecord(**json.loads(_file(stack).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def noted_reads(stack: Stack) -> Iterator[Path]:
    """Give a folder for notes of what programs read, for an update of the stack.

    Until the next `record` the old one says no more than its commit: what is
    in the cluster while an update runs, or after it failed, is in no record.
    """
    before = load(stack)
    if before is not None:
        _save(stack, replace(before, unknown=["an update that did not end well"]))
    with tempfile.TemporaryDirectory(prefix="sluice-reads-") as folder:
        yield Path(folder)


def record(stack: Stack, commit: str, notes: Path) -> None:
    """Keep what the deployment of a commit ran on, while it is checked out.

    Keeps nothing where the state is not in a folder of this machine: whether
    somebody deployed by hand since could not be told without the engine.
    """
    state = stack.local_state()
    exported = state.exported() if state else None
    if state is None or exported is None:
        return
    entries = (exported["deployment"] or {}).get("resources") or []
    reads = Reads.noted(notes, stack, _given(entries))
    if reads is None:
        return
    kept = DeploymentRecord(
        commit=commit,
        contents=reads.contents(_tree(stack.repository, commit)),
        modules=sorted(reads.modules),
        outside=outside({*reads.outside, *_programs()}),
        around=_around(stack, state),
        unknown=sorted({*reads.unknown, *_unknown(entries)}),
    )
    _save(stack, kept)


def changed(stack: Stack, kept: DeploymentRecord, commit: str) -> list[str]:
    """Return what differs now from what a deployment ran on; empty where a commit is the same."""
    state = stack.local_state()
    if state is None:
        return ["the state is not in a folder of this machine"]
    now = {**outside(kept.outside), **_around(stack, state)}
    before = {**kept.outside, **kept.around}
    return [
        *kept.unknown,
        *(name for name in before if before[name] != now[name]),
        *(affected(stack.repository, kept, kept.commit, commit) if commit != kept.commit else []),
    ]


def affected(repository: Repository, kept: DeploymentRecord, commit: str, other: str) -> list[str]:
    """Return the paths that the stack's program reads and that differ between two commits."""
    first, second = (kept.reads.contents(_tree(repository, each)) for each in (commit, other))
    paths = (entry.partition(":")[2] for entry in first if first[entry] != second[entry])
    return list(dict.fromkeys(path or "." for path in paths))


def state_digest(stack: Stack) -> str:
    """Return a digest of the stack's state; empty where it is not in a folder of this machine."""
    state = stack.local_state()
    return _digest(_content(state.checkpoint)) if state else ""


def _save(stack: Stack, kept: DeploymentRecord) -> None:
    atomic_file.write(_file(stack), json.dumps(asdict(kept)).encode())


def _file(stack: Stack) -> Path:
    return stack.local("deployments", ".json")


def _tree(repository: Repository, commit: str) -> Tree:
    command = ["git", "-C", str(repository.root), "ls-tree", "-r", "-t", "-z", commit]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise RepositoryError(f"commit {commit} cannot be read: {listed.stderr.strip()}")
    tree = {"": f"tree {hashlib.sha256(listed.stdout.encode()).hexdigest()}"}
    for line in filter(None, listed.stdout.split("\0")):
        mode, kind, rest = line.split(" ", 2)
        identifier, _, path = rest.partition("\t")
        tree[path] = f"{kind} {mode} {identifier}"
    return tree


def _given(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        if entry["type"].startswith(_GIVEN):
            yield from _texts(entry.get("inputs") or {})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _unknown(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        name = entry["urn"].rpartition("::")[2]
        kind = entry["type"]
        if entry.get("external"):
            yield f"{name} is read from the cluster"
        elif entry.get("custom") and not kind.startswith((_KUBERNETES, _PROVIDER)):
            yield f"{name} is no object of a cluster"


def _around(stack: Stack, state: LocalState) -> dict[str, str]:
    packages = Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info")
    return {
        "the Python packages": _digest("\n".join(sorted(path.name for path in packages)).encode()),
        "the cluster": _cluster(stack),
        "the state": _digest(_content(state.checkpoint)),
    }


def _cluster(stack: Stack) -> str:
    try:
        system = stack.cluster().get("v1", "Namespace", "", "kube-system")
    except ApiError as error:
        return str(error)
    return str(system["metadata"]["uid"]) if system else "-"


def _programs() -> list[str]:
    found = (shutil.which(name) for name in ("pulumi", "kubectl"))
    return [str(Path(path).resolve()) for path in found if path]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
