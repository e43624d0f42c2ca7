"""How a cluster is reached: the server, its certificate and ours, read from a kubeconfig.

Every command waits for this, and importing a client library takes longer than
asking the server does: docs/speed.md has the figures.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import DeclarationError
from components.lib.manifests import documents
from sluice.errors import ApiError

__all__ = ["Credentials", "credentials", "way_in"]

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_SIGN_IN_SECONDS = 60
_UNUSABLE = (OSError, ValueError, KeyError, subprocess.TimeoutExpired, DeclarationError)


@dataclass(frozen=True)
class Credentials:
    """Where an API server is and how one signs in to it.

    Attributes:
        server: its URL.
        tls: the certificates; None for plain HTTP.
        token: a bearer token; empty without one.
        server_name: the name in the server's certificate, where it is not the URL's.
        proxy: the URL of a proxy; empty without one.

    """

    server: str
    tls: ssl.SSLContext | None
    token: str = ""
    server_name: str = ""
    proxy: str = ""


def credentials(context: str, kubeconfig: str) -> Credentials:
    """Return what a context of a kubeconfig says; an empty `kubeconfig` is the usual one.

    Raises:
        ApiError: where there is no such context, or it cannot be used.

    """
    merged = _merged(kubeconfig)
    try:
        chosen = merged.find("context", context)
        cluster = merged.find("cluster", str(chosen.get("cluster", "")))
        user = merged.find("user", str(chosen.get("user", "")))
        if "exec" in user:
            user |= _signed_in(user["exec"], cluster)
        server = str(cluster["server"])
        return Credentials(
            server=server,
            tls=_tls(cluster, user) if server.startswith("https:") else None,
            token=_token(user),
            server_name=str(cluster.get("tls-server-name", "")),
            proxy=str(cluster.get("proxy-url", "")),
        )
    except _UNUSABLE as error:
        raise ApiError(f"context {context}: the cluster cannot be used: {error}") from error


def way_in(context: str, kubeconfig: str) -> dict[str, Any]:
    """Return how a kubeconfig has a context's cluster: `server` and what else, files embedded.

    Raises:
        ApiError: where there is no such context, or it cannot be used.

    """
    merged = _merged(kubeconfig)
    try:
        chosen = merged.find("context", context)
        cluster = merged.find("cluster", str(chosen.get("cluster", "")))
        authority = cluster.pop("certificate-authority", "")
        if authority:
            content = base64.b64encode(Path(authority).read_bytes()).decode()
            cluster.setdefault("certificate-authority-data", content)
    except _UNUSABLE as error:
        raise ApiError(f"context {context}: the cluster cannot be used: {error}") from error
    return cluster


def _merged(kubeconfig: str) -> _Merged:
    files = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return _Merged([Path(file).expanduser() for file in files.split(os.pathsep) if file])


class _Merged:
    """Kubeconfig files as one: what is named twice is taken from the first."""

    def __init__(self, files: list[Path]) -> None:
        self._shown = os.pathsep.join(map(str, files))
        self._files = [
            (file.parent, documents.load_file(file) or {}) for file in files if file.is_file()
        ]

    def find(self, part: str, name: str) -> dict[str, Any]:
        """Return the named `context`, `cluster` or `user`, its files' paths made absolute."""
        for folder, content in self._files:
            for entry in content.get(f"{part}s") or ():
                if entry.get("name") == name:
                    return _absolute(entry.get(part) or {}, folder)
        raise ValueError(f"there is no {part} {name!r} in {self._shown}")


def _absolute(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: str(folder / value) if key in _PATHS else value
        for key, value in entry.items()
        if value not in ("", None)
    }


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    context = ssl.create_default_context(
        cafile=cluster.get("certificate-authority"),
        cadata=base64.b64decode(authority).decode() if authority else None,
    )
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        _file(user, "client-certificate") as certificate,
        _file(user, "client-key") as key,
    ):
        if certificate:
            context.load_cert_chain(certificate, key or None)
    return context


@contextmanager
def _file(user: Mapping[str, Any], name: str) -> Iterator[str]:
    # Python's TLS reads a certificate and its key from files only.
    data = user.get(f"{name}-data")
    if not data:
        yield user.get(name, "")
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(base64.b64decode(data))
        file.flush()
        yield file.name


def _token(user: Mapping[str, Any]) -> str:
    file = user.get("tokenFile")
    return Path(file).read_text().strip() if file else str(user.get("token", ""))


def _signed_in(program: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    """Run a credential plugin, as client-go does; return what it says of the user."""
    spec: dict[str, Any] = {"interactive": False}
    if program.get("provideClusterInfo"):
        spec["cluster"] = {key: value for key, value in cluster.items() if key != "extensions"}
    asked = {"apiVersion": program["apiVersion"], "kind": "ExecCredential", "spec": spec}
    given = {entry["name"]: entry["value"] for entry in program.get("env") or ()}
    ran = subprocess.run(
        [program["command"], *(program.get("args") or ())],
        env={**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(asked)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SIGN_IN_SECONDS,
        check=False,
        text=True,
    )
    if ran.returncode:
        raise ValueError(f"{program['command']} failed: {' '.join(ran.stderr.split())}")
    status = json.loads(ran.stdout)["status"]
    encoded = {
        "client-certificate-data": status.get("clientCertificateData", ""),
        "client-key-data": status.get("clientKeyData", ""),
    }
    data = {key: base64.b64encode(text.encode()).decode() for key, text in encoded.items() if text}
    return {**data, **({"token": status["token"]} if status.get("token") else {})}
