"""Flux's setters: a corpus of files, byte for byte, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import DeclarationError
from sluice.images.scalars import Object
from sluice.images.setters import Change, set_all

DATA = Path(__file__).parents[3] / "data" / "setters"
FILES = sorted(path for path in (DATA / "original").rglob("*") if path.is_file())
DIGEST = "sha256:" + "0123456789abcdef" * 4
APP = "gitea.local/raibid/app"


def setters(policy: str, name: str, tag: str, digest: str = "") -> dict[str, str | None]:
    image = f"{name}:{tag}@{digest}" if digest else f"{name}:{tag}"
    return {
        policy: image,
        f"{policy}:name": name,
        f"{policy}:tag": tag,
        f"{policy}:digest": digest,
    }


VALUES: dict[str, str | None] = {
    **setters("apps:app", APP, "1.5.0", DIGEST),
    **setters("apps:worker", "docker.io/library/worker", "2024-11-25"),
    **setters("flux-system:forge", "gitea.local/forge", "1.30"),
    **setters("flux-system:sha", "localhost:5000/sha", "12e4567"),
    "other:left": None,
    "other:left:tag": None,
}


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_marked_scalars_are_set_and_every_other_byte_is_kept(file: Path) -> None:
    expected = DATA / "expected" / file.relative_to(DATA / "original")
    edited, changes = set_all(text_of(file), VALUES, where=file.name)
    assert edited == text_of(expected)
    assert bool(changes) == (edited != text_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_set_is_not_set_again(file: Path) -> None:
    expected = text_of(DATA / "expected" / file.relative_to(DATA / "original"))
    assert set_all(expected, VALUES, where=file.name) == (expected, [])


def test_the_corpus_has_forty_files_and_more() -> None:
    assert len(FILES) >= 40


def test_a_change_says_which_object_it_is_of() -> None:
    text = text_of(DATA / "original" / "deployment.yaml")
    _, changes = set_all(text, VALUES, where="deployment.yaml")
    assert changes == [
        Change(
            Object("Deployment", "app", "apps", "apps/v1"),
            line=12,
            setter="apps:app",
            old=f"{APP}:1.4.2",
            new=f"{APP}:1.5.0@{DIGEST}",
        )
    ]


def test_changes_come_in_the_order_of_the_file() -> None:
    text = text_of(DATA / "original" / "several-documents.yaml")
    _, changes = set_all(text, VALUES, where="x.yaml")
    assert [change.object.name for change in changes] == ["one", "two", "three"]


MARKER = '{"$imagepolicy": "apps:app"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'image: x # {"$imagepolicy": "apps:ap"}',
            "apps/a.yaml:1: the marker names 'apps:ap', which no image policy sets; there are: ",
        ),
        ('image: x # {"$imagepolicy": "apps:app:tags"}', "names 'apps:app:tags', which no"),
        ('\nimage: x # {"$imagepolicy": "app"}', 'a.yaml:2: {"$imagepolicy": "app"} is not a'),
        ('image: x # {"$imagepolicy": "apps:app"', "is not a marker; write {"),
        ('image: x # {"$imagepolicy": "apps:app"} please', "is not a marker"),
        ('image: x # {"$imagepolicy": "apps:app", "n": 1}', "is not a marker"),
        ("image: x # {$imagepolicy: apps:app}", "is not a marker"),
        (f"image: # {MARKER}\n  tag: x", "a.yaml:1: the marker marks no value; write it behind"),
        (f"image: # {MARKER}\n  x", "marks no value"),
        (f"image: {{tag: x}} # {MARKER}", "marks no value"),
        (f"a: &a x\nb: *a # {MARKER}", "a.yaml:2: the marker marks no value"),
        (f"- a\n- {MARKER[:-1]}: x}} # {MARKER}", "a.yaml:2: not YAML"),
        (f"a: x\n# {MARKER}\n\nb: y", "marks no value"),
        (f"# why\n# {MARKER}\n- x", "marks no value"),
        (f"# {MARKER}\n", "marks no value"),
        (f"? x # {MARKER}\n: y", "marks no value"),
        (f"# {MARKER}\n- x # {MARKER}", "a second marker for the same value"),
        (f"a: | # {MARKER}\n  x\n  y\n", "marks a text of several lines"),
        ('a: x # {"$imagepolicy": "apps:worker:digest"}', "the policy reflects no digest"),
        (f"a: x # {MARKER}\n\tb: y\n", "a.yaml:2: not YAML: "),
        (f"a: x # {MARKER}\nb: [\n", "a.yaml:3: not YAML: "),
        (f"a: x # {MARKER}\nb: \0\n", "a.yaml: not YAML: "),
        (f"a: x # {MARKER}\nb: *nothing\n", "a.yaml:2: not YAML: found undefined alias"),
        (f"image: {{{{ .Values.image }}}} # {MARKER}", "marks no value"),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        set_all(text, VALUES, where="apps/a.yaml")
    assert said in str(refused.value)


text_of_comments = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029{"),
    max_size=20,
)
old_values = st.from_regex(r"[a-z][a-z0-9./]{0,20}(:[a-z0-9.-]{1,8})?", fullmatch=True)
new_tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
shapes = st.sampled_from(
    [
        "k{n}: ",
        "k{n}: &a{n} ",
        "k{n}: !!str ",
        "k{n}:\n- ",
        "k{n}:\n  - &b{n} x\n  - ",
        "k{n}:\n    deep: {{a: [1, 2]}}\n    image: ",
        "k{n}: [1, {{b: 'é'}}]\nm{n}:   ",
        "? [a{n}]\n: ",
        "k{n}: |\n  text # no comment\nm{n}: ",
    ]
)


@st.composite
def marked_files(draw: st.DrawFn) -> list[str]:
    """A file in pieces, of which every second one is a marked scalar."""
    pieces = [draw(st.sampled_from(["", "\ufeff", "# a comment\n", "---\n"]))]
    for number in range(draw(st.integers(1, 4))):
        quote = draw(st.sampled_from(["", "'", '"']))
        marker = draw(st.sampled_from(['{"$imagepolicy": "a:b"}', '{"$imagepolicy":"a:b:tag"}']))
        space = draw(st.sampled_from(["", " ", "\t"]))
        pieces[-1] += draw(shapes).format(n=number)
        pieces.append(f"{quote}{draw(old_values)}{quote}")
        pieces.append(f" {space}#{space}{marker}{space}\n# {draw(text_of_comments)}\n")
    return pieces


@given(marked_files(), new_tags, st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(deadline=None, max_examples=60)
def test_any_file_keeps_what_is_not_marked(
    pieces: list[str], tag: str, newline: str, ends: bool
) -> None:
    pieces = [piece.replace("\n", newline) for piece in pieces]
    pieces[-1] = pieces[-1] if ends else pieces[-1].rstrip("\r\n")
    values: dict[str, str | None] = {"a:b": f"app/{tag}:{tag}", "a:b:tag": tag}

    rest, _ = set_all("".join(pieces), values, where="a.yaml")

    for kept, old in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        assert rest.startswith(kept)
        rest = rest.removeprefix(kept)
        written = rest.partition(" ")[0].rstrip(newline)
        assert yaml.safe_load(written) in (*values.values(), None)
        assert old[:1].isalpha() or written[:1] == old[:1]
        rest = rest.removeprefix(written)
    assert rest == ""
