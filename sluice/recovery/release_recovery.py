"""The Helm releases of a stack, found again by Helm's own records and gone on with."""

from __future__ import annotations

import logging
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from components.errors import SluiceError
from components.lib.manifests import documents
from sluice.backend.secret_values import HIDDEN, RELEASE, Entry, plain_text
from sluice.declaration.program import declared
from sluice.declaration.rendering import release_of
from sluice.errors import RepositoryError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import HelmRecord, history
from sluice.recovery.helm_history import is_held, is_ready, make_ready
from sluice.recovery.repair import (
    Deployment,
    Installed,
    as_made,
    release_id,
    repaired,
    with_release,
)
from sluice.stack.own_cluster import is_on_own_cluster
from sluice.stack.stack import Stack

__all__ = ["ReleaseRecovery", "is_same_chart", "other_owner"]

_LOG = logging.getLogger(__name__)
_TIMEOUT = 300

Read = Callable[[], Mapping[str, Any]]
Write = Callable[[Mapping[str, Any]], None]
History = Sequence[HelmRecord]


class ReleaseRecovery:
    """What becomes of a stack's Helm releases that Helm refuses, or was killed in.

    Whoever calls holds the stack's lock: what its own provider has begun, nobody goes on with.
    """

    def __init__(self, stack: Stack) -> None:
        """Take the stack."""
        self._stack = stack
        self._tried: set[str] = set()
        self._files: list[Any] = []

    def unfinished(self, release: Entry) -> History:
        """Return the records of a release that a killed Helm left, to be made ready; else none."""
        found = self._history(release)
        return found if found and self._is_left(found, release) else ()

    def make_ready(self, histories: Iterable[History]) -> None:
        """Make releases ready for an upgrade, once the state says that they are to be upgraded."""
        for found in histories:
            with suppress(SluiceError):  # the update says better what is wrong with the cluster
                make_ready(found)

    def take_over(self, releases: Iterable[Entry], read: Read, write: Write) -> bool:
        """Finish releases, or put those into the state that it does not know; once for each.

        Returns whether another update can help.
        """
        fresh = [each for each in releases if each["urn"] not in self._tried]
        if not fresh:
            return False
        exported = read()
        state = exported["deployment"]
        left: list[History] = []
        for release in fresh:
            self._tried.add(release["urn"])
            found = self._history(release)
            changed = self._taken_over(state, release, found) if found else None
            if changed is not None and not is_ready(found):
                left.append(found)
            state = state if changed is None else changed
        helps = state is not exported["deployment"]
        if helps:
            write({**exported, "deployment": state})
            self.make_ready(left)
        return helps

    def adopt(self, release: Entry, above: Sequence[Entry], read: Read, write: Write) -> bool:
        """Put a release into the state that it does not know, by what Helm has recorded of it.

        `above` is what it hangs on. Returns whether it was; where Helm has it, the reason is told.
        """
        if HIDDEN in (value for each in above for value in each["inputs"].values()):
            raise RepositoryError(
                f"{_name(release)}: it is on a cluster whose kubeconfig is a secret: "
                f"`sluice up {self._stack}` takes it over"
            )
        found = self._history(release, above)
        exported = read()
        placed, outer = as_made(release, above)
        state = {"resources": [], **(exported["deployment"] or {})}
        changed = self._adopted(state, placed, found, outer) if found else None
        if changed is None:
            return False
        write({**exported, "deployment": changed})
        self.make_ready([] if is_ready(found) else [found])
        return True

    def _taken_over(self, state: Deployment, release: Entry, found: History) -> Deployment | None:
        if any(each["urn"] == release["urn"] for each in state["resources"]):
            is_left = self._is_left(found, release)
            return repaired(state, {release["urn"]}) if is_left else None
        return self._adopted(state, release, found)

    def _adopted(
        self,
        state: Deployment,
        release: Entry,
        found: History,
        above: Sequence[Entry] = (),
    ) -> Deployment | None:
        is_own = is_on_own_cluster(_name(release))
        owner = other_owner(self._stack, release_id(release)) if is_own else ""
        if owner:
            _LOG.warning(
                "%s: the Helm release %s is of the stack %s, and left to it",
                *(self._stack, release_id(release), owner),
            )
            return None
        if not is_ready(found) and not self._is_left(found, release):
            return None
        newest = found[-1]
        installed = None
        if newest.status == "deployed":
            same = is_same_chart(self._stack.repository.root, release, newest)
            installed = Installed(newest.chart[1], newest.values, same)
        adopted = with_release(state, release, installed, above)
        if adopted is not None:
            _LOG.warning(
                "%s: took over the Helm release %s, which is there as revision %d of %s",
                *(self._stack, release_id(release), newest.revision, "-".join(newest.chart)),
            )
        return adopted

    def _is_left(self, found: History, release: Entry) -> bool:
        """Whether a release has to be made ready for an upgrade, and nobody is at it."""
        timeout = timedelta(seconds=release["inputs"].get("timeout") or _TIMEOUT)
        newest = found[-1]
        held = is_held(newest, timeout)
        if held:
            _LOG.warning(
                "%s: %s is changing the Helm release %s since %s; where that was killed, it is "
                "gone on with from %s",
                *(self._stack, newest.writer or "another Helm", release_id(release)),
                *(f"{each:%H:%M:%S %Z}" for each in (newest.since, newest.since + 2 * timeout)),
            )
        return not held and not is_ready(found)

    def _history(self, release: Entry, above: Sequence[Entry] = ()) -> History:
        with suppress(SluiceError, OSError):  # the update says better what is wrong
            cluster = self._cluster(release, above)
            return history(cluster, release_id(release)) if cluster else []
        return []

    def _cluster(self, release: Entry, above: Sequence[Entry]) -> Cluster | None:
        if is_on_own_cluster(_name(release)):
            return self._stack.cluster()
        urn = str(release["provider"]).rpartition("::")[0]
        entries = [each for each in above if each["urn"] == urn] or self._stack.state().revealed()
        inputs = next((plain_text(each["inputs"]) for each in entries if each["urn"] == urn), None)
        return self._other_cluster(inputs) if inputs else None

    def _other_cluster(self, inputs: Mapping[str, Any]) -> Cluster:
        given = str(inputs.get("kubeconfig") or "")
        context = str(inputs.get("context") or "")
        if "\n" in given:  # the whole of it, as a secret of the configuration is
            file = tempfile.NamedTemporaryFile("w", suffix=".yaml")  # noqa: SIM115 - until we end
            file.write(given)
            file.flush()
            self._files.append(file)
            given = file.name
        if given:
            given = str(self._stack.repository.root / given)
            context = context or str(yaml.safe_load(Path(given).read_text())["current-context"])
        return Cluster(context, given)


