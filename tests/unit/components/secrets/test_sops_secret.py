"""Secrets of a file, once it is decrypted; the integration tests have real keys and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components import Namespace, SopsSecret, SopsSecretArgs
from components.errors import DeclarationError
from components.secrets.sops import is_encrypted, read_encrypted

if TYPE_CHECKING:
    from conftest import Declare

SECRETS = """
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: shop, labels: {app: web}}
type: kubernetes.io/basic-auth
stringData: {username: ada, password: hunter2}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
data: {token: aHVudGVyMg==}
"""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What the file is once it is decrypted."""

    def give(text: str) -> None:
        monkeypatch.setattr("components.secrets.sops_secret.read_encrypted", lambda _: text)

    return give


def given(file: str = "secrets/db.enc.yaml", **arguments: Any) -> Callable[[], SopsSecret]:
    arguments = {"namespace": "shop", **arguments}
    return lambda: SopsSecret("db", SopsSecretArgs(file=file, **arguments))


def test_a_map_is_one_secret_whose_values_are_texts(
    declare: Declare, plain: Callable[[str], None]
) -> None:
    plain("password: hunter2\nport: 5432\ntls: true\nempty:\n")

    secret = declare(given(labels={"app": "web"})).object("Secret")

    values = {key: value.value for key, value in secret["stringData"].items()}
    assert values == {"password": "hunter2", "port": "5432", "tls": "true", "empty": ""}
    assert secret["metadata"] == {"name": "db", "namespace": "shop", "labels": {"app": "web"}}
    assert secret["type"] == "Opaque"


def test_secrets_are_as_the_file_has_them(declare: Declare, plain: Callable[[str], None]) -> None:
    plain(SECRETS)

    def program() -> None:
        namespace = Namespace("apps")
        SopsSecret("all", SopsSecretArgs(file="all.yaml", namespace=namespace, labels={"a": "b"}))

    registered = declare(program)
    found = [each for each in registered.objects() if each["kind"] == "Secret"]
    # Pulumi registers them as their turns come, in no order.
    login, token = sorted(found, key=lambda each: str(each["metadata"]["name"]))
    assert login["metadata"] == {
        "name": "login",
        "namespace": "apps",
        "labels": {"app": "web", "a": "b"},
    }
    assert login["type"] == "kubernetes.io/basic-auth"
    assert {key: value.value for key, value in token["data"].items()} == {"token": "aHVudGVyMg=="}
    assert "apps:apps" in registered.one("SopsSecret").after


def test_any_other_file_is_one_key(declare: Declare, plain: Callable[[str], None]) -> None:
    plain("-----BEGIN X-----\n")

    secret = declare(given("secrets/ca.pem")).object("Secret")

    assert secret["stringData"]["ca.pem"].value == "-----BEGIN X-----\n"


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("a: {b: c}\n", {}, "secrets/db.enc.yaml: a: holds dicts, want a text"),
        ("a: b\n---\nc: d\n", {}, "secrets/db.enc.yaml: has 2 documents that are no Secret"),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}",
            {},
            "secrets/db.enc.yaml: holds a ConfigMap, and may hold Secrets only",
        ),
        (SECRETS, {"namespace": ""}, "namespace: secrets/db.enc.yaml does not say one; give it"),
        ("a: b\n", {"namespace": "Not A Name"}, "namespace: 'Not A Name' is not lower-case"),
    ],
)
def test_a_file_that_is_no_secret(
    refused: Callable[..., str],
    plain: Callable[[str], None],
    here: str,
    text: str,
    arguments: dict[str, Any],
    said: str,
) -> None:
    plain(text)

    error = refused(given(**arguments))

    assert error.startswith(f"{here}:")
    assert f"SopsSecret 'db': {said}" in error
    assert "hunter2" not in error


def test_a_plain_file_is_refused_with_what_encrypts_it(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text("password: hunter2\n")

    with pytest.raises(DeclarationError) as refused:
        read_encrypted(file)

    assert str(refused.value) == (
        f"{file}: is not encrypted with SOPS; run: sluice secret encrypt {file}"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"gone\.yaml: No such file or directory"):
        read_encrypted(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("text", "encrypted"),
    [
        ("a: ENC[AES256_GCM,data:x,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:y]\n", True),
        ('{"a": "ENC[AES256_GCM]", "sops": {"mac": "ENC[AES256_GCM]"}}', True),
        ("A=ENC[AES256_GCM,data:x]\nsops_mac=ENC[AES256_GCM,data:y]\n", True),
        ("[a]\nb = ENC[AES256_GCM]\n[sops]\nmac = ENC[AES256_GCM]\n", True),
        ("sops: is a program\n", False),
        ("password: hunter2\n", False),
    ],
)
def test_what_sops_has_written(text: str, encrypted: bool) -> None:
    assert is_encrypted(text) is encrypted
