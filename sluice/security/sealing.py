"""Sealing as kubeseal does, with the certificate of a cluster's Sealed Secrets controller.

A random key encrypts a value by AES-256-GCM, and the certificate's RSA key
encrypts that key by OAEP with SHA-256, whose label is where the value may be
used. The nonce is zero because a key is used once.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from sluice.errors import RepositoryError

__all__ = ["Scope", "public_key", "sealed"]

_KEY_BYTES = 32
_NONCE = bytes(12)
_ANNOTATIONS = "sealedsecrets.bitnami.com/"


class Scope(StrEnum):
    """Where a sealed value may be used: under its name, in its namespace, anywhere."""

    STRICT = "strict"
    NAMESPACE_WIDE = "namespace-wide"
    CLUSTER_WIDE = "cluster-wide"


def public_key(certificate: bytes) -> RSAPublicKey:
    """Return the key of a controller's certificate, in PEM.

    Raises:
        RepositoryError: where it is none, or has expired.

    """
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise RepositoryError(f"no certificate in PEM: {error}") from None
    if found.not_valid_after_utc < datetime.now(UTC):
        raise RepositoryError(
            f"the certificate has expired on {found.not_valid_after_utc:%Y-%m-%d}; fetch the newest"
        )
    key = found.public_key()
    if not isinstance(key, RSAPublicKey):
        raise RepositoryError("the certificate's key is not RSA, as the controller's is")
    return key


def sealed(secret: Mapping[str, Any], key: RSAPublicKey, scope: Scope) -> dict[str, Any]:
    """Return the SealedSecret of a Secret.

    Raises:
        RepositoryError: where it is no Secret, or does not say its namespace.

    """
    metadata = secret.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if (secret.get("apiVersion"), secret.get("kind")) != ("v1", "Secret") or not name:
        raise RepositoryError("want a Secret with a name")
    if not namespace:
        raise RepositoryError(f"Secret {name}: namespace is required, as it is sealed for one")
    label = _label(scope, str(namespace), str(name))
    annotations = {f"{_ANNOTATIONS}{scope}": "true"} if scope is not Scope.STRICT else {}
    place = {"name": name, "namespace": namespace}
    kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    template: dict[str, Any] = {
        "metadata": {**place, **kept, **_annotated(kept.get("annotations"), annotations)}
    }
    template |= {field: secret[field] for field in ("type", "immutable") if field in secret}
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {**place, **_annotated(None, annotations)},
        "spec": {
            "encryptedData": {
                field: _encrypt(value, key, label) for field, value in _values(secret).items()
            },
            "template": template,
        },
    }


def _annotated(own: Mapping[str, str] | None, more: Mapping[str, str]) -> dict[str, Any]:
    return {"annotations": {**(own or {}), **more}} if more else {}


def _label(scope: Scope, namespace: str, name: str) -> bytes:
    labels = {Scope.STRICT: f"{namespace}/{name}", Scope.NAMESPACE_WIDE: namespace}
    return labels.get(scope, "").encode()


def _values(secret: Mapping[str, Any]) -> dict[str, bytes]:
    encoded = {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
    plain = {key: str(value).encode() for key, value in (secret.get("stringData") or {}).items()}
    return encoded | plain


def _encrypt(value: bytes, key: RSAPublicKey, label: bytes) -> str:
    session = os.urandom(_KEY_BYTES)
    padding = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=label or None)
    wrapped = key.encrypt(session, padding)
    text = AESGCM(session).encrypt(_NONCE, value, None)
    return base64.b64encode(len(wrapped).to_bytes(2, "big") + wrapped + text).decode()
