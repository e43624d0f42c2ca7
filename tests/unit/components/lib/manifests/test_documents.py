from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.errors import DeclarationError
from components.lib.manifests import documents


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("Off", "Off"),
        ("y", "y"),
        ("~", None),
        ("Null", None),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("=", "="),
        ("1_000", 1000),
        ("+1", 1),
        ("0777", 511),
        ("0o17", 15),
        ("-0x1F", -31),
        ("0B11", 3),
        ("09", 9.0),
        ("0o8", "0o8"),
        ("0x", "0x"),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1E-2", 0.01),
        ("1e+30", 1e30),
        ("1e", "1e"),
        ("18446744073709551615", 2**64 - 1),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 5", "5"),
    ],
)
def test_a_scalar_is_read_as_kubernetes_reads_it(written: str, read: Any) -> None:
    found = documents.load(f"a: {written}", where="a.yaml")["a"]
    assert found == read
    assert type(found) is type(read)


def test_keys_are_text_as_in_json() -> None:
    found = documents.load("80: a\ntrue: b\nnull: c\n1.5: d\n", where="a.yaml")
    assert found == {"80": "a", "true": "b", "null": "c", "1.5": "d"}


@pytest.mark.parametrize("word", ["on", "Yes", "y", "TRUE", "off", "No", "N", "false"])
def test_in_values_the_words_that_helm_takes_for_booleans_are_booleans(word: str) -> None:
    expected = word.lower() in ("on", "yes", "y", "true")
    assert documents.load_values(f"a: {word}", where="a.yaml") == {"a": expected}


def test_quoted_words_stay_words_in_values() -> None:
    assert documents.load_values("a: 'on'", where="a.yaml") == {"a": "on"}


def test_empty_documents_are_left_out() -> None:
    text = "# a comment\n---\na: 1\n---\n---\nb: 2\n...\n"
    assert list(documents.load_all(text, where="a.yaml")) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\ta: 1", "a: *b", "a: !custom b"])
def test_what_is_not_yaml_is_an_error_that_names_file_and_line(text: str) -> None:
    for load in (documents.load, documents.load_values):
        with pytest.raises(DeclarationError, match=r"^a\.yaml: not YAML: line \d+: "):
            load(f"ok: 1\n{text}", where="a.yaml")
    with pytest.raises(DeclarationError, match=r"^a\.yaml: not YAML: line \d+: "):
        list(documents.load_all(f"ok: 1\n---\n{text}", where="a.yaml"))


def test_a_file_is_read_as_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: Grüße".encode())
    assert documents.load_file(tmp_path / "a.yaml") == {"a": "Grüße"}


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: ü".encode("latin-1"))
    for name, problem in (
        ("none.yaml", "No such file or directory"),
        ("", "Is a directory"),
        ("latin.yaml", "not UTF-8"),
    ):
        with pytest.raises(DeclarationError) as refusal:
            documents.load_values_file(tmp_path / name)
        assert str(refusal.value).startswith(f"{tmp_path / name}: {problem}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
@example({"\x85": "a\u2028b"})
def test_what_is_written_is_read_again_the_same(value: Any) -> None:
    assert documents.load(documents.dump(value), where="written") == value
    assert documents.load_values(documents.dump({"a": value}), where="written") == {"a": value}


@pytest.mark.parametrize(
    "text", ["yes", "on", "y", "1e3", "0o17", "012", "1_000", "2020-01-01", "="]
)
def test_text_that_could_be_taken_for_something_else_is_quoted(text: str) -> None:
    assert documents.dump({"a": text}) == f"a: '{text}'\n"
