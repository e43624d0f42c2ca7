"""Secrets come from where nobody else can read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sluice.commands.bootstrap import _secret, bootstrap
from sluice.errors import RepositoryError


def test_a_secret_is_taken_from_the_environment_or_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("kind: Config\n")
    monkeypatch.setenv("KUBECONFIG_UP_FILE", str(file))
    assert _secret("KUBECONFIG_UP") == "kind: Config\n"
    monkeypatch.setenv("KUBECONFIG_UP", "kind: Other")
    assert _secret("KUBECONFIG_UP") == "kind: Other"


def test_a_secret_that_is_nowhere_is_an_error_that_says_where_to_put_it() -> None:
    with pytest.raises(RepositoryError, match="set NOWHERE in the environment, or NOWHERE_FILE"):
        _secret("NOWHERE")


def test_a_secrets_file_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE_FILE", "/nowhere")
    with pytest.raises(RepositoryError, match="/nowhere cannot be read"):
        _secret("GONE")


def test_a_variable_without_a_value_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: infrastructure\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(bootstrap, ["gitea", "--variable", "REGION"])
    assert result.exit_code == 2
    assert "'REGION' is not NAME=VALUE" in result.output