def is_same_chart(root: Path, release: Entry, record: HelmRecord) -> bool:
    """Whether the chart that is declared is the recorded one, in whatever version."""
    path = root / str(release["inputs"]["chart"])
    if path.is_dir():
        return str(documents.load_file(path / "Chart.yaml").get("name")) == record.chart[0]
    try:
        with tarfile.open(path) as archive:
            return archive.getnames()[0].removeprefix("./").partition("/")[0] == record.chart[0]
    except (OSError, tarfile.TarError, IndexError):
        return False


def other_owner(stack: Stack, release: str) -> str:
    """Return the other stack on a stack's cluster that has a release and declares it, or nothing.

    What it declares no more it lets go.
    """
    others = [each for each in stack.repository.chosen(()) if _beside(each, stack)]
    with suppress(SluiceError):  # a stack that cannot be asked has no say
        having = (each for each in others if _has(each, release))
        return next((str(each) for each in having if _declares(each, release)), "")
    return ""


def _name(release: Entry) -> str:
    return str(release["urn"]).rpartition("::")[2]


def _beside(one: Stack, other: Stack) -> bool:
    """Whether two stacks are on one cluster."""
    places = [(each.settings().context, each.settings().kubeconfig) for each in (one, other)]
    return one.name != other.name and places[0] == places[1]


def _declares(stack: Stack, release: str) -> bool:
    try:
        found = declared(stack, stack.locked())
    except SluiceError:
        return True
    own = [each for each in found if each.type == RELEASE and is_on_own_cluster(each.name)]
    return release in map(release_of, own)


def _has(stack: Stack, release: str) -> bool:
    known = [each for each in stack.state().resources() if each.type == RELEASE]
    own = [each for each in known if is_on_own_cluster(each.name)]
    return release in {f"{each.inputs['namespace']}/{each.inputs['name']}" for each in own}
