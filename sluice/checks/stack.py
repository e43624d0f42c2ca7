"""What `sluice check` finds out about one stack: its program, its cluster, its state."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from components.errors import SluiceError
from components.lib.manifests import documents
from components.runtime.answers import LockedNames
from sluice.backend.local_state import LocalState
from sluice.backend.secret_values import RELEASE
from sluice.checks.machine import Check
from sluice.checks.passphrase import fits, passphrase
from sluice.declaration.program import declared
from sluice.declaration.records import Declared
from sluice.errors import ApiError
from sluice.inventory.deployed import Deployed
from sluice.kubernetes.cluster import Cluster
from sluice.stack.stack import Stack

__all__ = ["Place", "cluster_checks", "places", "program_checks", "state_checks"]

_AT_ONCE = 4
_CLOUD_KEYS = ("awskms", "azurekeyvault", "gcpkms", "hashivault")
_VERBS = ("get", "list", "create", "patch", "delete")
# Where Helm keeps its record of a release.
_HELM_RECORD = ("v1", "Secret")
_PROBE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "sluice-check", "namespace": "default"},
}


@dataclass(frozen=True, order=True)
class Place:
    """What has to be allowed: a kind in a namespace, or by its name an object of the cluster.

    Attributes:
        api_version: such as `apps/v1`.
        kind: such as `Deployment`.
        namespace: empty for an object of the cluster.
        name: an object of the cluster's; empty for what is in a namespace.

    """

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, api_version: str, kind: str, namespace: str, name: str) -> Place:
        """Return the place of an object."""
        return cls(api_version, kind, namespace, "" if namespace else name)


def program_checks(stack: Stack) -> tuple[list[Check], list[Declared]]:
    """Run the stack's program without Pulumi; return what is wrong, and what it declares.

    A chart that the stack's lock file does not have, or has otherwise, is found too.
    """
    try:
        found = declared(stack, LockedNames(stack.repository.root, stack.name))
    except SluiceError as error:
        return [Check(stack.name, False, str(error))], []
    message = f"its program is right and its lock fits: {len(found)} resources"
    return [Check(stack.name, True, message), _secrets(stack)], found


def places(found: Iterable[Declared]) -> set[Place]:
    """Return where a program applies what; of a Helm release, where its record is."""
    return {
        place
        for each in found
        if each.type.startswith("kubernetes:")
        for place in [_record(each) if each.type == RELEASE else _place(each)]
    }


def _place(declared: Declared) -> Place:
    _, group, kind = declared.type.split(":")
    metadata = declared.inputs.get("metadata") or {}
    namespace, name = (str(metadata.get(key) or "") for key in ("namespace", "name"))
    return Place.of(group.removeprefix("core/"), kind, namespace, name)


def _record(release: Declared) -> Place:
    return Place(*_HELM_RECORD, str(release.inputs["namespace"]), "")


def cluster_checks(stack: Stack, wanted: Iterable[Place]) -> Iterator[Check]:
    """Ask the cluster for its version, and for what we may do there."""
    cluster = stack.cluster()
    try:
        yield Check(stack.name, True, f"cluster {cluster.context}: Kubernetes {cluster.version()}")
        if cluster.allowed("*", "*", "*"):
            yield Check(stack.name, True, "allowed everything")
            yield _dry_run(stack.name, cluster)
        else:
            yield _permissions(stack.name, cluster, sorted(wanted))
    except SluiceError as error:
        where = f"stacks/Pulumi.{stack}.yaml: {stack.repository.project}:context"
        remedy = f"start the cluster, or name another context in {where}"
        yield Check(stack.name, False, str(error), remedy)


def state_checks(stack: Stack) -> tuple[list[Check], Deployed | None]:
    """Read the stack's state and who holds it; return what was found, and the state."""
    try:
        deployed = Deployed.of(stack)
    except SluiceError as error:
        remedy = "pulumi login, or set PULUMI_BACKEND_URL"
        return [Check(stack.name, False, f"its state cannot be read: {error}", remedy)], None
    local = stack.local_state()
    found = [
        _last(deployed),
        *([_writable(stack.name, local), *_locks(stack.name, local)] if local else []),
    ]
    return found, deployed


