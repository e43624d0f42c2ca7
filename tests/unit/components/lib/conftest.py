"""A loopback HTTP server that holds chart repositories and an OCI registry."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from components.lib.registry.transport import Limits, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True)
class Answer:
    """What the server says to one request."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


class _Handler(BaseHTTPRequestHandler):
    server: ArtifactServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(parse_qs(form))
        self.do_GET()

    def do_GET(self) -> None:
        self.server.authorizations.append(self.headers.get("Authorization", ""))
        answer = self.server.answer(self.path, self.headers)
        if answer.hangs:
            self.server.closing.wait(60)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class ArtifactServer(ThreadingHTTPServer):
    """Files by path, a registry below `/v2/`, and misbehaviour on request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}"
        self.closing = threading.Event()
        self.files: dict[str, bytes] = {}
        self.queued: dict[str, list[Answer]] = defaultdict(list)
        self.tags: dict[str, list[str]] = defaultdict(list)
        self.requests: list[str] = []
        self.authorizations: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.password = ""
        self.protected = "/v2/"
        self.has_etags = False
        self.names_digests = False
        self.page_size = 1000
        self.token = ""

    def next_answers(self, path: str, *answers: Answer) -> None:
        """Give these answers to the next requests of a path, before the usual one."""
        self.queued[path].extend(answers)

    def serve_index(self, folder: str, charts: Mapping[str, list[dict[str, object]]]) -> None:
        self.files[f"{folder}/index.yaml"] = yaml.safe_dump(
            {"apiVersion": "v1", "entries": dict(charts)}
        ).encode()

    def serve_chart(self, folder: str, chart: str, *versions: str) -> None:
        """Serve a repository of one chart, whose archives lie beside the index."""
        names = {version: f"{chart}-{version}.tgz" for version in versions}
        for name in names.values():
            self.files[f"{folder}/{name}"] = name.encode()
        entries = [{"version": v, "urls": [name]} for v, name in names.items()]
        self.serve_index(folder, {chart: entries})

    def push(self, name: str, tag: str, content: bytes, media_type: str = CHART_LAYER) -> str:
        """Put a chart into the registry and return its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        layers = [
            {"mediaType": "application/vnd.cncf.helm.chart.provenance.v1.prov", "digest": "x"},
            {"mediaType": media_type, "digest": digest, "size": len(content)},
        ]
        self.files[f"/v2/{name}/manifests/{tag}"] = json.dumps({"layers": layers}).encode()
        self.files[f"/v2/{name}/blobs/{digest}"] = content
        self.tags[name].append(tag)
        return digest

    def push_image(self, name: str, *tags: str) -> str:
        """Put an image into the registry by its tags and return the digest of its index."""
        index = json.dumps({"manifests": [], "name": name}).encode()
        for tag in tags:
            self.files[f"/v2/{name}/manifests/{tag}"] = index
            self.tags[name].append(tag)
        return f"sha256:{hashlib.sha256(index).hexdigest()}"

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        self.requests.append(path)
        plain = urlsplit(path).path
        if self.queued[plain]:
            return self.queued[plain].pop(0)
        if plain == "/token":
            self.scope = parse_qs(urlsplit(path).query).get("scope", [""])[0]
            if self.password and not self.forms and not self._knows(headers):
                return Answer(status=401)
            return Answer(json.dumps({"token": self.token}).encode())
        if plain.startswith(self.protected) and not self._is_allowed(headers):
            return self._challenge()
        if plain.endswith("/tags/list"):
            return self._page(path, headers)
        return self._file(plain)

    def _file(self, path: str) -> Answer:
        if path not in self.files:
            return Answer(status=404)
        digest = f"sha256:{hashlib.sha256(self.files[path]).hexdigest()}"
        named = {"Docker-Content-Digest": digest} if self.names_digests else {}
        return Answer(self.files[path], headers=named)

    def _is_allowed(self, headers: Mapping[str, str]) -> bool:
        if self.password and not self.token:
            return self._knows(headers)
        return not self.token or headers.get("Authorization") == f"Bearer {self.token}"

    def _knows(self, headers: Mapping[str, str]) -> bool:
        expected = base64.b64encode(f"robot:{self.password}".encode()).decode()
        return headers.get("Authorization") == f"Basic {expected}"

    def _challenge(self) -> Answer:
        challenge = f'Bearer realm="{self.url}/token",service="tests"'
        if not self.token:
            challenge = 'Basic realm="tests"'
        return Answer(status=401, headers={"WWW-Authenticate": challenge})

    def _page(self, path: str, asked: Mapping[str, str]) -> Answer:
        url = urlsplit(path)
        name = url.path.removeprefix("/v2/").removesuffix("/tags/list")
        if name not in self.tags:
            return Answer(status=404)
        first = int(parse_qs(url.query).get("last", ["0"])[0])
        last = first + self.page_size
        following = f'<{url.path}?last={last}>; rel="next"'
        headers = {"Link": following} if last < len(self.tags[name]) else {}
        body = json.dumps({"tags": self.tags[name][first:last]}).encode()
        if self.has_etags:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
            if asked.get("If-None-Match") == headers["ETag"]:
                return Answer(status=304, headers=headers)
        return Answer(body, headers=headers)


@pytest.fixture
def server() -> Iterator[ArtifactServer]:
    with ArtifactServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def busy() -> Answer:
    return Answer(status=503)


@pytest.fixture
def hanging() -> Answer:
    return Answer(hangs=True)


@pytest.fixture
def transport() -> Transport:
    """A transport that asks twice."""
    return Transport(Limits(connect=10, read=10, attempts=2, pause=0.01))


@pytest.fixture
def impatient() -> Transport:
    """A transport for a server that never answers."""
    return Transport(Limits(connect=10, read=0.2, attempts=2, pause=0.01))


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as closed:
        return closed.server_port
