"""What a verb may load before it begins: the rest is loaded when it is needed, or never."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sluice.cli import VERBS

HEAVY = (
    *("apprise", "cryptography", "docker", "filelock", "git", "giteapy", "grpc", "jinja2"),
    *("msgspec", "prometheus_client", "psutil", "pulumi", "pulumi_kubernetes", "requests", "rich"),
    *("tabulate", "tenacity", "toolchain.installer", "urllib3", "yaml"),
)
# What a program declares; a cluster's client; a clean checkout.
DECLARATION = ("grpc", "psutil", "pulumi", "yaml")
CLUSTER = ("tenacity", "urllib3")
CHECKOUT = ("filelock", "git", "psutil", "yaml")
GITEA = ("giteapy", "msgspec", "requests", *CHECKOUT, *CLUSTER)
MAY_LOAD = {
    (): (
        *("bootstrap", "check", "compare", "completion", "create", "diff", "drift", "env"),
        *("graph", "logs", "pipeline", "preview", "reconcile", "resume", "secret", "suspend"),
        "tree",
    ),
    ("tabulate",): ("delete", "events", "get", "stats", "trace"),
    ("git",): ("rollback",),
    ("git", "tabulate"): ("history",),
    ("git", "yaml"): ("adopt",),
    ("yaml",): ("kubeconfig",),
    ("filelock", "msgspec", "yaml"): ("up",),
    ("tabulate", *CHECKOUT): ("affected",),
    ("git", *DECLARATION): ("export",),
    (*DECLARATION, *CLUSTER): ("build", "rbac"),
    ("tabulate", *DECLARATION, *GITEA): ("lock", "promote"),
    ("jinja2", "tabulate", *DECLARATION, *GITEA): ("images",),
    ("cryptography", *GITEA): ("sandbox",),
}
LOADING = """
import importlib, json, sys
for verb in sys.argv[1].split():
    importlib.import_module(f"sluice.commands.{verb}")
print(json.dumps([name for name in sys.argv[2].split() if name in sys.modules]))
"""


def loaded(*verbs: str) -> set[str]:
    """What heavy modules a process has that has loaded these verbs, as `sluice` does."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADING, " ".join(verbs), " ".join(HEAVY)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ended.stdout))


def test_of_every_verb_it_is_known() -> None:
    assert sorted(verb for verbs in MAY_LOAD.values() for verb in verbs) == sorted(
        verb for verbs in VERBS.values() for verb in verbs
    )


@pytest.mark.parametrize("allowed", MAY_LOAD, ids=lambda allowed: " ".join(allowed) or "nothing")
def test_a_verb_loads_no_more_than_it_begins_with(allowed: tuple[str, ...]) -> None:
    assert loaded(*MAY_LOAD[allowed]) <= set(allowed)


def test_the_version_is_told_without_a_verb() -> None:
    assert loaded() == set()
