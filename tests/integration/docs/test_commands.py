"""Every command that the documentation shows is run here as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml

from sluice.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
# This suite is what it runs, and the bench is run by hand.
NOT_HERE = ("make test", "make bench")
OURS = ("PULUMI_", "KUBECONFIG", "VIRTUAL_ENV", "MAKE")


def commands(document: str) -> str:
    """The document's shell blocks, one after the other, as a script that stops at a failure."""
    text = (ROOT / document).read_text()
    blocks = [textwrap.dedent(match[2]) for match in BLOCK.finditer(text)]
    lines = [line for block in blocks for line in block.splitlines() if line not in NOT_HERE]
    return "\n".join(["set -e", *lines])


def run(script: str, folder: Path, **variables: str) -> str:
    """Run a script as a newcomer's shell would, and give what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    result = subprocess.run(
        [shutil.which("bash") or "bash", "-c", script],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone of this repository with the working tree's files, stopped and removed after."""
    folder = tmp_path / "infrastructure"
    for name in run("git ls-files --cached --others --exclude-standard", ROOT).splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run("git init -q . && git add -A && git commit -q -m 'feat: the platform'", folder)
    yield folder
    run("make down", folder)


def test_the_readme_leads_from_a_clone_to_a_changed_replica_count(clone: Path) -> None:
    output = run("\n".join(map(commands, ("README.md", "docs/looking.md"))), clone)
    three_environments_came_up_in_their_order(output, run("git rev-parse HEAD", clone)[:7])
    assert "ci-agents   3/3" in output
    assert f'eval "$({clone}/.venv/bin/sluice env)"' in output
    one_line_was_changed_in_one_environment(clone)
    assert "changed" in entered(commands("docs/reconcile.md"), clone)
    run("git checkout -q stacks", clone)
    a_removed_member_is_gone_and_comes_back(clone)
    assert "Nothing to do" in run("make up", clone)
    assert "Nothing to do" in entered(commands("docs/diff.md"), clone)
    assert "| **dev** |" in entered(commands("docs/pull-requests.md"), clone)
    assert run("git status --short", clone) == ""
    the_line_to_paste_works_from_a_folder_below(clone)
    assert "dev: no drift" in entered(commands("docs/drift.md"), clone)
    shown = entered(commands("docs/security.md"), clone)
    assert "serviceaccount/infrastructure-dev-up serverside-applied" in shown
    shown = entered(commands("docs/pipeline.md"), clone)
    # Of the stacks that were reconciled it is known what they read.
    assert "staging  no record of a good deployment" in shown
    assert "dev " not in shown
    assert "in order runner" in entered(commands("docs/gitea.md"), clone)
    assert processes(clone)
    run("make down", clone)
    assert processes(clone) == []


def test_who_contributes_is_led_to_a_tested_change(clone: Path) -> None:
    lend_packages(clone)
    shown = run(commands("CONTRIBUTING.md"), clone)
    assert " passed" in shown
    assert run("git status --short", clone) == ""
    author = run("git log -1 --format='%an <%ae>'", clone).strip()
    assert author in run(commands("SECURITY.md"), clone)


