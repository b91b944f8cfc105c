"""When readings are taken, by a clock that the test holds."""

from __future__ import annotations

import pytest

from heedmap.errors import MonitorError
from heedmap.monitor.pace import Pace


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def train(pace: Pace, clock: Clock, steps: range, step_s: float, reading_s: float) -> list[int]:
    """The steps at which readings were taken."""
    taken = []
    for step in steps:
        if pace.is_due(step) and pace.can_afford:
            with pace.taking():
                clock.now_s += reading_s
            taken.append(step)
        clock.now_s += step_s
    return taken


def test_without_a_bound_every_step_on_the_grid_is_read() -> None:
    clock = Clock()
    assert train(Pace(3, None, clock), clock, range(10), 0.1, 60.0) == [0, 3, 6, 9]


def test_readings_are_put_off_on_the_grid_until_they_stay_within_the_bound() -> None:
    clock = Clock()
    pace = Pace(10, 0.05, clock)
    # 2 s may be spent in 40 s: 38 s of training are 38 steps, and the grid has 40.
    assert train(pace, clock, range(200), 1.0, 2.0) == [0, 40, 80, 120, 160]
    assert pace.spent_s == pytest.approx(10.0)
    assert pace.run_s == pytest.approx(210.0)
    assert pace.cost_share < 0.05


def test_cheap_readings_are_all_taken() -> None:
    clock = Clock()
    assert train(Pace(10, 0.05, clock), clock, range(35), 1.0, 0.5) == [0, 10, 20, 30]


def test_readings_that_become_cheaper_come_more_often_again() -> None:
    clock = Clock()
    pace = Pace(10, 0.05, clock)
    assert train(pace, clock, range(1), 1.0, 4.0) == [0]  # the first one also warms up
    assert train(pace, clock, range(1, 120), 1.0, 0.5) == [80, 90, 100, 110]


def test_the_grid_begins_where_a_run_is_resumed_and_no_step_is_read_twice() -> None:
    clock = Clock()
    pace = Pace(5, None, clock)
    steps = [1234, 1234, 1238, 1239, 1239, 1243, 1251, 1253, 1254]
    assert [step for step in steps if pace.is_due(step)] == [1234, 1239, 1251, 1254]


def test_a_second_run_with_the_same_monitor_begins_with_a_reading() -> None:
    pace = Pace(5, None, Clock())
    steps = [3, 7, 8, 3, 4, 7, 8]
    assert [pace.is_due(step) for step in steps] == [True, False, True, True, False, False, True]


def test_a_reading_that_fails_has_cost_its_time() -> None:
    clock = Clock()
    pace = Pace(5, 0.5, clock)
    pace.is_due(0)
    with pytest.raises(ZeroDivisionError), pace.taking():
        clock.now_s += 3.0
        raise ZeroDivisionError
    assert pace.spent_s == pytest.approx(3.0)
    assert not pace.can_afford


@pytest.mark.parametrize(("every", "share"), [(0, None), (5, 0.0), (5, 1.5)])
def test_what_makes_no_sense_is_refused(every: int, share: float | None) -> None:
    with pytest.raises(MonitorError):
        Pace(every, share, Clock())
