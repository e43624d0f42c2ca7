from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.errors import ArtifactError, DeclarationError
from components.lib.registry.mirrors import Mirrors, printable, repository_url

if TYPE_CHECKING:
    from pathlib import Path

MIRRORS = Mirrors(
    {
        "https://charts.example.com/": "http://127.0.0.1:1234/copy",
        "https://charts.example.com/stable": "http://127.0.0.1:1234/stable-copy/",
        "oci://registry.example.com/charts": "oci://127.0.0.1:1234/charts",
    }
)


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("https://charts.example.com", "http://127.0.0.1:1234/copy"),
        ("https://Charts.Example.com/Other/", "http://127.0.0.1:1234/copy/Other/"),
        ("https://charts.example.com/stable", "http://127.0.0.1:1234/stable-copy"),
        ("https://charts.example.com/stable/a.tgz", "http://127.0.0.1:1234/stable-copy/a.tgz"),
        ("https://charts.example.com/stable2", "http://127.0.0.1:1234/copy/stable2"),
        ("https://charts.example.com:8443/x", "https://charts.example.com:8443/x"),
        ("http://charts.example.com/x", "http://charts.example.com/x"),
        ("oci://registry.example.com/charts/redis", "oci://127.0.0.1:1234/charts/redis"),
        ("oci://registry.example.com/other", "oci://registry.example.com/other"),
    ],
)
def test_the_longest_prefix_of_whole_segments_is_replaced(url: str, used: str) -> None:
    assert MIRRORS.rewrite(url) == used


def test_a_password_keeps_its_case() -> None:
    assert Mirrors().rewrite("https://Me:SeCret@HOST/x") == "https://Me:SeCret@host/x"


def test_an_address_names_the_mirror_where_one_is_used() -> None:
    assert str(MIRRORS.address("https://charts.example.com/stable/")) == (
        "https://charts.example.com/stable (by its mirror http://127.0.0.1:1234/stable-copy)"
    )
    assert str(MIRRORS.address("https://elsewhere.example.com")) == "https://elsewhere.example.com"


def test_of_merged_mirrors_the_later_wins() -> None:
    ours = Mirrors({"https://a.example": "https://b.example", "https://c.example": "https://d.ex"})
    machine = Mirrors({"https://a.example/": "https://e.example"})
    merged = ours.merged(machine)
    assert merged.rewrite("https://a.example/x") == "https://e.example/x"
    assert merged.rewrite("https://c.example/x") == "https://d.ex/x"


def test_the_machines_file_is_a_flat_mapping(tmp_path: Path) -> None:
    file = tmp_path / "mirrors.yaml"
    file.write_text("https://charts.example.com: http://127.0.0.1:1234\n")
    assert Mirrors.load(file) == Mirrors({"https://charts.example.com": "http://127.0.0.1:1234"})


@pytest.mark.parametrize("text", [None, "", "# none yet\n"])
def test_no_file_or_an_empty_one_means_no_mirrors(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "mirrors.yaml"
    if text is not None:
        file.write_text(text)
    assert Mirrors.load(file) == Mirrors()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a\n", "holds no mapping"),
        ("https://a.example: [b]\n", "'https://a.example' is not mapped to a URL"),
        ("https://a.example: b\n", "'b' is not a repository's URL"),
        ("https://a.example: https://b\nhttps://a.example: https://c\n", ":2 is not valid: the"),
        ("a: {\n", ":2 is not valid"),
    ],
)
def test_anything_else_in_the_file_is_an_error_that_names_it(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "mirrors.yaml"
    file.write_text(text)
    with pytest.raises(ArtifactError) as refusal:
        Mirrors.load(file)
    assert str(refusal.value).startswith(str(file))
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "charts.example.com",
        "ftp://charts.example.com",
        "https://",
        "https://host:port/",
        "https://host/?a=b",
        "https://[::1",
    ],
)
def test_what_is_not_a_repositorys_url_is_refused(url: str) -> None:
    with pytest.raises(DeclarationError, match="is not a repository's URL"):
        repository_url(url)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(DeclarationError) as refusal:
        repository_url("https://me:hunter2@charts.example.com")
    assert "hunter2" not in str(refusal.value)


def test_a_printable_url_has_neither_password_nor_query() -> None:
    assert printable("https://me:pw@host/a@b?signature=x") == "https://host/a@b"
