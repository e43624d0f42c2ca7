"""`python -m benchmarks.images`: what reading registries costs, against one on loopback.

A repository of 10,000 tags is resolved; 50 repositories are scanned at once,
and once more when nothing is new. CPU is this process's alone: the registry
is another.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import click
import requests

from benchmarks.rows import Row
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_image import ImageRequest
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.registry.etag_cache import ETagCache

_TAGS, _REPOSITORIES, _AT_ONCE = 10_000, 50, 16
_CPU_SECONDS = 1.0
_TOOL = "sluice"


@click.command()
def main() -> None:
    """Measure, print a row each, and fail where a goal is missed."""
    with _registry() as url, tempfile.TemporaryDirectory() as folder:
        cache = ETagCache(Path(folder))
        policy = TagPolicy(SemVerPolicy(">=1.0.0 <99.0.0"))
        one = [_request(url, "many", policy)]
        several = [_request(url, f"app-{number}", policy) for number in range(_REPOSITORIES)]
        resolved = _measured("resolve 10,000 tags", _TAGS, lambda: _scan(one, None))
        first = _measured("scan", _REPOSITORIES, lambda: _scan(several, cache))
        before = _counted(url)
        again = _measured("scan, nothing new", _REPOSITORIES, lambda: _scan(several, cache))
        asked = _counted(url) - before
    rows = [resolved, first, again]
    for row in rows:
        click.echo(json.dumps({key: getattr(row, key) for key in row.__dataclass_fields__}))
    click.echo(f"requests of a scan of {_REPOSITORIES} repositories with nothing new: {asked}")
    if resolved.seconds > _CPU_SECONDS or asked != _REPOSITORIES:
        raise click.ClickException("a goal is missed")


def _request(url: str, name: str, policy: TagPolicy) -> ImageRequest:
    host = urlsplit(url).netloc
    return ImageRequest(name=name, source=ImageSource(f"{host}/team/{name}"), policy=policy)


def _scan(asked: list[ImageRequest], cache: ETagCache | None) -> None:
    images = RemoteImages(Path(), cache=cache)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert all(pool.map(images.selected, asked))  # noqa: S101 - nothing may be skipped


def _measured(operation: str, objects: int, action: Callable[[], None]) -> Row:
    started, cpu = time.perf_counter(), time.process_time()
    action()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    click.echo(f"{operation}: {took:.2f} s, of that {cpu:.2f} s CPU", err=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(operation, objects, _TOOL, round(cpu, 3), round(peak, 1))


class _Handler(BaseHTTPRequestHandler):
    """Tags of any repository: 10,000 of `many`, 200 of the others, in pages, with ETags."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked = 0

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/asked":
            self._answer(200, str(_Handler.asked).encode(), {})
            return
        _Handler.asked += 1
        query = parse_qs(url.query)
        count = _TAGS if "/many/" in url.path else 200
        first = int(query.get("last", ["0"])[0])
        last = first + int(query["n"][0])
        tags = [f"1.{number // 100}.{number % 100}" for number in range(first, min(last, count))]
        body = json.dumps({"tags": tags}).encode()
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
        if last < count:
            headers["Link"] = f'<{url.path}?n={query["n"][0]}&last={last}>; rel="next"'
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._answer(304, b"", headers)
        else:
            self._answer(200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(sender: Connection) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        sender.send(server.server_port)
        server.serve_forever()


@contextmanager
def _registry() -> Iterator[str]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_serve, args=(sender,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}"
    finally:
        process.terminate()
        process.join()


def _counted(url: str) -> int:
    return int(requests.get(f"{url}/asked", timeout=30).text)


if __name__ == "__main__":
    main()