def _permissions(stack: str, cluster: Cluster, places: list[Place]) -> Check:
    asked = [(verb, place) for place in places if _is_served(cluster, place) for verb in _VERBS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        allowed = list(pool.map(lambda each: _is_allowed(cluster, *each), asked))
    refused: dict[str, list[str]] = {}
    for (verb, place), is_allowed in zip(asked, allowed, strict=True):
        if not is_allowed:
            where = place.namespace or place.name
            resource = cluster.resource(place.api_version, place.kind)
            refused.setdefault(f"{resource} {where}", []).append(verb)
    if not refused:
        return Check(stack, True, f"allowed what it needs, in {len(places)} places")
    missing = "; ".join(f"{what}: {', '.join(verbs)}" for what, verbs in refused.items())
    remedy = f"have its account granted them: sluice rbac {stack} | kubectl apply -f -"
    return Check(stack, False, f"not allowed: {missing}", remedy)


def _is_served(cluster: Cluster, place: Place) -> bool:
    return cluster.serves(place.api_version, place.kind)


def _is_allowed(cluster: Cluster, verb: str, place: Place) -> bool:
    group = place.api_version.rpartition("/")[0]
    resource = cluster.resource(place.api_version, place.kind)
    # A list is of a kind; of the cluster's objects the others are allowed by name.
    name = "" if verb == "list" else place.name
    return cluster.allowed(verb, group, resource, place.namespace, name)


def _dry_run(stack: str, cluster: Cluster) -> Check:
    try:
        cluster.dry_run(_PROBE)
    except ApiError as error:
        remedy = "have `patch` granted; else a preview guesses, and says nothing of it"
        return Check(stack, False, f"no server-side dry run: {error}", remedy)
    return Check(stack, True, "server-side dry run is allowed")


def _secrets(stack: Stack) -> Check:
    file = f"stacks/Pulumi.{stack}.yaml"
    content: dict[str, Any] = documents.load_file(stack.repository.root / file) or {}
    salt, given = content.get("encryptionsalt"), passphrase()
    provider = stack.settings().secrets_provider
    if provider and provider != "passphrase":
        return _cloud_key(stack.name, file, provider)
    if not salt:
        return Check(stack.name, None, f"{file} has no salt of a passphrase", "")
    if given is None:
        remedy = "set PULUMI_CONFIG_PASSPHRASE_FILE"
        return Check(stack.name, False, "no passphrase is set for its secrets", remedy)
    if not fits(given, str(salt)):
        remedy = "set PULUMI_CONFIG_PASSPHRASE_FILE to the file with the right one"
        return Check(stack.name, False, f"the passphrase is not that of {file}", remedy)
    return Check(stack.name, True, "the passphrase is right")


def _cloud_key(stack: str, file: str, provider: str) -> Check:
    kind = provider.partition("://")[0]
    if kind not in _CLOUD_KEYS:
        known = ", ".join(_CLOUD_KEYS)
        remedy = f"pulumi stack change-secrets-provider, to one of {known}, or to passphrase"
        return Check(stack, False, f"{file}: Pulumi knows no secretsprovider {kind!r}", remedy)
    # Whether it may be used only its own service knows; a preview asks it.
    return Check(stack, None, f"its secrets are encrypted by a key of {kind}")


def _last(deployed: Deployed) -> Check:
    last, stack = deployed.last, deployed.stack
    if last is None:
        return Check(stack, None, "not deployed yet", f"sluice up {stack}")
    message = f"its last deployment, of {last.revision}, {last.result}"
    good = last.result != "failed"
    return Check(stack, good, message, "" if good else f"sluice up {stack}")


def _writable(stack: str, local: LocalState) -> Check:
    folder = local.folder if local.folder.exists() else local.folder.parent
    if os.access(folder, os.W_OK):
        return Check(stack, True, f"its state in {folder} can be read and written")
    return Check(stack, False, f"{folder} cannot be written", "mend its owner or its mode")


def _locks(stack: str, local: LocalState) -> Iterator[Check]:
    for file in local.locks():
        try:
            lock = json.loads(file.read_text())
        except (OSError, ValueError):
            lock = {}
        holder = f"{lock.get('username', '?')} on {lock.get('hostname', '?')}"
        message = f"held by {holder}, process {lock.get('pid', '?')}, since {lock.get('timestamp')}"
        yield Check(stack, None, message, "wait for it; if it is dead, the next update takes over")
