"""What stands plain in a file, and what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluice.security.secret_scan import findings

# Put together here, so that this file holds none.
KEY = "-----BEGIN OPENSSH PRIVATE " + "KEY-----"
GITHUB = "ghp_" + "a1B2" * 9
AGE = "AGE-SECRET-KEY-1" + "Q" * 58
AWS = "AKIA" + "ABCD1234" * 2
MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: info}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: hunter2}
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("id_ed25519", f"{KEY}\nabc\n", ["id_ed25519:1: Private Key in plain text"]),
        ("key.txt", f"# made\n{AGE}\n", ["key.txt:2: age key in plain text"]),
        ("run.py", f'a = 1\ntoken = "{GITHUB}"\n', ["run.py:2: GitHub Token in plain text"]),
        ("env", f"AWS_ACCESS_KEY_ID={AWS}\n", ["env:1: AWS Access Key in plain text"]),
        (
            "login.yaml",
            MANIFESTS,
            [
                (
                    "login.yaml:8: a Kubernetes Secret with plain values; "
                    "run: sluice secret encrypt login.yaml"
                )
            ],
        ),
        (
            "list.yaml",
            "kind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  data: {a: Yg==}\n",
            [
                (
                    "list.yaml:4: a Kubernetes Secret with plain values; "
                    "run: sluice secret encrypt list.yaml"
                )
            ],
        ),
        ("empty.yaml", "kind: Secret\nmetadata: {name: login}\n", []),
        ("variable.yaml", "kind: Secret\nstringData:\n  password: ${PASSWORD}\n", []),
        ("reference.yaml", "kind: ExternalSecret\ndata: [{secretKey: a}]\n", []),
        ("template.yaml", "kind: Secret\ndata:\n  a: {{ .Values.a }\n", []),
        ("allowed.py", f'token = "{GITHUB}"  # pragma: allowlist secret\n', []),
        ("allowed.yaml", "kind: Secret  # pragma: allowlist secret\ndata: {a: Yg==}\n", []),
        ("program.py", 'password = os.environ["PASSWORD"]\n', []),
        ("digest.lock", "digest: sha256:" + "0123456789abcdef" * 4 + "\n", []),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_what_is_found(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    (tmp_path / name).write_text(text)

    found = [str(each) for each in findings(tmp_path, [name])]

    assert found == expected
    assert not [each for each in found if GITHUB in each or "hunter2" in each]


def test_what_sops_yaml_wants_encrypted(tmp_path: Path) -> None:
    (tmp_path / ".sops.yaml").write_text("creation_rules:\n  - path_regex: ^secrets/\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "plain.env").write_text("A=b\n")
    (tmp_path / "secrets" / "done.env").write_text("A=ENC[AES256_GCM]\nsops_mac=ENC[AES256_GCM]\n")

    found = findings(tmp_path, ["secrets/plain.env", "secrets/done.env", ".sops.yaml"])

    assert [str(each) for each in found] == [
        (
            "secrets/plain.env:1: is to be encrypted, as .sops.yaml says; "
            "run: sluice secret encrypt secrets/plain.env"
        )
    ]


def test_what_is_no_text_or_not_there_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0" + KEY.encode())
    (tmp_path / "link").symlink_to(tmp_path / "image.png")

    assert findings(tmp_path, ["image.png", "link", "gone", "."]) == []
