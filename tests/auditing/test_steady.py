"""Audit after audit, and stopped at any call: nothing is left behind.

`benchmarks.steady` in small.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch

from benchmarks.steady import MOST_GROWTH, steady, stopped_at_calls
from heedmap.data.pixels import Frame
from tests.failing import is_as_before, plain, state_of, trials_of


def test_audits_leave_nothing_and_memory_stays() -> None:
    counting, trials = plain(), trials_of(1)
    memory = steady(counting, trials, audits=4, warm_up=2)
    assert max(memory) < (1 + MOST_GROWTH) * memory[0]
    for error in (RuntimeError, KeyboardInterrupt):
        assert stopped_at_calls(counting, trials, error, stride=25) > 2


def test_the_benchmark_tells_what_is_left_behind() -> None:
    counting = plain()
    run = counting.run

    def leaving(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        warnings.filterwarnings("ignore", message=f"left by call {len(counting.sizes)}")
        return run(frames, texts)

    steady(counting, trials_of(1), audits=1, warm_up=0)
    before = state_of(counting)
    counting.run = leaving
    with warnings.catch_warnings():
        counting.audited(trials_of(1))
        assert not is_as_before(counting, before)
    assert is_as_before(counting, before)
