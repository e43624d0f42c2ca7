from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sluice.errors import RollbackError
from sluice.inventory.history import Deployment
from sluice.rollback.target import LAST_GOOD, rollback_target

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = ("abc1" + "0" * 36, "abc2" + "0" * 36, "def3" + "0" * 36)


def made(*commits: str) -> list[Deployment]:
    """One deployment a minute; `commit!` failed, `commit*` was dirty, `commit-` removed it."""
    results = {"!": "failed", "-": "destroyed"}
    return [
        Deployment(
            number=number,
            commit=commit.rstrip("!*-"),
            dirty=commit.endswith("*"),
            author="Ada <ada@example.com>",
            pull_request=None,
            started=NOON - timedelta(hours=1) + timedelta(minutes=number),
            seconds=1,
            counts={},
            result=results.get(commit[-1:], "succeeded"),
            cause="by hand",
            message="",
        )
        for number, commit in enumerate(commits, 1)
    ]


def target(wanted: str, *commits: str, now: datetime = NOON) -> int:
    return rollback_target(made(*commits), wanted, "prod", now).number


def test_it_is_named_by_its_number() -> None:
    assert target("1", FIRST, SECOND, THIRD) == 1
    assert target("3", FIRST, SECOND, THIRD) == 3


def test_it_is_named_by_the_beginning_of_its_commit() -> None:
    assert target("abc2", FIRST, SECOND, THIRD) == 2
    assert target("DEF3", FIRST, SECOND, THIRD) == 3


def test_of_several_with_a_commit_it_is_the_newest_that_succeeded() -> None:
    assert target("abc1", FIRST, FIRST, FIRST + "!", FIRST + "*", SECOND) == 2


def test_the_last_good_one_is_the_usual_one() -> None:
    assert target(LAST_GOOD, FIRST, SECOND, THIRD + "!") == 2


@pytest.mark.parametrize(
    ("wanted", "commits", "reason"),
    [
        (LAST_GOOD, [], "prod was never deployed"),
        (LAST_GOOD, [FIRST], "prod has no earlier deployment that succeeded from another, clean"),
        (LAST_GOOD, [FIRST + "!", SECOND + "*", THIRD], "prod has no earlier deployment"),
        ("4", [FIRST, SECOND], "prod has no deployment 4; there are 1 to 2"),
        ("0", [FIRST], "prod has no deployment 0"),
        ("abc", [FIRST], "prod has no deployment abc"),
        ("main", [FIRST], "prod has no deployment main"),
        ("abc", [FIRST, SECOND], "prod has no deployment abc"),
        ("2", [FIRST, SECOND + "!"], "deployment 2 of prod failed, so what ran is not what its"),
        ("2", [FIRST, SECOND + "*"], "deployment 2 of prod ran files that differed from its comm"),
        ("2", [FIRST, SECOND + "-"], "deployment 2 of prod removed the stack"),
        ("1", ["", SECOND], "deployment 1 of prod was not made from a Git checkout"),
    ],
)
def test_another_is_refused(wanted: str, commits: list[str], reason: str) -> None:
    with pytest.raises(RollbackError, match=reason):
        target(wanted, *commits)


def test_a_commit_that_may_be_either_is_refused() -> None:
    twins = ("abcd1" + "0" * 35, "abcd2" + "0" * 35)
    with pytest.raises(RollbackError, match="commit abcd may be abcd10000000 or abcd20000000"):
        target("abcd", *twins)


def test_while_the_clock_is_behind_the_newest_one_only_names_will_do() -> None:
    earlier = NOON - timedelta(days=1)
    with pytest.raises(RollbackError, match="the clock went back: deployment 2 of prod is of 2026"):
        target(LAST_GOOD, FIRST, SECOND, now=earlier)
    assert target("1", FIRST, SECOND, now=earlier) == 1
