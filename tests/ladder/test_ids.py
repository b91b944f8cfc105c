"""What a prompt's ids can hold."""

from __future__ import annotations

from heedmap.ladder.ids import lone_ids


def test_runs_of_equal_ids_are_no_words() -> None:
    assert lone_ids([]) == []
    assert lone_ids([2, 5, 6, 5, 3]) == [2, 5, 6, 5, 3]
    assert lone_ids([0, 0, 2, 5, 9, 9, 9, 9, 3, 0, 0]) == [2, 5, 3]
