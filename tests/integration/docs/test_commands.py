"""Every command that the documentation shows is run here as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml

from sluice.sandbox import Sandbox

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
    assert "dev      application/ci-agents" in output
    assert "ci-agents   3/3" in output
    assert f'eval "$({clone}/.venv/bin/sluice env)"' in output
    assert run("git status --short", clone).split() == ["M", "stacks/Pulumi.dev.yaml"]
    reconcile = commands("docs/reconcile.md")
    assert "changed" in run(f'eval "$(.venv/bin/sluice env)"; {reconcile}', clone)
    assert "Nothing to do" in run("git checkout -q stacks && make up && make up", clone)
    on_it = 'eval "$(.venv/bin/sluice env)"\n' + commands("docs/diff.md")
    assert "Nothing to do" in run(on_it, clone)
    reported = f'eval "$(.venv/bin/sluice env)"\n{commands("docs/pull-requests.md")}'
    assert "| **dev** |" in run(reported, clone)
    assert run("git status --short", clone) == ""
    the_line_to_paste_works_from_a_folder_below(clone)
    entered = 'eval "$(.venv/bin/sluice env)"'
    assert "dev: no drift" in run(f"{entered}\n{commands('docs/drift.md')}", clone)
    shown = run(f"{entered}\n{commands('docs/security.md')}", clone)
    assert "serviceaccount/infrastructure-dev-up serverside-applied" in shown
    shown = run(f"{entered}\n{commands('docs/pipeline.md')}", clone)
    # Of the stacks that were reconciled it is known what they read.
    assert "staging  no record of a good deployment" in shown
    assert "dev " not in shown
    assert "in order runner" in run(f"{entered}\n{commands('docs/gitea.md')}", clone)
    assert processes(clone)
    run("make down", clone)
    assert processes(clone) == []


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


@pytest.mark.xdist_group("platform")
def test_own_clusters_are_deployed_to_without_a_sandbox(
    clone: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
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
    entered = 'eval "$(.venv/bin/sluice env)"\n'
    output = run(entered + commands("docs/promotion.md"), clone, **mine)
    assert "dev -> staging: nothing to carry" in output
    output = run(entered + commands("docs/image-updates.md"), clone, **mine)
    assert "No stack has an ImageUpdateAutomation" in output
    output = run(entered + commands("docs/images.md"), clone, **mine)
    assert output.splitlines()[:2] == ["v1.10.0", "1.4.2-alpine"]
    assert "no stack has an ImagePolicy" in output
    assert "prod: the lock fits" in run(entered + commands("docs/locks.md"), clone, **mine)
    output = run(commands("docs/suspend.md"), clone, **mine)
    assert 'merge={"spec": {"replicas": 5}}' in output
    assert "dev: nothing was changed by hand" not in output
    run(f"git pull -q && {commands('docs/authoring.md')}", clone, **mine)
    assert "+    removed" not in run("git diff", clone)
    destroy = 'eval "$(.venv/bin/sluice env)"; pulumi destroy --stack dev --yes'
    run(destroy, clone, **mine)


def test_the_toolchain_is_shown_as_it_is_called(clone: Path) -> None:
    assert "bin" in run(commands("docs/toolchain.md"), clone)
