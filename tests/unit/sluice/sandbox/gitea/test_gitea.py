"""What Gitea and its runner are started with."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest
import yaml

from sluice.sandbox.gitea.runner import GiteaRunner
from sluice.sandbox.gitea.server import PREFERRED_PORT, GiteaServer


def settings(server: GiteaServer) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("[top]\n" + server.configuration.read_text())
    return parser


def test_a_servers_secrets_are_made_once_and_are_the_owners_only(tmp_path: Path) -> None:
    server = GiteaServer(tmp_path / "gitea")
    server.prepare(preferred=True)
    first = settings(server)["security"]["SECRET_KEY"]
    server.prepare(preferred=True)
    assert settings(server)["security"]["SECRET_KEY"] == first
    assert stat.S_IMODE(server.configuration.stat().st_mode) == 0o600


def test_a_server_leaves_its_port_to_a_sandbox_that_starts_one_too(tmp_path: Path) -> None:
    server = GiteaServer(tmp_path / "gitea")
    server.prepare(preferred=False)
    chosen = server.port()
    assert chosen != PREFERRED_PORT
    server.prepare(preferred=True)
    assert server.port() == chosen


def test_a_server_is_reached_by_the_name_localhost_on_the_loopback(tmp_path: Path) -> None:
    server = GiteaServer(tmp_path / "gitea")
    server.prepare(preferred=True)
    web = settings(server)["server"]
    assert web["HTTP_ADDR"] == "127.0.0.1"
    assert web["ROOT_URL"] == f"{server.url}/" == f"http://localhost:{server.port()}/"


def test_a_runners_jobs_inherit_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KUBECONFIG", "GITEA_TOKEN", "AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.example.com")
    environment = GiteaRunner(tmp_path).environment()
    assert "secret" not in environment.values()
    assert environment["PIP_INDEX_URL"] == "https://pypi.example.com"
    assert environment["HOME"] == str(tmp_path / "home")


def test_each_job_of_a_runner_has_a_folder_of_its_own(tmp_path: Path) -> None:
    runner = GiteaRunner(tmp_path)
    runner.prepare()
    written = yaml.safe_load(runner.configuration.read_text())
    assert written["runner"]["capacity"] >= 2
    assert written["container"] == {"bind_workdir": True, "workdir_parent": str(tmp_path / "work")}
