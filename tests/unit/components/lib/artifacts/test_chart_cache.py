from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.chart_cache import ChartCache
from components.lib.locks.locked_chart import LockedChart
from components.lib.registry.mirrors import Mirrors

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport

CONTENT = b"redis-1.2.0.tgz"
DIGITS = hashlib.sha256(CONTENT).hexdigest()
LOCKED = LockedChart(
    name="cache",
    source="https://charts.example.com/stable",
    chart="redis",
    range="1.x",
    version="1.2.0",
    digest=f"sha256:{DIGITS}",
    updated=date(2026, 11, 23),
    reason="first locked",
)


@pytest.fixture
def mirrors(server: Any) -> Mirrors:
    """The upstream's mirror, which holds the locked chart."""
    server.serve_chart("/stable", "redis", "1.2.0", "1.3.0")
    return Mirrors({LOCKED.source: f"{server.url}/stable"})


@pytest.fixture
def cache(tmp_path: Path, transport: Transport) -> ChartCache:
    return ChartCache(tmp_path / "charts", transport)


def test_a_chart_is_downloaded_under_its_digest(
    cache: ChartCache, mirrors: Mirrors, tmp_path: Path
) -> None:
    file = cache.fetch(LOCKED, mirrors)
    assert file == tmp_path / "charts" / f"redis-1.2.0-{DIGITS[:12]}.tgz"
    assert file.read_bytes() == CONTENT


def test_a_second_run_needs_no_network(
    cache: ChartCache, mirrors: Mirrors, server: Any, transport: Transport, closed_port: int
) -> None:
    file = cache.fetch(LOCKED, mirrors)
    server.requests.clear()
    gone = Mirrors({LOCKED.source: f"http://127.0.0.1:{closed_port}"})
    assert ChartCache(file.parent, transport).fetch(LOCKED, gone) == file
    assert server.requests == []


def test_a_damaged_file_is_replaced(cache: ChartCache, mirrors: Mirrors) -> None:
    file = cache.fetch(LOCKED, mirrors)
    file.write_bytes(b"half")
    assert cache.fetch(LOCKED, mirrors).read_bytes() == CONTENT


def test_a_chart_that_is_not_the_locked_one_is_refused_and_not_kept(
    cache: ChartCache, mirrors: Mirrors
) -> None:
    locked = replace(LOCKED, digest="sha256:" + "0" * 64)
    with pytest.raises(ArtifactError) as refusal:
        cache.fetch(locked, mirrors)
    assert str(refusal.value) == (
        f"The chart redis 1.2.0 from {mirrors.address(LOCKED.source)} is sha256:{DIGITS}, but"
        f" {locked.digest} was locked; ask its publisher why, and if the new content is right,"
        " run `sluice lock --upgrade cache`."
    )
    assert not cache.path(locked).exists()


def test_a_version_that_was_withdrawn_is_named(cache: ChartCache, mirrors: Mirrors) -> None:
    locked = replace(LOCKED, version="1.2.1")
    with pytest.raises(ArtifactError, match=r"no version '1\.2\.1' of the chart 'redis'"):
        cache.fetch(locked, mirrors)


def test_several_threads_get_the_same_whole_file(
    tmp_path: Path, mirrors: Mirrors, transport: Transport
) -> None:
    def fetch(_: int) -> bytes:
        return ChartCache(tmp_path, transport).fetch(LOCKED, mirrors).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(fetch, range(8))) == {CONTENT}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, mirrors: Mirrors, transport: Transport
) -> None:
    (tmp_path / "charts").write_text("a file")
    with pytest.raises(ArtifactError, match=r"The cached chart .* cannot be read: Not a dir"):
        ChartCache(tmp_path / "charts", transport).fetch(LOCKED, mirrors)


def test_a_chart_of_a_deeper_name_lies_in_the_folder_itself(cache: ChartCache) -> None:
    assert cache.path(replace(LOCKED, chart="team/redis")) == cache.path(LOCKED)


def test_a_cached_chart_costs_no_import_of_http() -> None:
    program = (
        "import sys, components.lib.artifacts.chart_cache as c; sys.exit('requests' in sys.modules)"
    )
    root = Path(__file__).parents[5]
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)
