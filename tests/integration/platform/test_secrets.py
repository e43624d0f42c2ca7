"""Files encrypted with SOPS, by real age keys: applied, hidden everywhere, refused when wrong."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.platform.members import NAMESPACE

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

PLAIN = "correct-horse-battery-staple"
DATABASE = """
    @member
    def database(self):
        return SopsSecret(
            "database", SopsSecretArgs(file="secrets/database.enc.yaml", namespace=self.namespace)
        )
"""


PAGE = (Path(__file__).parents[3] / "docs" / "secrets.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILE = "secrets/database.enc.yaml"


def where_it_stands(folder: Path, text: str) -> list[Path]:
    """The files below a folder that hold a text, plain or in base64."""
    forms = {text.encode(), base64.b64encode(text.encode()).rstrip(b"=")}
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return [file for file in files if any(form in file.read_bytes() for form in forms)]


def test_a_secret_is_decrypted_into_the_cluster_and_stands_plain_nowhere_else(
    checkout: Checkout, program: Program, tmp_path: Path
) -> None:
    program(NAMESPACE, DATABASE)
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.git("init", "--quiet", "--initial-branch=main")
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    checkout.settings.update(HOME=str(tmp_path / "home"), XDG_CACHE_HOME=cache)

    checkout.run("bash", "-ec", "\n".join(BLOCKS))

    shown = [
        checkout.pulumi("preview", "--diff"),
        checkout.sluice("preview", checkout.stack),
        checkout.sluice("build", checkout.stack),
        checkout.pulumi("up", "--yes", "--skip-preview", "--diff", "--logtostderr", "-v=3"),
        checkout.sluice("diff", checkout.stack),
        checkout.pulumi("stack", "export"),
    ]
    value = "go-template={{.data.password | base64decode}}"
    assert checkout.kubectl("get", "secret", "database", "-n", checkout.stack, "-o", value) == PLAIN
    assert not [output for output in shown if PLAIN in output]
    assert where_it_stands(checkout.root, PLAIN) == []


def test_a_rotated_key_a_missing_one_and_a_changed_file(
    checkout: Checkout, program: Program, tmp_path: Path
) -> None:
    program(NAMESPACE, DATABASE)
    checkout.pulumi("stack", "init", checkout.stack)
    first, second = (new_key(checkout, tmp_path / name) for name in ("first", "second"))
    checkout.write("secrets/database.yaml", f"password: {PLAIN}\n")
    checkout.write(".sops.yaml", f"creation_rules:\n  - path_regex: ^secrets/\n    age: {first}\n")
    checkout.git("init", "--quiet", "--initial-branch=main")
    assert "database.yaml:1: is to be encrypted" in checkout.sluice("secret", "check", fails=True)
    assert f"{FILE}: No such file or directory" in checkout.pulumi("preview", fails=True)
    checkout.settings["SOPS_AGE_KEY_FILE"] = str(tmp_path / "first")
    checkout.sluice("secret", "encrypt", "secrets/database.yaml")
    checkout.pulumi("preview")

    checkout.edit(".sops.yaml", first, second)
    checkout.sluice("secret", "rotate", FILE)
    missing = checkout.pulumi("preview", fails=True)
    assert f"{FILE}: none of the keys that it is encrypted for is at hand ({second})" in missing
    checkout.settings["SOPS_AGE_KEY_FILE"] = str(tmp_path / "second")
    checkout.pulumi("preview")

    checkout.edit(FILE, "password: ENC[", "passwort: ENC[")
    changed = checkout.pulumi("up", "--yes", "--skip-preview", fails=True)
    assert f"{FILE}: was changed after it was encrypted, or is damaged" in changed
    assert checkout.names("secrets") == []
    assert PLAIN not in missing + changed


def new_key(checkout: Checkout, file: Path) -> str:
    """Make an age key; return its public part."""
    checkout.run("age-keygen", "-o", str(file))
    return checkout.run("age-keygen", "-y", str(file)).strip()


SHOP = """
    @member
    def shop(self):
        return Kustomization(
            "shop",
            KustomizationArgs(
                path="shop",
                target_namespace=self.namespace,
                name_prefix="my-",
                substitute={"team": "ours"},
                decryption=DecryptionProvider.SOPS,
            ),
        )
"""


def test_the_encrypted_secrets_of_a_directory_are_decrypted_as_flux_does_it(
    checkout: Checkout, program: Program, tmp_path: Path
) -> None:
    program(NAMESPACE, SHOP)
    checkout.pulumi("stack", "init", checkout.stack)
    checkout.settings["SOPS_AGE_KEY_FILE"] = str(tmp_path / "key")
    public = new_key(checkout, tmp_path / "key")
    manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, labels: {team: '${team}'}}\n"
    checkout.write("shop/login.yaml", f"{manifest}stringData: {{password: {PLAIN}}}\n")
    checkout.write("shop/token.txt", PLAIN)
    generator = "secretGenerator: [{name: token, files: [token=token.enc.txt]}]"
    checkout.write("shop/kustomization.yaml", f"resources: [login.enc.yaml]\n{generator}\n")
    for file in ("shop/login.yaml", "shop/token.txt"):
        checkout.sluice("secret", "encrypt", "--age", public, file)
        (checkout.root / file).unlink()

    shown = [
        checkout.sluice("preview", checkout.stack),
        checkout.sluice("build", checkout.stack),
        checkout.pulumi("up", "--yes", "--skip-preview", "--diff"),
        checkout.sluice("diff", checkout.stack),
        checkout.pulumi("stack", "export"),
    ]

    login, token = checkout.names("secrets")
    assert login == "secret/my-login"
    for name, key in ((login, "password"), (token, "token")):
        value = f"go-template={{{{.data.{key} | base64decode}}}}"
        assert checkout.kubectl("get", name, "-n", checkout.stack, "-o", value) == PLAIN
    assert checkout.get("secret", "my-login")["metadata"]["labels"] == {"team": "ours"}
    assert not [output for output in shown if PLAIN in output]
    assert where_it_stands(checkout.root, PLAIN) == []

    checkout.edit("shop/login.enc.yaml", "password: ENC[", "passwort: ENC[")
    changed = checkout.pulumi("up", "--yes", "--skip-preview", fails=True)
    assert "shop/login.enc.yaml: was changed after it was encrypted, or is damaged" in changed
    del checkout.settings["SOPS_AGE_KEY_FILE"]
    checkout.edit("shop/login.enc.yaml", "passwort: ENC[", "password: ENC[")
    missing = checkout.pulumi("preview", fails=True)
    assert "shop/login.enc.yaml: none of the keys that it is encrypted for" in missing
    assert PLAIN not in changed + missing
