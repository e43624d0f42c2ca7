from __future__ import annotations

import base64
import json
import string

from hypothesis import assume, given
from hypothesis import strategies as st

from sluice.diff.masking import AFTER, BEFORE, MASK, Masks

# None of these letters stands in a manifest's own words.
SECRETS = st.text("QXZ0123456789", min_size=4, max_size=30)
TEXTS = st.text(string.ascii_lowercase + " \n:=@/", max_size=20)


def config_map(**data: str) -> dict[str, object]:
    return {"kind": "ConfigMap", "metadata": {"name": "app"}, "data": data}


@given(secret=SECRETS, before=TEXTS, after=TEXTS, encoded=st.booleans())
def test_a_secret_is_nowhere_in_what_is_shown(
    secret: str, before: str, after: str, encoded: bool
) -> None:
    form = base64.b64encode(secret.encode()).decode() if encoded else secret
    manifest = config_map(file=f"{before}{form}{after}", plain=form)
    nested = {**manifest, "spec": {"env": [{"name": "A", "value": form}, [form]]}}
    masks = Masks([secret])
    shown = [masks.one(nested), masks.pair(nested, config_map()), masks.pair(config_map(), nested)]
    assert form not in json.dumps(shown)


@given(old=SECRETS, new=SECRETS)
def test_a_changed_secret_is_shown_as_changed(old: str, new: str) -> None:
    assume(old not in new and new not in old)
    pair = Masks([old, new]).pair(config_map(url=f"u:{old}@db"), config_map(url=f"u:{new}@db"))
    assert pair.before == config_map(url=f"u:{BEFORE}@db")
    assert pair.after == config_map(url=f"u:{AFTER}@db")


def test_what_stood_where_a_secret_stands_now_is_hidden_too() -> None:
    before = {
        "kind": "Deployment",
        "env": [{"name": "A", "value": "a"}, {"name": "B", "value": "unknown"}],
    }
    after = {"kind": "Deployment", "env": [{"name": "B", "value": "hunter2"}]}
    pair = Masks(["hunter2"]).pair(before, after)
    assert pair.before["env"] == [{"name": "A", "value": "a"}, {"name": "B", "value": BEFORE}]
    assert pair.after["env"] == [{"name": "B", "value": AFTER}]


def test_every_value_of_a_secret_is_hidden_and_its_keys_are_shown() -> None:
    before = {"kind": "Secret", "data": {"same": "YQ==", "changed": "YQ==", "gone": "YQ=="}}
    after = {"kind": "Secret", "data": {"same": "YQ==", "changed": "Yg==", "new": "YQ=="}}
    pair = Masks([]).pair(before, after)
    assert pair.before["data"] == {"same": MASK, "changed": BEFORE, "gone": MASK}
    assert pair.after["data"] == {"same": MASK, "changed": AFTER, "new": MASK}


def test_a_short_secret_hides_values_and_no_parts_of_others() -> None:
    masked = Masks(["on"]).one(config_map(switch="on", greeting="once upon"))
    assert masked["data"] == {"switch": MASK, "greeting": "once upon"}


def test_the_lines_of_a_secret_are_hidden_where_they_are_indented() -> None:
    masked = Masks(["first line\nsecond line"]).one(
        config_map(file="a:\n  first line\n  second line")
    )
    assert masked["data"] == {"file": f"a:\n  {MASK}\n  {MASK}"}
