"""The real cosign and notation, which sign what a test pushed, and whom a stack then trusts."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from components.lib.signatures.cosign import CosignVerification
from components.lib.signatures.notation import NotationVerification
from components.lib.signatures.verification import Verification


class Signer(Protocol):
    """Somebody who signs; the files of whom to trust are below the repository's root."""

    verification: Verification

    def sign(self, reference: str) -> None:
        """Sign what `host/name@sha256:…` names in a registry that speaks plain HTTP."""


@dataclass
class Cosign:
    """A pair of keys by cosign: `<name>.pub` is in the repository's folder `pki`."""

    root: Path
    name: str

    def __post_init__(self) -> None:
        self.keys.mkdir(exist_ok=True)
        self._run("generate-key-pair", "--output-key-prefix", str(self.keys / self.name))
        self.verification = CosignVerification(key=f"pki/{self.name}.pub")

    @property
    def keys(self) -> Path:
        return self.root / "pki"

    def sign(self, reference: str, *options: str) -> None:
        key = str(self.keys / f"{self.name}.key")
        offline = ("--tlog-upload=false", "--use-signing-config=false", "--yes")
        self._run("sign", "--key", key, *offline, *options, reference)

    def _run(self, *arguments: str) -> None:
        _run("cosign", *arguments, COSIGN_PASSWORD="")


@dataclass
class Notation:
    """A certificate by notation, and a policy that trusts it, in the repository's folder `pki`."""

    root: Path
    name: str

    def __post_init__(self) -> None:
        self._run("cert", "generate-test", "--default", self.name)
        policy = {
            "name": self.name,
            "registryScopes": ["*"],
            "signatureVerification": {"level": "strict"},
            "trustStores": ["ca:releases"],
            "trustedIdentities": ["*"],
        }
        pki = self.root / "pki"
        pki.mkdir(exist_ok=True)
        content = json.dumps({"version": "1.0", "trustPolicies": [policy]})
        (pki / f"{self.name}.json").write_text(content)
        made = self.home / "localkeys" / f"{self.name}.crt"
        (pki / f"{self.name}.crt").write_bytes(made.read_bytes())
        self.verification = NotationVerification(
            trust_policy=f"pki/{self.name}.json", certificates=[f"pki/{self.name}.crt"]
        )

    @property
    def home(self) -> Path:
        return self.root / f"{self.name}-home"

    def sign(self, reference: str) -> None:
        self._run("sign", "--insecure-registry", reference)

    def _run(self, *arguments: str) -> None:
        _run("notation", *arguments, NOTATION_CONFIG=str(self.home))


def _run(*command: str, **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
