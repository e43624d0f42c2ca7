"""How large a file may be, also with its aliases written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.errors import DeclarationError
from components.lib.manifests import documents
from components.lib.manifests.limits import LIMIT


@pytest.fixture(autouse=True)
def one_megabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIMIT, "megabytes", 1)


def test_a_file_of_more_is_refused_and_one_of_less_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: " + "x" * 999_000)
    assert len(documents.load_file(file)["a"]) == 999_000
    file.write_text("a: " + "x" * 2_000_000)
    with pytest.raises(DeclarationError, match=r"a.yaml: 2 MB, and a file has at most 1; split"):
        documents.load_file(file)


def test_aliases_count_as_what_they_stand_for() -> None:
    assert documents.load("[&a {b: c}, *a]", where="a.yaml") == [{"b": "c"}, {"b": "c"}]
    text = f"- &a {'x' * 1000}\n- [{', '.join(['*a'] * 2000)}]\n"
    with pytest.raises(DeclarationError, match=r"a.yaml: its aliases stand for more than 1 MB"):
        documents.load(text, where="a.yaml")


def test_merged_maps_count_too() -> None:
    levels = ["l0: &l0 {a: 1}"]
    levels += [f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    with pytest.raises(DeclarationError, match="its aliases stand for more than 1 MB"):
        list(documents.load_all("\n".join(levels), where="a.yaml"))


def test_an_alias_of_what_it_is_a_part_of_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"a.yaml: an alias stands for what it is a part of"):
        documents.load("&a [*a]", where="a.yaml")


def test_what_only_looks_like_an_alias_is_read() -> None:
    text = "run: a && b\nwhen: '*/5 * * * *'\nwhich: ['&a', '*a']\n"
    assert documents.load(text, where="a.yaml")["run"] == "a && b"
