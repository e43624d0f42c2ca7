"""A key of a config file is rewritten, and every other byte stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.errors import RepositoryError
from sluice.stack.config_file import with_list

KEY = "p:suspended"
ENTRY = {"component": "redis", "reason": "moved: by #2", "since": "2026-11-23T21:00:00Z"}


def test_an_entry_is_added_after_the_other_keys_and_before_what_follows() -> None:
    before = """\
# the stack of the team
config:
  p:context: dev-cluster   # ours
  # a hint
  p:agents: "1"

encryptionsalt: v1:x
"""
    assert with_list(before, KEY, [ENTRY], where="f") == before.replace(
        '"1"\n',
        """"1"
  p:suspended:
    - component: redis
      reason: 'moved: by #2'
      since: '2026-11-23T21:00:00Z'
""",
    )


def test_entries_that_pulumi_wrote_otherwise_are_replaced_where_they_stand() -> None:
    before = """\
config:
    p:suspended:
        - reason: >-
            folded
            text

        # of the night
        - {reason: b}
    # not of it
    p:context: dev
"""
    after = with_list(before, KEY, [ENTRY], where="f")
    assert after.startswith("config:\n    p:suspended:\n      - component: redis\n")
    assert after.endswith("    # not of it\n    p:context: dev\n")


LINES = st.lists(
    st.sampled_from(
        [
            "  # a comment",
            "",
            "  p:a: 'x'   # why",
            "  p:b: |\n    text\n\n    # in it\n",
            "  p:c: {k: [1,\n    2]}",
            "  p:d:\n  - 1\n  - k: v",
            "  p:e:   long words\n    go on",
        ]
    ),
    unique=True,
)

WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30)


@settings(deadline=None)  # a busy machine is no failure
@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]), WORDS)
def test_adding_and_removing_leaves_every_other_byte(
    above: list[str], below: list[str], newline: str, reason: str
) -> None:
    below = [line for line in below if line not in above or not line.strip().startswith("p:")]
    lines = ["# top", "config:", "  p:context: dev", *above, *below, "salt: v1 # last", ""]
    text = "\n".join(lines).replace("\n", newline)
    entries = [{**ENTRY, "reason": " ".join(reason.split())}]
    added = with_list(text, KEY, entries, where="f")
    assert yaml.safe_load(added)["config"][KEY] == entries
    assert with_list(added, KEY, [], where="f") == text


@pytest.mark.parametrize(
    "text", ["", "salt: v1\n", "config: {p:context: dev}\n", "config:\n- p:context\n"]
)
def test_a_file_that_is_not_as_pulumi_writes_it_is_refused(text: str) -> None:
    with pytest.raises(RepositoryError, match=r"^stacks/x: has no config in block style"):
        with_list(text, KEY, [ENTRY], where="stacks/x")


def test_keys_in_their_long_form_are_kept() -> None:
    text = "config: !!map\n  p:suspended: [{reason: a}]\n  ? p:context\n  : {a: b}\n"
    after = with_list(text, KEY, [], where="stacks/x")
    assert after == "config: !!map\n  ? p:context\n  : {a: b}\n"
