"""What is put to a policy on every frame."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.auditing.upper.respond import requests_of
from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial

FRAME = of_frame(np.zeros((4, 4, 3), np.uint8))


def _trial(count: int) -> Trial:
    return Trial("one", FRAME, {f"name {n}": f"text {n}" for n in range(count)})


@given(st.integers(2, 14))
def test_no_more_pairs_are_joined_than_there_are_instructions(count: int) -> None:
    trial = _trial(count)
    joined = [each.text for each in requests_of(0, trial) if each.kind == "contradictory"]
    pairs = [
        f"{trial.instructions[one]} {trial.instructions[two]}"
        for one, two in combinations(trial.instructions, 2)
    ]
    assert len(joined) == len(set(joined)) == min(len(pairs), count)
    assert set(joined) <= set(pairs)


def test_three_instructions_are_joined_in_all_pairs() -> None:
    joined = [each.text for each in requests_of(0, _trial(3)) if each.kind == "contradictory"]
    assert joined == ["text 0 text 1", "text 0 text 2", "text 1 text 2"]


@pytest.mark.parametrize("count", [2, 12])
def test_what_is_put_grows_with_the_number_of_instructions(count: int) -> None:
    kinds = Counter(each.kind for each in requests_of(0, _trial(count)))
    assert kinds["asked"] == kinds["nonsense"] == kinds["blank"] == count
