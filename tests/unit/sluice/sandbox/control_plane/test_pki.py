from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from sluice.sandbox.control_plane.pki import ensure_pki

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "pki"
    ensure_pki(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "authority"),
    [
        ("server", "ca"),
        ("admin", "ca"),
        ("kwok", "ca"),
        ("etcd", "etcd-ca"),
        ("etcd-client", "etcd-ca"),
    ],
)
def test_a_certificate_is_signed_by_its_authority(pki: Path, name: str, authority: str) -> None:
    _certificate(pki, name).verify_directly_issued_by(_certificate(pki, authority))


def test_the_administrator_is_in_the_group_that_may_do_everything(pki: Path) -> None:
    subject = _certificate(pki, "admin").subject
    assert [item.value for item in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [
        "system:masters"
    ]


def test_the_controllers_are_not_administrators(pki: Path) -> None:
    subject = _certificate(pki, "kube-controller-manager").subject
    assert subject.rfc4514_string() == "CN=system:kube-controller-manager"


def test_the_server_answers_for_the_loopback_only(pki: Path) -> None:
    extension = _certificate(pki, "server").extensions
    names = extension.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    assert [str(address) for address in addresses] == ["127.0.0.1", "10.96.0.1"]


def test_keys_are_readable_by_their_owner_only(pki: Path) -> None:
    assert {path.stat().st_mode & 0o077 for path in pki.glob("*.key")} == {0}


def test_what_is_there_is_kept(pki: Path) -> None:
    before = {path: path.read_bytes() for path in pki.iterdir()}
    ensure_pki(pki)
    assert {path: path.read_bytes() for path in pki.iterdir()} == before


def test_a_client_that_a_cluster_of_before_does_not_know_gets_a_certificate(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    ensure_pki(pki)
    authority = _certificate(pki, "ca")
    (pki / "previewer.crt").unlink()  # as if it was stopped between the key and this
    ensure_pki(pki)
    made = _certificate(pki, "previewer")
    made.verify_directly_issued_by(authority)
    key = serialization.load_pem_private_key((pki / "previewer.key").read_bytes(), password=None)
    assert key.public_key() == made.public_key()


def test_an_interrupted_run_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluice.sandbox.control_plane.pki._issue_all", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure_pki(tmp_path / "pki")
    assert not (tmp_path / "pki").exists()
    monkeypatch.undo()
    ensure_pki(tmp_path / "pki")
    assert (tmp_path / "pki" / "ca.crt").exists()


def _interrupt(folder: Path) -> None:
    (folder / "ca.crt").write_text("half")
    raise KeyboardInterrupt


def _certificate(pki: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((pki / f"{name}.crt").read_bytes())
