"""A verb asks for a thing once, and hands the answer on."""

from __future__ import annotations

import json
import sys

from tests.integration.platform.conftest import Checkout, Program

# Runs `sluice` in a process that counts, and writes the counts as it ends.
COUNTING = """
import atexit, collections, json, sys
from pathlib import Path

import sluice.declaration.program as program
from components.lib.manifests import documents
from sluice.backend.local_state import LocalState
from sluice.backend.pulumi import Pulumi

counts = collections.Counter()
into = Path(sys.argv.pop(1))
atexit.register(lambda: into.write_text(json.dumps(counts)))

def counting(owner, name, what):
    call = getattr(owner, name)
    def counted(*arguments, **options):
        counts[what(*arguments)] += 1
        return call(*arguments, **options)
    setattr(owner, name, counted)

def command(_pulumi, arguments, *_rest):
    return "pulumi " + " ".join(word for word in arguments[:2] if not word.startswith("-"))

counting(Pulumi, "_run", command)
counting(LocalState, "exported", lambda *_: "state")
counting(program.pulumi.runtime, "test", lambda *_: "program")
counting(documents, "load", lambda text, *_: "settings" if "encryptionsalt" in text else "")

from sluice.cli import main
main()
"""
PLATFORM = """
@member
def namespace(self) -> Namespace:
    return Namespace(NAMESPACE)

@member
def app(self) -> Application:
    import pulumi

    token = pulumi.Config("app").require_secret("token")
    return Application(
        "app",
        ApplicationArgs(
            image="registry.local/app:1",
            namespace=self.namespace,
            env={"URL": token.apply(lambda text: f"https://{text}@host")},
        ),
    )
"""


def counted(checkout: Checkout, *arguments: str, fails: bool = False) -> dict[str, int]:
    """How often a verb asked for each thing."""
    file = checkout.root.with_name("counts.json")
    checkout.run(sys.executable, "-c", COUNTING, str(file), *arguments, fails=fails)
    counts: dict[str, int] = json.loads(file.read_text())
    return {what: count for what, count in counts.items() if what}


def test_nothing_is_asked_twice(program: Program) -> None:
    checkout = program(PLATFORM)
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.pulumi("config", "set", "--secret", "app:token", "a-token")
    checkout.git("init", "--quiet")
    checkout.commit("first")
    # The engine runs the program once more, and reads the state of its own.
    assert counted(checkout, "preview", checkout.stack) == {
        "settings": 1,
        "state": 1,
        "program": 1,
        "pulumi preview": 1,
        "pulumi config": 1,
        "pulumi stack export": 1,
    }
    checkout.sluice("reconcile", checkout.stack)
    assert counted(checkout, "preview", checkout.stack) == {
        "settings": 1,
        "state": 1,
        "pulumi preview": 1,
        "pulumi config": 1,
    }
    assert counted(checkout, "diff", checkout.stack) == {
        "settings": 1,
        "program": 1,
        "pulumi config": 1,
        "pulumi stack export": 1,
    }


def test_where_nothing_changed_only_the_state_is_read(program: Program) -> None:
    checkout = program(PLATFORM)
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.pulumi("config", "set", "--secret", "app:token", "a-token")
    checkout.git("init", "--quiet")
    checkout.commit("first")
    checkout.sluice("reconcile", checkout.stack)
    # Whether a field that a secret is part of has drifted, only the decrypted state tells.
    once = {"settings": 1, "state": 1, "pulumi stack export": 1}
    assert counted(checkout, "reconcile", checkout.stack) == once
    assert counted(checkout, "drift", checkout.stack) == once
