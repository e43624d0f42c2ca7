"""A cluster that goes away in the middle of an update."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.integration.platform.members import NAMESPACE, kustomization

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program


SECONDS = 150


class Way:
    """The way to a server, which can be closed: then nobody answers, or the server is not there."""

    def __init__(self, server: str) -> None:
        self._server = (urlsplit(server).hostname, urlsplit(server).port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listening.getsockname()[1]}"

    def go_silent(self) -> None:
        """Take what is sent, and answer nothing."""
        self._open = False

    def go_away(self) -> None:
        """Refuse what comes."""
        self.go_silent()
        self._listening.close()
        for each in self._connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._connections.append(client)
                if self._open:
                    server = socket.create_connection(self._server)
                    self._connections.append(server)
                    for pair in ((client, server), (server, client)):
                        threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._open:
                    target.sendall(data)


@pytest.fixture
def way(checkout: Checkout) -> Iterator[Way]:
    """The way of the checkout's kubeconfig to dev-cluster."""
    config: Any = yaml.safe_load((checkout.root / ".sluice/sandbox/kubeconfig").read_text())
    context = next(each for each in config["contexts"] if each["name"] == "dev-cluster")
    name = context["context"]["cluster"]
    cluster = next(each for each in config["clusters"] if each["name"] == name)["cluster"]
    way = Way(cluster["server"])
    cluster["server"] = way.url
    (checkout.root / ".sluice" / "kubeconfig").write_text(yaml.safe_dump(config))
    yield way
    way.go_away()


@pytest.mark.parametrize("lost", [Way.go_away, Way.go_silent])
def test_deletions_whose_cluster_goes_away_say_so_and_come_to_an_end(
    checkout: Checkout, program: Program, way: Way, lost: Callable[[Way], None]
) -> None:
    program(NAMESPACE, kustomization("many", 'timeout="80s"'))
    for number in range(9):
        # Kept by somebody else, so that its deletion takes as long as it may.
        metadata = f"{{name: many-{number}, finalizers: [example.com/kept]}}"
        manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n"
        checkout.write(f"manifests/many/{number}.yaml", manifest)
    checkout.configure(kubeconfig=str(checkout.root / ".sluice" / "kubeconfig"))
    checkout.sluice("up", checkout.stack)
    program(NAMESPACE)
    update = checkout.start("sluice", "up", checkout.stack)
    while "deletionTimestamp" not in checkout.get("configmap", "many-0")["metadata"]:
        assert update.poll() is None, update.communicate()
        time.sleep(0.1)
    lost(way)
    _, said = update.communicate(timeout=SECONDS)
    assert update.returncode == 3
    waits = r"1\d resources, 6\d s; context dev-cluster: .*; waiting for ConfigMap"
    assert re.search(f"{checkout.stack}: {waits}", said), said
    assert "timed out waiting for the condition" in said
    for number in range(9):
        patch = ("--type=merge", '--patch={"metadata": {"finalizers": []}}')
        checkout.kubectl("patch", "configmap", f"many-{number}", "-n", checkout.stack, *patch)
