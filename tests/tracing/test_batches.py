"""Batches that run out of memory, and the size they start from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from heedmap.errors import PolicyRunError
from heedmap.tracing.batches import (
    BatchSize,
    OutOfMemoryError,
    free_bytes,
    in_batches,
    is_out_of_memory,
    size_that_fits,
)

NO_ROOM = "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError(NO_ROOM)])
def test_a_batch_that_does_not_fit_is_halved_and_all_after_it(error: Exception) -> None:
    """Room for three: 8 fails, 4 fails, then 2 and 2 ... to the end, each item once, in order.

    Each failure is seen twice: a batch of that size never ran.
    """
    seen: list[int] = []

    def run(batch: Sequence[int]) -> list[int]:
        seen.append(len(batch))
        if len(batch) > 3:
            raise PolicyRunError("the policy raised") from error
        return [10 * item for item in batch]

    size = BatchSize(8)
    assert in_batches(range(9), size, run) == [10 * item for item in range(9)]
    assert seen == [8, 8, 4, 4, 2, 2, 2, 2, 1]
    assert size.value == 2


def test_one_that_does_not_fit_is_told_in_a_sentence() -> None:
    def run(_: Sequence[int]) -> list[int]:
        raise RuntimeError(NO_ROOM)

    with pytest.raises(OutOfMemoryError, match="One example does not fit"):
        in_batches([1, 2, 3], 2, run)


def test_other_errors_pass_at_once() -> None:
    calls: list[int] = []

    def run(batch: Sequence[int]) -> list[int]:
        calls.append(len(batch))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        in_batches([1, 2, 3, 4], 4, run)
    assert calls == [4]
    assert not is_out_of_memory(RuntimeError("shapes"))
    assert not is_out_of_memory(MemoryError("an array of a wrong size"))


def test_the_size_follows_the_memory_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """One example's largest result is 100 x 1,000 floats: 400,000 bytes, six of them alive."""
    layer = nn.Linear(10, 1000)

    def run() -> None:
        with torch.no_grad():
            layer(torch.zeros(100, 10))

    monkeypatch.setattr("heedmap.tracing.batches.free_bytes", lambda _: 2 * 6 * 400_000 * 5)
    assert size_that_fits(layer, 32, run) == 5
    assert size_that_fits(layer, 3, run) == 3
    monkeypatch.setattr("heedmap.tracing.batches.free_bytes", lambda _: 1)
    assert size_that_fits(layer, 32, run) == 1


def test_some_memory_is_free() -> None:
    assert free_bytes(torch.device("cpu")) > 2**20
