"""What is sealed, opened again as the controller does; checked once against kubeseal's own code."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from sluice.errors import RepositoryError
from sluice.security.sealing import Scope, public_key, sealed

SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "login", "namespace": "shop", "labels": {"app": "web"}},
    "type": "kubernetes.io/basic-auth",
    "stringData": {"username": "ada"},
    "data": {"password": "aHVudGVyMg=="},
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(key: rsa.RSAPrivateKey, valid: timedelta = timedelta(days=1)) -> bytes:
    name = x509.Name([])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + valid)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def opened(text: str, key: rsa.RSAPrivateKey, label: bytes) -> str:
    content = base64.b64decode(text)
    length = int.from_bytes(content[:2], "big")
    padding = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=label)
    session = key.decrypt(content[2 : 2 + length], padding)
    return AESGCM(session).decrypt(bytes(12), content[2 + length :], None).decode()


@pytest.mark.parametrize(
    ("scope", "label"),
    [
        (Scope.STRICT, b"shop/login"),
        (Scope.NAMESPACE_WIDE, b"shop"),
        (Scope.CLUSTER_WIDE, b""),
    ],
)
def test_each_value_opens_with_the_key_and_the_label_of_its_scope(
    key: rsa.RSAPrivateKey, scope: Scope, label: bytes
) -> None:
    manifest = sealed(SECRET, public_key(certificate(key)), scope)

    values = manifest["spec"]["encryptedData"]
    assert {name: opened(value, key, label) for name, value in values.items()} == {
        "username": "ada",
        "password": "hunter2",
    }
    marked = {f"sealedsecrets.bitnami.com/{scope}": "true"}
    assert manifest["metadata"].get("annotations", {}) == ({} if scope is Scope.STRICT else marked)
    assert manifest["spec"]["template"]["type"] == "kubernetes.io/basic-auth"
    assert manifest["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({**SECRET, "kind": "ConfigMap"}, "want a Secret with a name"),
        ({**SECRET, "metadata": {"name": "login"}}, "Secret login: namespace is required"),
    ],
)
def test_what_cannot_be_sealed(key: rsa.RSAPrivateKey, secret: dict[str, Any], said: str) -> None:
    with pytest.raises(RepositoryError, match=said):
        sealed(secret, key.public_key(), Scope.STRICT)


def test_a_certificate_that_is_none_or_has_expired(key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(RepositoryError, match="no certificate in PEM"):
        public_key(b"certificate")
    with pytest.raises(RepositoryError, match="the certificate has expired on "):
        public_key(certificate(key, timedelta(days=-1)))
