from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.notification.run_log import Line, append, log_file, read
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from tests.unit.sluice.conftest import MakeRepository


def test_lines_are_read_as_they_were_written(repository: MakeRepository) -> None:
    platform = repository(dev="")
    lines = [
        Line.now("info", "dev", "", "Stack", "dev", "reconciling"),
        Line.now("error", "dev", "c0ffee", "HelmRelease", "redis", "not ready:\n  “0 of 1”"),
    ]
    for line in lines:
        append(Stack(platform, "dev"), line)
    assert list(read(Stack(platform, "dev"))) == lines
    assert list(read(Stack(platform, "prod"))) == []


def test_a_line_that_was_cut_off_hides_no_other(repository: MakeRepository) -> None:
    platform = repository(dev="")
    first = Line.now("info", "dev", "", "Stack", "dev", "reconciling")
    append(Stack(platform, "dev"), first)
    with log_file(Stack(platform, "dev")).open("a") as log:
        log.write('{"time": "2026-11-23T21:\n[]\n')
    append(Stack(platform, "dev"), first)
    assert list(read(Stack(platform, "dev"))) == [first, first]
