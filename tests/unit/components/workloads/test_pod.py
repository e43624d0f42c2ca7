from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components import ApplicationArgs
from components.workloads.pod import pod_template


@given(st.dictionaries(st.text(), st.text()))
def test_the_same_configuration_in_another_order_rolls_no_pods(config: dict[str, str]) -> None:
    one, other = (
        pod_template("web", "registry.local/web:1", {}, ApplicationArgs(image="", config=entries))
        for entries in (config, dict(reversed(config.items())))
    )
    assert one == other
