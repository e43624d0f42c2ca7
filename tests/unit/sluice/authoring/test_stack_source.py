"""A stack's program is changed where it has to be, and stays formatted as it was."""

from __future__ import annotations

import difflib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.authoring.python import Call, Name, render
from sluice.authoring.stack_source import StackSource
from sluice.errors import RepositoryError

ROOT = Path(__file__).parents[4]
REPLICAS = Call("Patch", keywords={"kind": "Deployment", "name": "web", "merge": {"spec": 1}})


def source(text: str) -> StackSource:
    return StackSource(textwrap.dedent(text), where="stacks/dev.py")


def changes(before: str, after: str) -> str:
    """The lines that differ."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return "\n".join(line for line in lines if line[0] in "+-")


def formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    command = [ruff, "format", "--stdin-filename", ROOT / "stacks" / "x.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def test_a_patch_is_added_after_the_others_whose_comments_stay() -> None:
    before = source(
        '''\
        from stacks.base import Platform


        class Dev(Platform):
            """Ümläuts and 'quotes'."""

            patches = (
                Patch(kind="Job", name="x", merge={"a": "ü"}),  # since the move
                # the last one
                Patch(kind="Job", name="y", merge={})  # no comma
            )
            agents = 2
        '''
    )
    after = before.appended("patches", REPLICAS).importing(["Patch"])
    assert changes(before.text, after.text) == (
        "+ from components import Patch\n"
        '-         Patch(kind="Job", name="y", merge={})  # no comma\n'
        '+         Patch(kind="Job", name="y", merge={}),  # no comma\n'
        '+         Patch(kind="Deployment", name="web", merge={"spec": 1}),'
    )


def test_what_a_class_has_not_yet_is_put_after_its_attributes() -> None:
    before = source(
        '''\
        class Dev(Platform):
            """What changes."""

            @member
            def a(self) -> None: ...
        '''
    )
    after = before.appended("removed", "forge").appended("removed", "gitea")
    assert changes(before.text, after.text) == '+     removed = ("forge", "gitea")\n+ '
    assert formatted(after.text) == after.text


def test_a_line_that_grows_too_long_is_broken() -> None:
    text = source("class Dev(Platform):\n    removed = ()\n")
    for name in ("a" * 30, "b" * 30, "c" * 30):
        text = text.appended("removed", name)
    assert text.text.splitlines()[1:3] == ["    removed = (", f'        "{"a" * 30}",']
    assert formatted(text.text) == text.text


@pytest.mark.parametrize(
    "value", ["other", "(*Base.removed, 'x') + ()", "Patch(),", "'a', 'b'", "{'a'}"]
)
def test_an_attribute_that_is_no_plain_tuple_is_left_to_its_author(value: str) -> None:
    with pytest.raises(RepositoryError, match=r"^stacks/dev.py:2: removed is no tuple in paren"):
        source(f"class Dev(Platform):\n    removed = {value}\n").appended("removed", "x")


def test_a_member_is_added_at_the_end_with_what_it_needs_imported() -> None:
    before = (ROOT / "stacks" / "dev.py").read_text()
    arguments = {"image": "registry.local/" + "x" * 60, "namespace": Name("self.forge"), "port": 80}
    value = Call("Application", ["web", Call("ApplicationArgs", keywords=arguments)])
    after = StackSource(before, where="f").with_member("web", "Application", value).text
    assert formatted(after) == after
    assert after.startswith(before[: before.index("from stacks")])
    assert "\nfrom components import Application, ApplicationArgs, member\nfrom stacks" in after
    assert "    @member\n    def web(self) -> Application:\n        return Application(\n" in after


def test_a_member_that_is_removed_takes_its_comments_and_imports_along() -> None:
    before = (ROOT / "stacks" / "base.py").read_text()
    commented = before.replace(
        "    @member\n    def dashboards", "    # of every team\n    @member\n    def dashboards"
    )
    after = StackSource(commented, where="f").without_member("dashboards").text
    lines = changes(before, after).splitlines()
    assert lines[:2] == ["-     Kustomization,", "-     KustomizationArgs,"]
    assert all(line.startswith("- ") for line in lines)
    assert formatted(after) == after


@pytest.mark.parametrize("name", ["base", "dev", "prod", "staging"])
def test_what_was_added_is_removed_without_a_trace(name: str) -> None:
    before = (ROOT / "stacks" / f"{name}.py").read_text()
    value = Call("OCIRepository", ["mine", "oci://registry.local/charts"])
    wider = StackSource(before, where="f").with_member("mine", "OCIRepository", value)
    after = wider.without_member("mine")
    if name == "dev":  # imports nothing of `components` otherwise
        after = after.importing(dropped=["member"])
    assert after.text == before
    listed = after.appended("removed", "mine").without_element("removed", "mine")
    assert listed.text == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("class Dev(\n", "stacks/dev.py:1: not Python"),
        ("x = 1\n", "stacks/dev.py: defines 0 classes"),
        ("class A: ...\nclass B: ...\n", "stacks/dev.py: defines 2 classes"),
    ],
)
def test_a_file_that_is_not_one_class_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RepositoryError, match=problem):
        source(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@settings(deadline=None)  # a busy machine is no failure
@given(JSON, st.integers(0, 60))
def test_what_is_rendered_is_the_value(value: object, indent: int) -> None:
    assert eval(render(value, indent)) == value  # noqa: S307 - what was just made
