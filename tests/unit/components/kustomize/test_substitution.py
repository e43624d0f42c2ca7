from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DeclarationError
from components.kustomize.substitution import is_disabled, needed, substitute, substitute_leaves
from components.lib.manifests import documents

VARIABLES = {"name": "sluice", "empty": "", "path": "a/b/c", "_x1": "y"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${name}", "sluice"),
        ("a-${name}-${_x1}", "a-sluice-y"),
        ("${empty}", ""),
        ("${none:=default}", "default"),
        ("${none:-default}", "default"),
        ("${none=default}", "default"),
        ("${none:=}", ""),
        ("${none:=a: b = c}", "a: b = c"),
        ("${empty:=default}", "default"),
        ("${name:=default}", "sluice"),
        ("${name:3}", "ice"),
        ("${name:0:2}", "sl"),
        ("${name:1:99}", "luice"),
        ("${path/\\//-}", "a/b/c"),
        ("${name/ice/it}", "sluit"),
        ("${name/ice/}", "slu"),
        ("$${name}", "${name}"),
        ("$$${name}", "$${name}"),
        ("$name", "$name"),
        ("$(name)", "$(name)"),
        ("${name", "${name"),
        ("nothing", "nothing"),
    ],
)
def test_each_form_is_replaced(text: str, result: str) -> None:
    assert substitute(text, VARIABLES) == result


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${none}", "${none} has no value; add 'none' to substitute or write ${none:=default}"),
        ("${none:1}", "${none:1} has no value"),
        ("${none/a/b}", "has no value"),
        ("${}", "${} is not a substitution; write $${} for text"),
        ("${1}", "is not a substitution"),
        ("${name,,}", "is not a substitution"),
        ("${name:x}", "is not a substitution"),
        ("${ name }", "is not a substitution"),
    ],
)
def test_what_cannot_be_replaced_is_an_error_that_says_where(text: str, problem: str) -> None:
    with pytest.raises(DeclarationError) as refusal:
        substitute(text, VARIABLES, where="manifests/a")
    assert str(refusal.value).startswith("manifests/a: ")
    assert problem in str(refusal.value)


@given(st.text(st.characters(exclude_characters="$")))
def test_text_without_expressions_stays_as_it_is(text: str) -> None:
    assert substitute(text, {}) == text


@given(st.text())
def test_a_value_is_put_in_literally(value: str) -> None:
    assert substitute("<${v}>", {"v": value}) == f"<{value}>"


@pytest.mark.parametrize(
    ("metadata", "disabled"),
    [
        ({"labels": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}, True),
        ({"annotations": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}, True),
        ({"labels": {"kustomize.toolkit.fluxcd.io/substitute": "enabled"}}, False),
        ({"labels": None}, False),
        (None, False),
    ],
)
def test_an_object_may_ask_to_be_left_alone(metadata: Any, disabled: bool) -> None:
    assert is_disabled({"metadata": metadata}) is disabled


def test_the_variables_that_a_text_needs_are_those_of_its_expressions() -> None:
    assert needed("${a} $${b} ${c:=d} ${e:1:2} ${f/g/h}") == {"a", "c", "e", "f"}


@pytest.mark.parametrize(
    "manifest",
    [
        {"kind": "Queue", "metadata": {"name": "${later}"}},
        {"kind": "${later}", "metadata": {"name": "a"}},
        {"kind": "Queue", "metadata": {"name": "a", "namespace": "${later}"}},
        {"kind": "Queue", "metadata": {"name": "a"}, "data": [{"${later}": 1}]},
    ],
)
def test_what_names_an_object_or_a_field_cannot_be_known_later(manifest: Any) -> None:
    with pytest.raises(DeclarationError, match=r"'later' has to be known before the update"):
        substitute_leaves(manifest, {}, lambda text, _value: text)


SCALARS = st.one_of(st.text(max_size=8), st.sampled_from(["${n}", "x ${n}", "${n}: y", "- ${n}"]))


@given(st.dictionaries(st.sampled_from("abc"), SCALARS), st.sampled_from(["3", "true", "x", ""]))
def test_leaf_by_leaf_gives_what_the_whole_text_gives(data: dict[str, str], value: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "Queue", "metadata": {"name": "a"}, "data": data}
    variables = {"n": value}
    try:
        whole = documents.load(substitute(documents.dump(manifest), variables), where="")
    except DeclarationError:
        return
    assert substitute_leaves(manifest, {}, lambda _text, make: make(variables)) == whole