def test_the_guide_for_contributors_names_each_target_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    assert targets
    named = re.findall(r"`make ([a-z0-9]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert set(named) == set(targets[1].split())


def three_environments_came_up_in_their_order(output: str, commit: str) -> None:
    """What `make up` has shown: each stack as it ends, then the table of what runs."""
    shown, _, rest = output.partition("STACK ")
    created = [line.partition(":")[0] for line in shown.splitlines() if " created" in line]
    assert created == ["dev", "staging", "prod"]
    cells = [line.split() for line in rest.partition("\n\n")[0].splitlines()[1:]]
    rows = {(stack, component): tuple(others[:3]) for stack, component, *others in cells}
    assert rows["prod", "helmrelease/redis"] == (f"18.19.4@{commit}", "False", "True")
    assert rows["dev", "application/ci-agents"] == (f"1.5.0-rc.1@{commit}", "False", "True")
    assert {ready for _revision, _suspended, ready in rows.values()} == {"True"}


def one_line_was_changed_in_one_environment(clone: Path) -> None:
    assert run("git status --short", clone).split() == ["M", "stacks/Pulumi.dev.yaml"]
    changed = run("git diff --unified=0", clone).splitlines()
    assert [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        '-  infrastructure:agents: "1"',
        "+  infrastructure:agents: 3",
    ]
    assert [agents(clone, stack) for stack in ("dev", "staging", "prod")] == ["3", "2", "4"]
    script = "pulumi config set --stack staging agents 3; pulumi preview --stack staging --diff"
    preview = entered(script, clone)
    assert "replicas: 2 => 3" in preview
    assert "1 to update" in preview
    assert '+  infrastructure:agents: "3"' in run("git diff stacks/Pulumi.staging.yaml", clone)


def agents(clone: Path, stack: str) -> str:
    """How many agents of a stack are ready."""
    get = "get deployment ci-agents --namespace ci-agents -o jsonpath={.status.readyReplicas}"
    return entered(f"kubectl --context {stack}-cluster {get}", clone)


def a_removed_member_is_gone_and_comes_back(clone: Path) -> None:
    there = "kubectl get all,configmap,secret,sa --namespace databases -o name --context"
    before = entered(f"{there} dev-cluster", clone)
    assert "redis" in before
    program = clone / "stacks" / "dev.py"
    program.write_text(program.read_text().replace("removed = (", 'removed = ("redis", '))
    refused = entered("! sluice up dev 2>&1", clone)
    assert "run `sluice lock dev`" in refused
    entered("sluice lock dev && sluice up dev", clone)
    left = entered(f"{there} dev-cluster", clone)
    assert "redis" not in left
    assert "release.v1.postgresql" in left
    assert "redis" in entered(f"{there} prod-cluster", clone)
    entered("git checkout -q stacks && sluice up dev", clone)
    assert len(entered(f"{there} dev-cluster", clone).split()) == len(before.split())


def entered(script: str, folder: Path, **variables: str) -> str:
    """Run a script in the shell of `sluice env`."""
    return run(f'eval "$(.venv/bin/sluice env)"\n{script}', folder, **variables)


def the_line_to_paste_works_from_a_folder_below(clone: Path) -> None:
    script = f"""
        set -eu
        eval "$({clone}/.venv/bin/sluice env)"
        kubectl --context=prod-cluster get deployment ci-agents -n ci-agents -o name
        pulumi stack ls --json
        sluice get all --stack dev
    """
    shown = run(script, clone / "stacks")
    assert "deployment.apps/ci-agents" in shown
    assert '"name": "prod"' in shown
    assert "helmrelease/redis" in shown


def processes(clone: Path) -> list[str]:
    """The processes that run something of the clone."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(clone) in word for word in process.cmdline()):
                found.append(process.name())
    return found


def lend_packages(clone: Path) -> None:
    """Let a clone import this checkout's packages, so that `make` installs the project alone.

    Those of the README are installed from nothing, and this checkout's by `make test`.
    """
    run(f"{sys.executable} -m venv --without-pip .venv", clone)
    ours, theirs = (site_packages(folder / ".venv") for folder in (ROOT, clone))
    (theirs / "lent.pth").write_text(f"{ours}\n")
    stamp = json.loads((ROOT / ".venv" / ".sluice-stamp.json").read_text())
    del stamp["project"]
    (clone / ".venv" / ".sluice-stamp.json").write_text(json.dumps(stamp))
    for program in ("pytest", "ruff"):
        text = (ROOT / ".venv" / "bin" / program).read_bytes()
        target = clone / ".venv" / "bin" / program
        if text.startswith(b"#!"):
            target.write_bytes(text.replace(bytes(ROOT), bytes(clone)))
            target.chmod(0o755)
        else:
            target.symlink_to(ROOT / ".venv" / "bin" / program)


def site_packages(environment: Path) -> Path:
    (folder,) = environment.glob("lib/python*/site-packages")
    return folder


@pytest.mark.xdist_group("platform")
def test_own_clusters_are_deployed_to_without_a_sandbox(
    clone: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    lend_packages(clone)
    for folder in (clone / ".sluice", tmp_path / "state"):
        folder.mkdir()
    (clone / ".sluice" / "mirrors.yaml").write_text(yaml.safe_dump(sandbox.mirrors))
    (tmp_path / "passphrase").write_text("my own")
    mine = {
        "KUBECONFIG": str(sandbox.kubeconfig),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
    }
    script = commands("docs/own-clusters.md")
    output = run(script, clone, **mine)
    assert "created" in output
    assert not (clone / ".sluice" / "sandbox").exists()
    run("git init -q --bare ../remote.git && git remote add origin ../remote.git", clone)
    run("git add -A && git commit -q -m 'feat: our clusters' && git push -qu origin HEAD", clone)
    output = entered(commands("docs/promotion.md"), clone, **mine)
    assert "dev -> staging: nothing to carry" in output
    output = entered(commands("docs/image-updates.md"), clone, **mine)
    assert "No stack has an ImageUpdateAutomation" in output
    output = entered(commands("docs/images.md"), clone, **mine)
    assert output.splitlines()[:2] == ["v1.10.0", "1.4.2-alpine"]
    assert "no stack has an ImagePolicy" in output
    assert "prod: the lock fits" in entered(commands("docs/locks.md"), clone, **mine)
    output = run(commands("docs/suspend.md"), clone, **mine)
    assert 'merge={"spec": {"replicas": 5}}' in output
    assert "dev: nothing was changed by hand" not in output
    run(f"git pull -q && {commands('docs/authoring.md')}", clone, **mine)
    assert "+    removed" not in run("git diff", clone)
    assert "bin" in run(commands("docs/toolchain.md"), clone)
    destroy = "pulumi destroy --stack dev --yes --skip-preview --parallel=64"
    entered(destroy, clone, **mine)
