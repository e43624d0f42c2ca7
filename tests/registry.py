"""Debian's `docker-registry` on loopback, and images pushed to it by plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import requests
import yaml

from sluice.sandbox.processes.ports import unused_ports

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
FLUX: Final = "application/vnd.cncf.flux.content.v1.tar+gzip"
ROBOT: Final = ("robot", "made-up")
# Of the robot's password, by bcrypt.
_HASH: Final = "$2b$04$WGhmuNAsUQhMrXS1YBu/y.fKgcFgH0ean0zPJYodR11BDkwTaE0MG"
_PROGRAM: Final = "docker-registry"


def program() -> Path:
    """The registry: on PATH, in the cache, or out of Debian's package, for which nobody is root."""
    found = shutil.which(_PROGRAM)
    if found:
        return Path(found)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sluice"
    kept = cache / "debian" / _PROGRAM
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            subprocess.run(["apt-get", "download", _PROGRAM], cwd=folder, check=True)  # noqa: S607
            [package] = Path(folder).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)  # noqa: S607
            (Path(folder) / "usr" / "bin" / _PROGRAM).replace(kept)
    return kept


@dataclass(frozen=True)
class Registry:
    """A registry that runs.

    Attributes:
        host: its host and port.
        url: its URL.
        verify: the authority of its certificate, if it has one.
        auth: who may push, if not everybody.

    """

    host: str
    url: str
    verify: str | bool = True
    auth: tuple[str, str] | None = None

    def push(self, name: str, *tags: str, labels: Mapping[str, str] | None = None) -> str:
        """Push an image under some tags; return its digest."""
        config = json.dumps({"config": {"Labels": dict(labels or {})}, "name": name}).encode()
        layer = b"a layer of " + name.encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(name, config, "application/vnd.oci.image.config.v1+json"),
            "layers": [self._blob(name, layer, "application/vnd.oci.image.layer.v1.tar")],
        }
        return self._put(name, tags, manifest)

    def push_artifact(self, name: str, tag: str, archive: bytes, layer: str = FLUX) -> str:
        """Push an archive as one layer, by default as Flux does; return its digest."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(name, b"{}", "application/vnd.cncf.flux.config.v1+json"),
            "layers": [self._blob(name, archive, layer)],
        }
        return self._put(name, (tag,), manifest)

    def push_index(self, name: str, manifest: str, *tags: str) -> str:
        """Push the index of an image for two platforms; return its digest."""
        size = len(self._send("GET", f"/v2/{name}/manifests/{manifest}", accept=MANIFEST).content)
        entries = [
            {
                "mediaType": MANIFEST,
                "digest": manifest,
                "size": size,
                "platform": {"os": "linux", "architecture": architecture},
            }
            for architecture in ("amd64", "arm64")
        ]
        return self._put(name, tags, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def delete(self, name: str, digest: str) -> None:
        """Delete a manifest, with every tag that names it."""
        self._send("DELETE", f"/v2/{name}/manifests/{digest}")

    def _put(self, name: str, tags: tuple[str, ...], manifest: Mapping[str, Any]) -> str:
        body = json.dumps(manifest).encode()
        for tag in tags:
            self._send(
                "PUT", f"/v2/{name}/manifests/{tag}", body, content_type=manifest["mediaType"]
            )
        return _digest(body)

    def _blob(self, name: str, content: bytes, media_type: str) -> dict[str, Any]:
        place = self._send("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
        separator = "&" if "?" in place else "?"
        url = f"{urljoin(self.url, place)}{separator}digest={_digest(content)}"
        self._send("PUT", url, content, content_type="application/octet-stream")
        return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}

    def _send(
        self, method: str, path: str, body: bytes = b"", *, content_type: str = "", accept: str = ""
    ) -> requests.Response:
        named = {"Content-Type": content_type, "Accept": accept}
        response = requests.request(
            method,
            urljoin(self.url, path),
            data=body,
            headers={name: value for name, value in named.items() if value},
            auth=self.auth,
            verify=self.verify,
            timeout=30,
        )
        response.raise_for_status()
        return response


@contextmanager
def running(
    folder: Path,
    *,
    auth: Mapping[str, Any] | None = None,
    tls: tuple[Path, Path, Path] | None = None,
    push_as: tuple[str, str] | None = None,
) -> Iterator[Registry]:
    """Run a registry with its files in `folder`; `tls` is a certificate, its key, its authority.

    One after the other may have the same folder, and so the same images.
    """
    host = f"127.0.0.1:{next(unused_ports(set()))}"
    http: dict[str, Any] = {"addr": host, "secret": "made-up"}
    if tls:
        http["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    config = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
        "http": http,
        **({"auth": dict(auth)} if auth else {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(config))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program(), "serve", file], stdout=log, stderr=log)
    url = f"{'https' if tls else 'http'}://{host}"
    registry = Registry(host, url, str(tls[2]) if tls else True, push_as)
    try:
        _await(registry, process, folder / "log")
        yield registry
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def closed(folder: Path, *, tls: tuple[Path, Path, Path] | None = None) -> Iterator[Registry]:
    """Run a registry as `running` does, which only `ROBOT` may read and push to."""
    folder.mkdir(parents=True, exist_ok=True)
    htpasswd = folder / "htpasswd"
    htpasswd.write_text(f"{ROBOT[0]}:{_HASH}\n")
    auth = {"htpasswd": {"realm": "tests", "path": str(htpasswd)}}
    with running(folder, auth=auth, tls=tls, push_as=ROBOT) as registry:
        yield registry


def log_in(docker: Path, host: str, password: str) -> None:
    """Keep a password of the robot's in Docker's configuration, as `docker login` does."""
    word = base64.b64encode(f"{ROBOT[0]}:{password}".encode()).decode()
    docker.write_text(json.dumps({"auths": {host: {"auth": word}}}))


def _await(registry: Registry, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{registry.url}/v2/", verify=registry.verify, timeout=5)
        except requests.ConnectionError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
