from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from sluice.errors import ApiError
from sluice.kubernetes.credentials import credentials


def kubeconfig(file: Path, server: str, **user: Any) -> str:
    content = {
        "contexts": [{"name": "dev", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
    }
    file.write_text(yaml.safe_dump(content))
    return str(file)


def test_a_context_gives_the_server_and_the_token(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", "http://127.0.0.1:8001", token="mine")  # noqa: S106 - an example
    found = credentials("dev", file)
    assert (found.server, found.token, found.tls) == ("http://127.0.0.1:8001", "mine", None)


def test_of_several_files_the_first_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kubeconfig(tmp_path / "first", "http://first")
    second = kubeconfig(tmp_path / "second", "http://second")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(["/not/there", first, second]))
    assert credentials("dev", "").server == "http://first"


def test_an_unknown_context_is_said_with_the_files_that_were_read(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", "http://here")
    with pytest.raises(ApiError, match=f"there is no context 'prod' in {file}"):
        credentials("prod", file)


def test_a_certificate_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    user = {"client-certificate": "me.crt", "client-key": "me.key"}
    file = kubeconfig(tmp_path / "config", "https://here", **user)
    with pytest.raises(ApiError, match="No such file or directory"):
        credentials("dev", file)
    (tmp_path / "me.crt").write_text("not a certificate")
    with pytest.raises(ApiError, match="PEM"):
        credentials("dev", file)
