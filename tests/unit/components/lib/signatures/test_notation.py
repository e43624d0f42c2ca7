from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.errors import ArtifactError, DeclarationError
from components.lib.registry.access import Access
from components.lib.registry.signed_artifact import SignedArtifact
from components.lib.signatures.notation import NotationVerification

VERIFICATION = NotationVerification(trust_policy="policy.json", certificates=["a.crt", "old/a.crt"])
ARTIFACT = SignedArtifact("registry.example.com", "team/app", f"sha256:{'0' * 64}")


@pytest.fixture
def notation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the program, which notes what it is given; the file of its notes."""
    (tmp_path / "a.crt").write_text("A")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.crt").write_text("B")
    write_policy(tmp_path, ["ca:releases", "signingAuthority:team"])
    notes = tmp_path / "notes"
    program = tmp_path / "bin" / "notation"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n{ echo "$@"; echo "$NOTATION_USERNAME$NOTATION_PASSWORD.";'
        ' cd "$NOTATION_CONFIG"; find . -type f | sort;'
        f' cat "$DOCKER_CONFIG/config.json"; }} >{notes}\n'
    )
    program.chmod(0o755)
    for name in ("CONFIG", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"NOTATION_{name}", "/of/the/machine")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return notes


def write_policy(root: Path, stores: Sequence[str]) -> None:
    content = {"trustPolicies": [{"trustStores": stores}, {"name": "skipped"}]}
    (root / "policy.json").write_text(json.dumps(content))


def test_every_trust_store_of_the_policy_holds_the_certificates(
    notation: Path, tmp_path: Path
) -> None:
    access = Access(username="robot", password="made-up")  # noqa: S106 - the test's own
    artifact = SignedArtifact("127.0.0.1:5000", "app", ARTIFACT.digest, True, access)
    VERIFICATION.check(artifact, tmp_path)
    said, known, *files, login = notation.read_text().splitlines()
    assert said == f"verify --insecure-registry 127.0.0.1:5000/app@{ARTIFACT.digest}"
    assert known == "."
    assert files == [
        "./trustpolicy.json",
        "./truststore/x509/ca/releases/0.crt",
        "./truststore/x509/ca/releases/1.crt",
        "./truststore/x509/signingAuthority/team/0.crt",
        "./truststore/x509/signingAuthority/team/1.crt",
    ]
    assert "127.0.0.1:5000" in login
    assert "made-up" not in said


@pytest.mark.usefixtures("notation")
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("[]", "Expected `object`, got `array`"),
        ('{"trustPolicies": [{"trustStores": ["ca:../../x"]}]}', "Expected `str` matching regex"),
    ],
)
def test_what_is_no_trust_policy_is_refused(tmp_path: Path, policy: str, reason: str) -> None:
    (tmp_path / "policy.json").write_text(policy)
    with pytest.raises(ArtifactError, match=rf"^policy\.json is no trust policy .*{reason}"):
        VERIFICATION.check(ARTIFACT, tmp_path)


@pytest.mark.usefixtures("notation")
@pytest.mark.parametrize("file", ["policy.json", "old/a.crt"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, file: str) -> None:
    (tmp_path / file).unlink()
    with pytest.raises(ArtifactError, match=rf"^{file}, which is to verify what is locked, is not"):
        VERIFICATION.check(ARTIFACT, tmp_path)


def test_a_policy_without_certificates_trusts_nobody() -> None:
    with pytest.raises(DeclarationError, match="at least one certificate"):
        NotationVerification(trust_policy="policy.json", certificates=[])
