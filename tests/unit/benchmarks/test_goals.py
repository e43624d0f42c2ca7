from __future__ import annotations

from benchmarks.goals import goals
from benchmarks.rows import COLD_START, Row


def _row(op: str, objects: int, tool: str, seconds: float) -> Row:
    return Row(op, objects, tool, seconds, 100.0)


def test_create_is_held_against_the_first_apply_of_kubectl() -> None:
    rows = [_row("create", 300, "kubectl", 2.0), _row("create", 300, "sluice", 5.0)]
    (goal,) = goals(rows)
    assert (goal.measured, goal.reached) == (2.5, True)


def test_nothing_to_do_is_held_against_kubectl_s_create_and_not_its_nothing_to_do() -> None:
    rows = [
        _row("create", 300, "kubectl", 2.0),
        _row("nothing to do", 300, "kubectl", 0.5),
        _row("nothing to do", 300, "sluice", 6.0),
    ]
    (goal,) = goals(rows)
    assert (goal.measured, goal.reached) == (3.0, False)


def test_drift_is_found_in_half_of_the_time_that_flux_takes_to_reconcile_nothing() -> None:
    rows = [_row("create", 300, "kubectl", 2.2), _row("drift", 300, "sluice", 0.7)]
    (goal,) = goals(rows)
    assert (goal.wanted, goal.reached) == (0.32, True)


def test_a_thousand_objects_may_take_four_times_as_long_as_three_hundred() -> None:
    rows = [_row("destroy", 300, "sluice", 2.0), _row("destroy", 1000, "sluice", 8.0)]
    (goal,) = goals(rows)
    assert (goal.name, goal.reached) == ("destroy, 1000 objects, times 300 objects", True)


def test_the_growth_of_other_tools_is_no_goal() -> None:
    rows = [_row("destroy", 300, "pulumi", 2.0), _row("destroy", 1000, "pulumi", 20.0)]
    assert goals(rows) == []


def test_a_cold_start_above_the_limit_is_not_reached() -> None:
    (goal,) = goals([_row(COLD_START, 0, "sluice", 1.6)])
    assert not goal.reached


def test_a_size_that_was_not_measured_gives_no_goal() -> None:
    assert goals([_row("create", 100, "sluice", 1.0), _row("create", 100, "kubectl", 1.0)]) == []
