"""The workflows are what Gitea 1.26 understands, hold no logic, and give away no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from sluice.cli import cli

FILES = sorted(Path(__file__).parents[3].glob(".gitea/workflows/*.yaml"))
# https://docs.gitea.com/usage/actions/comparison: what Gitea knows, or ignores with a warning.
TRIGGERS = {
    "issue_comment": {"types"},
    "pull_request": {"types"},
    "push": {"branches"},
    "registry_package": {"types"},
    "schedule": {"cron"},
    "workflow_dispatch": {"inputs"},
}
WORKFLOW = {"name", "on", "permissions", "concurrency", "jobs"}
JOB = {"if", "runs-on", "env", "steps"}
STEP = {"name", "if", "run", "env"}
CONTEXTS = {"github", "inputs", "secrets", "vars"}
# What every job does before its one call of the command.
PREPARING = re.compile(
    r"git (init|remote add|fetch|switch|checkout) .*|mkdir -p \"\$SLUICE_VOLUME\""
    r"|mkdir -p \.sluice \"\$SLUICE_VOLUME/charts\"|cp -RL \"\$SLUICE_VOLUME/charts\" \.sluice"
    r"|ln -s \"\$SLUICE_VOLUME\" \.sluice|python3 -m toolchain install --shared \w+"
)
CALL = re.compile(r"\.venv/bin/python -m sluice (.*)|make check SHARED=--shared")


def load(file: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(file.read_text())
    # YAML 1.1 reads `on` as true.
    return {("on" if key is True else key): value for key, value in content.items()}


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def workflow(request: pytest.FixtureRequest) -> dict[Any, Any]:
    return load(request.param)


def steps(workflow: dict[Any, Any]) -> list[dict[str, str]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def lines(workflow: dict[Any, Any]) -> list[str]:
    return [line for step in steps(workflow) for line in step["run"].splitlines()]


def test_a_workflow_has_only_what_gitea_knows(workflow: dict[Any, Any]) -> None:
    assert set(workflow) <= WORKFLOW
    assert set(workflow["on"]) <= set(TRIGGERS)
    for trigger, said in workflow["on"].items():
        for each in said if isinstance(said, list) else [said or {}]:
            assert set(each) <= TRIGGERS[trigger]
    for job in workflow["jobs"].values():
        assert set(job) <= JOB
        assert job["runs-on"] == "ubuntu-latest"
    for step in steps(workflow):
        assert set(step) <= STEP


def test_no_third_party_action_is_used(workflow: dict[Any, Any]) -> None:
    assert not any("uses" in step for step in steps(workflow))


def test_the_jobs_own_token_may_only_read(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}


def test_nothing_is_pasted_into_a_shell(workflow: dict[Any, Any]) -> None:
    assert not [line for line in lines(workflow) if "${{" in line]


def test_what_a_shell_reads_from_the_environment_is_quoted(workflow: dict[Any, Any]) -> None:
    for line in lines(workflow):
        quoted = re.sub(r'"[^"]*"', '""', line)
        assert "$" not in quoted.replace('${COMPONENT:+""}', ""), line


def test_only_known_contexts_are_used(workflow: dict[Any, Any]) -> None:
    text = yaml.safe_dump(workflow)
    found = {name for each in re.findall(r"\$\{\{(.*?)\}\}", text) for name in _names(each)}
    conditions = [
        each["if"] for each in (*workflow["jobs"].values(), *steps(workflow)) if "if" in each
    ]
    found |= {name for each in conditions for name in _names(each)}
    assert found <= CONTEXTS


def test_a_step_is_one_call_of_the_command(workflow: dict[Any, Any]) -> None:
    for step in steps(workflow):
        calls = [line for line in step["run"].splitlines() if not PREPARING.fullmatch(line)]
        assert len(calls) <= 1, step
        for line in calls:
            called = CALL.fullmatch(line)
            assert called, line
            if called[1]:
                _check_call(called[1])


def _check_call(line: str) -> None:
    """Hold a call to the command's own options."""
    words = [word.strip('"') for word in line.split()]
    context = click.Context(cli)
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found, f"there is no verb {name!r}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    given = {
        word for word in words[: words.index("--") if "--" in words else None] if word[0] == "-"
    }
    assert given <= known | {"--help"}, line


def test_untrusted_code_is_not_given_what_applies() -> None:
    for file in FILES:
        triggers = set(load(file)["on"])
        if triggers & {"pull_request"} or file.stem == "check":
            assert "KUBECONFIG_UP" not in file.read_text()
        else:
            assert "pull_request" not in triggers


def test_no_workflow_runs_a_forks_code_with_secrets() -> None:
    assert not [file for file in FILES if "pull_request_target" in load(file)["on"]]


def _names(expression: str) -> set[str]:
    bare = re.sub(r"'[^']*'", "", expression)
    return set(re.findall(r"(?<![\w.])([a-z]+)(?=\.)", bare))
