from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.notification.run_log import Line, append, log_file, read

if TYPE_CHECKING:
    from tests.unit.sluice.conftest import MakeRepository


def test_lines_are_read_as_they_were_written(repository: MakeRepository) -> None:
    platform = repository(dev="")
    lines = [
        Line.now("info", "dev", "", "Stack", "dev", "reconciling"),
        Line.now("error", "dev", "c0ffee", "HelmRelease", "redis", "not ready:\n  “0 of 1”"),
    ]
    for line in lines:
        append(platform, line)
    assert list(read(platform, "dev")) == lines
    assert list(read(platform, "prod")) == []


def test_a_line_that_was_cut_off_hides_no_other(repository: MakeRepository) -> None:
    platform = repository(dev="")
    first = Line.now("info", "dev", "", "Stack", "dev", "reconciling")
    append(platform, first)
    with log_file(platform, "dev").open("a") as log:
        log.write('{"time": "2026-11-23T21:\n[]\n')
    append(platform, first)
    assert list(read(platform, "dev")) == [first, first]
