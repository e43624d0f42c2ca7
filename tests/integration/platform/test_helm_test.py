"""The tests of a chart: run once for each revision, and again until they have succeeded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.integration.platform.members import NAMESPACE, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

TESTED = """
    values={"greeting": "%s", "test": {"nodeSelector": %s}},
    test=HelmTest(timeout="3s", ignore_failures=%s),
"""
FAILED = r"test of HelmRelease web failed after \d+ s: timed out"
NOWHERE = '{"kind": "none"}'


def test_a_chart_is_tested_once_for_each_revision(program: Program) -> None:
    checkout = program(NAMESPACE, release(TESTED % ("one", "{}", False)))
    checkout.sluice("up")
    first = last_run(checkout)
    assert "Nothing to do" in checkout.sluice("up")
    assert last_run(checkout) == first
    program(NAMESPACE, release(TESTED % ("two", "{}", False))).sluice("up")
    assert last_run(checkout) != first
    assert checkout.releases() == {"web": "deployed"}


def test_a_failed_test_fails_the_deployment_until_it_succeeds_or_is_ignored(
    program: Program,
) -> None:
    checkout = program(NAMESPACE, release(TESTED % ("one", NOWHERE, False)))
    for _ in range(2):
        shown = checkout.sluice("up", fails=True)
        assert re.search(rf"{checkout.stack}: {FAILED}", shown)
        assert "Traceback" not in shown
    assert "is not as declared" not in checkout.sluice("drift", checkout.stack)
    ignored = program(NAMESPACE, release(TESTED % ("one", NOWHERE, True))).sluice("up")
    assert re.search(rf"{checkout.stack}: {FAILED}", ignored)
    program(NAMESPACE, release(TESTED % ("one", "{}", False))).sluice("up")


def last_run(checkout: Checkout) -> str:
    """The identity of the pod of the test that ran last."""
    return str(checkout.get("pod", "web-test")["metadata"]["uid"])
