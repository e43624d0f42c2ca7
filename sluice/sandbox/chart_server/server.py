"""Serve the published charts on the loopback, read-only.

Run as a program (`python server.py --folder DIR --port PORT`) with the
standard library alone, so that it starts at once and needs no installation.
The folder is laid out by `sluice.sandbox.chart_server.repository`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["ChartServer", "main"]

MEDIA_TYPES = {
    "manifests": "application/vnd.oci.image.manifest.v1+json",
    "blobs": "application/octet-stream",
    "tags": "application/json",
}
SUFFIXES = {".yaml": "application/yaml", ".tgz": "application/gzip"}


class ChartServer(ThreadingHTTPServer):
    """The files of `folder` by HTTP on a loopback port."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for a classic chart repository and for an OCI registry."""

    protocol_version = "HTTP/1.1"
    server: ChartServer

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if path in {"/v2", "/v2/", "/healthz"}:
            self._send(HTTPStatus.OK, "application/json", b"{}", with_body=with_body)
            return
        file = (self.server.folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.server.folder) or not file.is_file():
            self._send(HTTPStatus.NOT_FOUND, *_not_found(path), with_body=with_body)
            return
        self._send(HTTPStatus.OK, _media_type(file), file.read_bytes(), with_body=with_body)

    def _send(self, status: HTTPStatus, media_type: str, body: bytes, *, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if media_type in {MEDIA_TYPES["manifests"], MEDIA_TYPES["blobs"]}:
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Serve the sandbox's charts on the loopback.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    with ChartServer(arguments.folder, arguments.port) as server:
        server.serve_forever()


def _media_type(file: Path) -> str:
    by_folder = MEDIA_TYPES.get(file.parent.name)
    return by_folder or SUFFIXES.get(file.suffix, "application/octet-stream")


def _not_found(path: str) -> tuple[str, bytes]:
    code = "MANIFEST_UNKNOWN" if "/manifests/" in path else "NAME_UNKNOWN"
    error = {"code": code, "message": f"nothing is published at {path}"}
    return "application/json", json.dumps({"errors": [error]}).encode()


if __name__ == "__main__":
    main()
