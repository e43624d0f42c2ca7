"""The kubeconfig files: one for people with a context per cluster, one for each component.

Certificates are embedded, so that a copy of the file is all that a client needs.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Context", "render"]


@dataclass(frozen=True)
class Context:
    """A way into a cluster: its address, its authority, and a client certificate."""

    name: str
    server: str
    authority: bytes
    certificate: bytes
    key: bytes

    @classmethod
    def from_pki(cls, name: str, server: str, pki: Path, client: str) -> Context:
        """The context of `client`, whose certificate is in the folder `pki`."""
        return cls(
            name,
            server,
            (pki / "ca.crt").read_bytes(),
            (pki / f"{client}.crt").read_bytes(),
            (pki / f"{client}.key").read_bytes(),
        )


def render(contexts: Sequence[Context]) -> str:
    """A kubeconfig with these contexts, named like their clusters; the first is current."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": contexts[0].name if contexts else "",
        "clusters": [_cluster(context) for context in contexts],
        "contexts": [_context(context) for context in contexts],
        "users": [_user(context) for context in contexts],
    }
    return yaml.safe_dump(document, sort_keys=False)


def _cluster(context: Context) -> dict[str, object]:
    authority = _base64(context.authority)
    cluster = {"server": context.server, "certificate-authority-data": authority}
    return {"name": context.name, "cluster": cluster}


def _context(context: Context) -> dict[str, object]:
    return {"name": context.name, "context": {"cluster": context.name, "user": context.name}}


def _user(context: Context) -> dict[str, object]:
    user = {
        "client-certificate-data": _base64(context.certificate),
        "client-key-data": _base64(context.key),
    }
    return {"name": context.name, "user": user}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
