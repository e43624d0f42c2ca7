"""A Gitea below a path, with a certificate that an authority of one's own has signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import git
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sluice.errors import GiteaError
from sluice.gitea.bootstrap import apply
from sluice.gitea.bootstrap_plan import BOT_TOKEN, BootstrapPlan
from sluice.gitea.client import Gitea
from sluice.sandbox.control_plane.pki import Authority, Subject
from sluice.sandbox.gitea.server import ADMINISTRATOR, GiteaServer
from sluice.sandbox.processes.ports import is_free
from sluice.sandbox.processes.process import find, stop
from sluice.sandbox.processes.supervision import ensure_running
from sluice.stack.repository import Repository
from tests.gitea_sandbox import eventually


@pytest.fixture
def server(programs: Path, tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """Its address, an administrator's token, its authority's certificate."""
    server = GiteaServer(tmp_path / "gitea")
    server.prepare(preferred=False)
    authority = Authority(tmp_path / "pki", "ca")
    authority.issue_server("server", Subject("gitea"))
    port = server.port() or 0
    address = f"https://localhost:{port}/apps/git"
    ini = server.configuration.read_text()
    ini = ini.replace("PROTOCOL = http\n", f"PROTOCOL = https\n{_tls(tmp_path / 'pki')}")
    ini = ini.replace(f"ROOT_URL = {server.url}/", f"ROOT_URL = {address}/")
    server.configuration.write_text(ini)
    ensure_running(server.unit, server.command(programs))
    try:
        made = eventually(lambda: _token(server, programs), "an administrator")
        eventually(lambda: not is_free(port) or None, "the server")
        yield address, made, tmp_path / "pki" / "ca.crt"
    finally:
        process = find(server.unit)
        assert process is not None
        stop([process])


def _tls(pki: Path) -> str:
    files = f"CERT_FILE = {pki / 'server.crt'}\nKEY_FILE = {pki / 'server.key'}\n"
    return f"{files}USE_SUB_URL_PATH = true\n"


def _token(server: GiteaServer, programs: Path) -> str | None:
    made = server._admin(
        programs,
        *("create", "--admin", "--username", ADMINISTRATOR, "--email", "a@example.com"),
        *("--random-password", "--must-change-password=false", "--access-token"),
        *("--access-token-scopes", "all"),
    )
    return made.stdout.split()[-1] if made.returncode == 0 else None


def _public_key() -> str:
    key = Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_repository_is_bootstrapped_and_repaired_there(
    server: tuple[str, str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, token, authority = server
    with git.Repo.init(tmp_path / "checkout") as repo:
        repo.create_remote("origin", f"{address}/team/platform.git")
    checkout = Repository(tmp_path / "checkout")
    environment = {"GITEA_TOKEN": token}

    with pytest.raises(GiteaError, match=f"{address} is not trusted.*set SSL_CERT_FILE"):
        Gitea.of(checkout, environment).pull_requests()

    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    gitea = Gitea.of(checkout, environment)
    plan = BootstrapPlan(
        approvals=1, checks=("sluice/*",), variables={"REGION": "eu"}, deploy_key=_public_key()
    )
    first = {result.subject: result.outcome for result in apply(gitea, plan)}
    assert first["organisation team"] == first["repository team/platform"] == "made"
    assert {first[f"secret {BOT_TOKEN}"], first["variable REGION"]} == {"made"}
    assert (first["deploy key"], first["runner"]) == ("made", "missing")

    gitea.connection.call("DELETE", gitea.path("branch_protections", "main"))
    gitea.connection.call("PUT", gitea.path("actions", "variables", "REGION"), body={"value": "us"})
    other_key = replace(plan, deploy_key=_public_key())
    repaired = {
        result.subject: result.outcome
        for result in apply(gitea, other_key)
        if result.outcome not in {"in order", "missing"}
    }
    assert repaired == {
        "protection of main": "made",
        "variable REGION": "repaired",
        "deploy key": "repaired",
    }
