from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.environment.deployment import _honour_suspensions
from components.errors import DeclarationError
from components.runtime.suspension import LEFT_OUT, parse_suspensions

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare

REDIS = (
    '[{"component": "redis", "reason": "it moves", "author": "Ada <a@b>", '
    '"since": "2026-11-23T21:00:00Z"}]'
)
WHOLE = REDIS.replace('"component": "redis", ', "")


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T21:00:00Z",
        "2026-11-23 21:00:00 +0000 UTC",  # as Pulumi writes it again
        "2026-11-23T22:00:00+01:00",
        "2026-11-23T21:00:00",
        datetime(2026, 11, 23, 21, tzinfo=UTC),
    ],
)
def test_a_time_is_read_in_every_form_that_pulumi_gives_it(time: Any) -> None:
    (entry,) = parse_suspensions([{"reason": "x", "author": "Ada", "since": time}], where="f")
    assert str(entry) == f"suspended by Ada since {entry.since:%Y-%m-%d %H:%M %Z}: x"
    assert entry.since == datetime(2026, 11, 23, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ("redis", "f: want a list of entries"),
        (["redis"], "f[0]: want component, reason, author and since"),
        ([{"reason": 1}], "f[0]: want component, reason, author and since"),
        ([{"since": "soon"}], "f[0]: since: 'soon' is not a time"),
        ([{}], "f[0]: since: None is not a time"),
    ],
)
def test_what_is_no_suspension_is_refused(entries: Any, problem: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        parse_suspensions(entries, where="f")
    assert str(refused.value) == problem


def test_an_update_of_what_is_suspended_is_refused(refused: Callable[..., str]) -> None:
    config = {"infrastructure:suspended": WHOLE}
    assert refused(_honour_suspensions, config=config, stack="dev") == (
        "stack dev is suspended by Ada <a@b> since 2026-11-23 21:00 UTC: it moves; "
        "run `sluice resume dev` first"
    )
    config = {"infrastructure:suspended": REDIS}
    assert refused(_honour_suspensions, config=config, stack="dev") == (
        "redis is suspended by Ada <a@b> since 2026-11-23 21:00 UTC: it moves; "
        "run `sluice up dev`, which leaves it out, or `sluice resume dev redis` first"
    )


def test_a_preview_of_what_is_suspended_is_warned(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    declared = declare(_honour_suspensions, config={"infrastructure:suspended": REDIS})
    assert declared.error is None
    assert warnings[0].startswith("redis is suspended by Ada")


def test_what_is_left_out_is_not_in_the_way(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEFT_OUT, "keda redis")
    config = {"infrastructure:suspended": REDIS}
    assert declare(_honour_suspensions, config=config).error is None


def test_a_suspended_stack_cannot_be_left_out(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEFT_OUT, "")
    assert "stack dev is suspended" in refused(
        _honour_suspensions, config={"infrastructure:suspended": WHOLE}
    )
