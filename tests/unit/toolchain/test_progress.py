from __future__ import annotations

import io
import re

import pytest

from toolchain.progress import Lines, Terminal, progress_for


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_elsewhere_each_missing_item_gets_one_line(stream: io.StringIO) -> None:
    progress = Lines(stream)
    progress.begin(["pulumi 1", "kubectl 2"])
    progress.update(["pulumi 1"], "compiled 3 packages")
    progress.done("pulumi 1", "built")
    progress.done("kubectl 2", "downloaded")
    progress.end()
    assert stream.getvalue() == (
        "pulumi 1: built after 0 s, 1 left\nkubectl 2: downloaded after 0 s\n"
    )


def test_what_was_there_already_is_not_told(stream: io.StringIO) -> None:
    progress = Lines(stream)
    progress.done("pulumi 1", "cached")
    progress.end()
    assert stream.getvalue() == ""


def test_waiting_for_another_process_is_told(stream: io.StringIO) -> None:
    progress = Lines(stream)
    progress.begin(["pulumi 1"])
    progress.update(["pulumi 1"], "waiting for another process that is at work on build-go")
    assert stream.getvalue().startswith("pulumi 1: waiting for another process")


def test_a_terminal_shows_what_is_going_on_and_how_many_are_left(stream: io.StringIO) -> None:
    progress = Terminal(stream, 200)
    progress.begin(["a", "b", "c"])
    progress.update(["a", "b"], "compiled 12 packages")
    progress.update(["c"], "downloading")
    assert progress._live() == "0 s, 3 left | a and 1 more: compiled 12 packages | c: downloading"
    progress.done("a", "built")
    assert progress._live() == "0 s, 2 left | b: compiled 12 packages | c: downloading"
    progress.end()
    assert re.search(r"\x1b\[Ka: built after 0 s, 2 left\n", stream.getvalue())
    assert stream.getvalue().endswith("\r\x1b[K")


def test_the_live_line_fits_the_terminal(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.progress._INTERVAL", 0.001)
    progress = Terminal(stream, 30)
    progress.update(["a"], "x" * 100)
    progress.begin(["a"])
    while "xxx" not in stream.getvalue():
        pass
    progress.end()
    shown = stream.getvalue().split("\r\x1b[K")
    assert max(map(len, shown)) == 29


def test_a_file_is_no_terminal(stream: io.StringIO) -> None:
    assert type(progress_for(stream)) is Lines
