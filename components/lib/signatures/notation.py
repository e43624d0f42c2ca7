"""Signatures by notation, which the Notary Project's own program checks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

import msgspec

from components.errors import ArtifactError, DeclarationError
from components.lib.registry.signed_artifact import SignedArtifact
from components.lib.signatures.verification import Verification

__all__ = ["NotationVerification"]

_STORE: Final = r"^(ca|signingAuthority|tsa):[A-Za-z0-9_][A-Za-z0-9_.-]*$"


class _Policy(msgspec.Struct, frozen=True, rename="camel"):
    trust_stores: list[Annotated[str, msgspec.Meta(pattern=_STORE)]] = []


class _Policies(msgspec.Struct, frozen=True, rename="camel"):
    """What we read of a trust policy; Notation reads the rest."""

    trust_policies: list[_Policy]


@dataclass(frozen=True, kw_only=True)
class NotationVerification(Verification):
    """A signature by notation that a trust policy accepts.

    Checked by `notation`, which has to be on PATH, when something is locked.
    As in Flux, the certificates are what each trust store that the policy
    names holds. Answers to `verify` of Flux's OCIRepository with the provider
    `notation`. Raises DeclarationError without a policy or a certificate.

    Attributes:
        trust_policy: Notation's `trustpolicy.json`, below the repository's root.
        certificates: PEM or DER files (`.crt`, `.pem`) of the authorities that
            signers have their certificates from, below the root too.

    """

    PROGRAM: ClassVar = "notation"
    INSTALLATION: ClassVar = "https://notaryproject.dev/docs/user-guides/installation/cli"

    trust_policy: str
    certificates: Sequence[str]

    def __post_init__(self) -> None:
        # A tuple, so that two that are the same are equal and can be a key.
        object.__setattr__(self, "certificates", tuple(self.certificates))
        if not self.trust_policy or not self.certificates:
            raise DeclarationError("verify: give a trust_policy and at least one certificate")

    @property
    def files(self) -> Sequence[str]:
        """The policy and the certificates."""
        return self.trust_policy, *self.certificates

    def __str__(self) -> str:
        """Return what people call it."""
        return f"notation trust policy {self.trust_policy}"

    def _options(self, artifact: SignedArtifact, root: Path) -> Sequence[str]:
        del root
        return ("--insecure-registry",) if artifact.plain_http else ()

    def _environment(self, artifact: SignedArtifact, root: Path, folder: Path) -> Mapping[str, str]:
        configuration = folder / "notation"
        policy = self.file(self.trust_policy, root)
        for named in self._stores(policy):
            store = (configuration / "truststore" / "x509").joinpath(*named.split(":"))
            store.mkdir(parents=True, exist_ok=True)
            for number, path in enumerate(self.certificates):
                certificate = self.file(path, root)
                # Two folders may have files of one name.
                shutil.copyfile(certificate, store / f"{number}{certificate.suffix}")
        configuration.mkdir(exist_ok=True)
        copied = configuration / "trustpolicy.json"
        shutil.copyfile(policy, copied)
        copied.chmod(0o600)  # notation takes no policy that others may write
        # It has no option for a registry's authority; Go reads it from here.
        authority = {"SSL_CERT_FILE": artifact.access.ca_file} if artifact.access.ca_file else {}
        # What a machine sets for its own use would decide whom we trust and who we are.
        nobody = dict.fromkeys(("NOTATION_USERNAME", "NOTATION_PASSWORD"), "")
        # Versions of before its own variable read the usual one.
        places = {"NOTATION_CONFIG": str(configuration), "XDG_CONFIG_HOME": str(folder)}
        return {**places, **nobody, **authority}

    def _stores(self, policy: Path) -> set[str]:
        """Return the trust stores that a policy names, such as `ca:releases`."""
        try:
            content = msgspec.json.decode(policy.read_bytes(), type=_Policies)
        except msgspec.MsgspecError as error:
            raise ArtifactError(
                f"{self.trust_policy} is no trust policy of Notation: {error}."
            ) from None
        return {store for each in content.trust_policies for store in each.trust_stores}
