"""What is decrypted of a rendered directory; the integration tests have real keys and files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.errors import DeclarationError
from components.kustomize.decryption import decrypted, verify_files

METADATA = {"name": "login", "labels": {"app": "web"}}
MAC = {"mac": "ENC[AES256_GCM,data:eA==]", "version": "3.11.0"}


@pytest.fixture
def clear(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What SOPS gives back; what it was given is listed."""
    asked: list[str] = []

    def give(text: str) -> list[str]:
        def decrypt(encrypted: str, *_: str, **__: Any) -> str:
            asked.append(encrypted)
            return text

        monkeypatch.setattr("components.kustomize.decryption.decrypt", decrypt)
        return asked

    return give


def secret(**parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": METADATA, **parts}


def test_of_an_encrypted_secret_the_values_are_decrypted_and_the_rest_is_kept(
    clear: Callable[[str], list[str]],
) -> None:
    asked = clear('{"stringData": {"password": "hunter2"}}')
    given = secret(stringData={"password": "ENC[AES256_GCM,data:eA==]"}, sops=MAC)

    assert decrypted(given, where="shop") == secret(stringData={"password": "hunter2"})
    assert [json.loads(each).keys() for each in asked] == [{"sops", "stringData"}]


def test_of_a_generated_secret_the_encrypted_files_are_decrypted(
    clear: Callable[[str], list[str]],
) -> None:
    clear("password: hunter2\n")
    file = "password: ENC[AES256_GCM,data:eA==]\nsops:\n    mac: ENC[AES256_GCM,data:eA==]\n"
    coded = {
        key: base64.b64encode(text.encode()).decode()
        for key, text in {"db.yaml": file, "user": "ada", "now": "password: hunter2\n"}.items()
    }
    wanted = {"db.yaml": coded["now"], "user": coded["user"], "now": coded["now"]}
    assert decrypted(secret(data=coded), where="shop") == secret(data=wanted)


def test_an_object_that_is_not_encrypted_is_left_as_it_is() -> None:
    for given in ({"kind": "ConfigMap", "data": {"a": "b"}}, secret(stringData={"a": "b"})):
        assert decrypted(given, where="shop") is given


def test_what_would_not_stay_secret_is_refused() -> None:
    given = {**secret(data={"a": "b"}, sops=MAC), "kind": "ConfigMap"}
    with pytest.raises(DeclarationError, match="shop: ConfigMap login: is encrypted, and only a"):
        decrypted(given, where="shop")


def test_an_encrypted_label_is_refused(clear: Callable[[str], list[str]]) -> None:
    clear("{}")
    given = secret(sops=MAC, type="ENC[AES256_GCM,data:eA==]")
    with pytest.raises(DeclarationError, match="something beside data and stringData is encryp"):
        decrypted(given, where="shop")


def test_a_manifest_that_kustomize_cannot_read_is_named(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "kustomization.yaml").write_text("resources: [secret.yaml]")
    (base / "secret.yaml").write_text("kind: ENC[AES256_GCM,data:eA==]\nsops:\n    mac: x\n")
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text("resources: [../base]")
    with pytest.raises(DeclarationError, match=r"base/secret.yaml: more than the values is encr"):
        verify_files(overlay)
