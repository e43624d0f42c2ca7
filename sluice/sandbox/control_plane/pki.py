"""The certificates and keys of one cluster, made once and kept.

Two authorities, as kubeadm has them: one for Kubernetes, one for etcd, so that
a client certificate which the cluster signs opens the API and never the store.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.lib.files.atomic_file import write_if_changed
from sluice.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["CLIENTS", "Authority", "Subject", "ensure_pki"]

VALIDITY = timedelta(days=3650)
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names: a Kubernetes user and the group it is in."""

    user: str
    group: str | None = None

    def name(self) -> x509.Name:
        """The subject as X.509 writes it."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, self.user)]
        if self.group is not None:
            attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.group))
        return x509.Name(attributes)


CLIENTS = {
    "admin": Subject("sluice:admin", "system:masters"),
    "kube-controller-manager": Subject("system:kube-controller-manager"),
    "kube-scheduler": Subject("system:kube-scheduler"),
    "kwok": Subject("sluice:kwok", "system:masters"),
    "previewer": Subject("sluice:previewer"),
}
SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1")


class Authority:
    """A certificate authority whose files are `<folder>/<name>.crt` and `.key`."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take the one whose files are there, or make it."""
        self._folder = folder
        self._subject = Subject(f"sluice-sandbox-{name}").name()
        file = folder / f"{name}.key"
        if file.exists():
            self._key = _read_key(file)
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(self._subject, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        _write(folder, name, certificate, self._key)

    def issue_client(self, name: str, subject: Subject) -> None:
        """Write a certificate that lets its holder act as `subject`."""
        self._issue(name, subject, [ExtendedKeyUsageOID.CLIENT_AUTH], [])

    def issue_server(self, name: str, subject: Subject) -> None:
        """Write a certificate for a server on this machine, which is also a client of its peers."""
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in SERVER_NAMES]
        names += [x509.IPAddress(ip_address(address)) for address in SERVER_ADDRESSES]
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        self._issue(name, subject, usages, names)

    def _issue(
        self,
        name: str,
        subject: Subject,
        usages: Sequence[x509.ObjectIdentifier],
        alternatives: Sequence[x509.GeneralName],
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(subject.name(), key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            )
        _write(self._folder, name, builder.sign(self._key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + VALIDITY)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )


def ensure_pki(folder: Path) -> None:
    """Make the cluster's authorities, certificates and service account key, if there are none.

    They appear in `folder` all at once, so an interrupted run leaves none. A
    client that a cluster of before does not know yet gets its certificate.
    """
    if folder.exists():
        for name, subject in CLIENTS.items():
            if not (folder / f"{name}.crt").exists():
                Authority(folder, "ca").issue_client(name, subject)
        return
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    _issue_all(draft)
    draft.rename(folder)


def _issue_all(folder: Path) -> None:
    cluster = Authority(folder, "ca")
    cluster.issue_server("server", Subject("kube-apiserver"))
    for name, subject in CLIENTS.items():
        cluster.issue_client(name, subject)
    store = Authority(folder, "etcd-ca")
    store.issue_server("etcd", Subject("etcd"))
    store.issue_client("etcd-client", Subject("kube-apiserver"))
    _write_key(folder / "service-account.key", ec.generate_private_key(ec.SECP256R1()))


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    _write_key(folder / f"{name}.key", key)
    # Last, for where it is there its key is there too.
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    write_if_changed(folder / f"{name}.crt", pem)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SandboxError(f"{path} is no key of the sandbox's; run `make clean`")
    return key


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    write_if_changed(path, pem)
