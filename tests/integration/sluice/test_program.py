from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sluice.engine.program import warm_program
from sluice.stack.repository import Repository

PROJECT = "name: p\nruntime: {name: python, options: {virtualenv: .venv}}\n"


# What the executor runs is the program, which lies in another file.
ENDS_ITSELF = 'exec(compile("%s", "stacks/dev.py", "exec"))'
TOO_EARLY = "the program ended itself before all was declared; take its exit out"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project whose programs are run by the executor that a test writes."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "Pulumi.yaml").write_text(PROJECT)
    (root / ".venv").symlink_to(Path(sys.executable).parents[1])
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Repository(root)


def executor(repository: Repository, text: str) -> None:
    """Write what runs a program in the place of Pulumi's own executor."""
    file = repository.root.with_name("pulumi-language-python-exec")
    file.write_text(f"import json, os, sys\n{text}\n")
    file.chmod(0o755)


def run(client: list[str], **request: Any) -> Any:
    """Do what Pulumi does: ask for the packages, then for a run."""
    (option,) = client
    with grpc.insecure_channel(option.removeprefix("--client=")) as channel:
        host = language_pb2_grpc.LanguageRuntimeStub(channel)
        assert (
            list(host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages) == []
        )
        return host.Run(language_pb2.RunRequest(args=["127.0.0.1:1"], **request), timeout=60)


@pytest.mark.parametrize(
    ("program", "error", "bail"),
    [
        ("pass", "", False),
        ("sys.exit(32)", "", True),
        ("sys.exit(0)", "", False),
        (ENDS_ITSELF % "sys.exit(0)", TOO_EARLY, False),
        (ENDS_ITSELF % "sys.exit()", TOO_EARLY, False),
        (ENDS_ITSELF % "os._exit(0)", TOO_EARLY, False),
        ("os._exit(32)", "", True),
        ("sys.exit(1)", "program exited with non-zero exit code: 1", False),
        ("raise KeyboardInterrupt", "program exited with non-zero exit code: 1", False),
        ("sys.exit('why')", "program exited with non-zero exit code: 1", False),
    ],
)
def test_pulumi_is_told_how_the_program_ended(
    repository: Repository, program: str, error: str, bail: bool
) -> None:
    executor(repository, program)
    with warm_program(repository, {}) as client:
        answer = run(client)
    assert (answer.error, answer.bail) == (error, bail)


def test_the_program_is_given_what_pulumi_s_own_host_gives(repository: Repository) -> None:
    executor(
        repository,
        """
names = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS", "VIRTUAL_ENV", "WORD")
seen = {"argv": sys.argv, "folder": os.getcwd(), **{name: os.environ[name] for name in names}}
print("printed for nobody")
open("seen.json", "w").write(json.dumps(seen))
""",
    )
    root = repository.root
    request = {
        "monitor_address": "127.0.0.1:2",
        "project": "p",
        "stack": "dev",
        "pwd": str(root),
        "program": ".",
        "parallel": 8,
        "dryRun": True,
        "organization": "organization",
        "config": {"p:context": "dev-cluster"},
        "configSecretKeys": ["p:password"],
    }
    with warm_program(repository, {"WORD": "given"}) as client:
        assert not run(client, **request).error
    seen = json.loads((root / "seen.json").read_text())
    assert seen == {
        "argv": [
            str(root.with_name("pulumi-language-python-exec")),
            *("--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1"),
            *("--project", "p", "--stack", "dev", "--pwd", str(root)),
            *("--dry_run", "true", "--parallel", "8", "--organization", "organization", "."),
        ],
        "folder": str(root),
        "PULUMI_CONFIG": '{"p:context": "dev-cluster"}',
        "PULUMI_CONFIG_SECRET_KEYS": '["p:password"]',
        "VIRTUAL_ENV": str(root / ".venv"),
        "WORD": "given",
    }


def test_a_program_that_is_not_asked_for_ends(repository: Repository) -> None:
    executor(repository, "open('ran', 'w')")
    with warm_program(repository, {}) as client:
        assert client
    commands = [process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"])]
    assert not any(str(repository.root.parent) in word for words in commands for word in words)
    assert not (repository.root / "ran").exists()


@pytest.mark.parametrize(
    "project", ["name: p\nruntime: python\n", "name: p\nruntime: {name: python}\n"]
)
def test_without_a_virtual_environment_pulumi_s_own_host_is_used(
    repository: Repository, project: str
) -> None:
    executor(repository, "")
    (repository.root / "Pulumi.yaml").write_text(project)
    with warm_program(repository, {}) as client:
        assert client == []
