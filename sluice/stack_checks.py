"""What `sluice check` finds out about one stack: its program, its cluster, its state."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from components.errors import SluiceError
from components.locked import LockedNames
from components.manifests import documents
from sluice.checks import Check
from sluice.cluster import Cluster
from sluice.declarations import Declared, declared
from sluice.deployed import Deployed
from sluice.errors import ApiError
from sluice.local_state import LocalState
from sluice.passphrase import fits, passphrase
from sluice.repository import Repository

__all__ = ["cluster_checks", "declared_kinds", "program_checks", "state_checks"]

Kind = tuple[str, str]

_AT_ONCE = 4
_CLOUD_KEYS = ("awskms", "azurekeyvault", "gcpkms", "hashivault")
_VERBS = ("get", "list", "create", "patch", "delete")
_RELEASE = "kubernetes:helm.sh/v3:Release"
# Where Helm keeps its record of a release.
_HELM_RECORD = ("v1", "Secret")
_PROBE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "sluice-check", "namespace": "default"},
}


def program_checks(repository: Repository, stack: str) -> tuple[list[Check], list[Declared]]:
    """Run the stack's program without Pulumi; return what is wrong, and what it declares.

    A chart that the stack's lock file does not have, or has otherwise, is found too.
    """
    try:
        found = declared(repository, stack, LockedNames(repository.root, stack))
    except SluiceError as error:
        return [Check(stack, False, str(error))], []
    message = f"its program is right and its lock fits: {len(found)} resources"
    return [Check(stack, True, message), _secrets(repository, stack)], found


def declared_kinds(found: Iterable[Declared]) -> set[Kind]:
    """Return the API versions and kinds that a program applies; of a Helm release, its record."""
    types = {each.type for each in found}
    kinds = {
        (group.removeprefix("core/"), kind)
        for each in types
        if each.startswith("kubernetes:") and each != _RELEASE
        for _, group, kind in [each.split(":")]
    }
    return kinds | ({_HELM_RECORD} if _RELEASE in types else set())


def cluster_checks(repository: Repository, stack: str, kinds: Iterable[Kind]) -> Iterator[Check]:
    """Ask the cluster for its version, and for what we may do with these kinds."""
    cluster = Cluster.of(repository, stack)
    try:
        yield Check(stack, True, f"cluster {cluster.context}: Kubernetes {cluster.version()}")
        yield _permissions(stack, cluster, sorted(kinds))
        yield _dry_run(stack, cluster)
    except SluiceError as error:
        where = f"stacks/Pulumi.{stack}.yaml: {repository.project}:context"
        remedy = f"start the cluster, or name another context in {where}"
        yield Check(stack, False, str(error), remedy)


def state_checks(repository: Repository, stack: str) -> tuple[list[Check], Deployed | None]:
    """Read the stack's state and who holds it; return what was found, and the state."""
    try:
        deployed = Deployed.of(repository, stack)
    except SluiceError as error:
        remedy = "pulumi login, or set PULUMI_BACKEND_URL"
        return [Check(stack, False, f"its state cannot be read: {error}", remedy)], None
    local = LocalState.of(repository, stack)
    found = [_last(deployed), *([_writable(stack, local), *_locks(stack, local)] if local else [])]
    return found, deployed


def _permissions(stack: str, cluster: Cluster, kinds: list[Kind]) -> Check:
    if cluster.allowed("*", "*", "*"):
        return Check(stack, True, "allowed everything")
    wanted = [
        (verb, api_version.rpartition("/")[0], cluster.resource(api_version, kind))
        for api_version, kind in kinds
        if cluster.serves(api_version, kind)
        for verb in _VERBS
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        allowed = list(pool.map(lambda each: cluster.allowed(*each), wanted))
    refused: dict[str, list[str]] = {}
    for (verb, _group, resource), is_allowed in zip(wanted, allowed, strict=True):
        if not is_allowed:
            refused.setdefault(resource, []).append(verb)
    if not refused:
        return Check(stack, True, f"allowed what {len(kinds)} kinds need")
    missing = "; ".join(f"{resource}: {', '.join(verbs)}" for resource, verbs in refused.items())
    remedy = "have these granted to the context's account by a ClusterRole"
    return Check(stack, False, f"not allowed, in all namespaces: {missing}", remedy)


def _dry_run(stack: str, cluster: Cluster) -> Check:
    try:
        cluster.apply(_PROBE, dry_run=True)
    except ApiError as error:
        remedy = "have `patch` granted; else a preview guesses, and says nothing of it"
        return Check(stack, False, f"no server-side dry run: {error}", remedy)
    return Check(stack, True, "server-side dry run is allowed")


def _secrets(repository: Repository, stack: str) -> Check:
    file = f"stacks/Pulumi.{stack}.yaml"
    content: dict[str, Any] = documents.load_file(repository.root / file) or {}
    salt, given = content.get("encryptionsalt"), passphrase()
    provider = repository.secrets_provider(stack)
    if provider and provider != "passphrase":
        return _cloud_key(stack, file, provider)
    if not salt:
        return Check(stack, None, f"{file} has no salt of a passphrase", "")
    if given is None:
        remedy = "set PULUMI_CONFIG_PASSPHRASE_FILE"
        return Check(stack, False, "no passphrase is set for its secrets", remedy)
    if not fits(given, str(salt)):
        remedy = "set PULUMI_CONFIG_PASSPHRASE_FILE to the file with the right one"
        return Check(stack, False, f"the passphrase is not that of {file}", remedy)
    return Check(stack, True, "the passphrase is right")


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
