"""What a policy raises ends its audit, at whichever call it comes; what it cannot take does not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from asyncio import CancelledError
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.tracing.batches import BatchSize, OutOfMemoryError, in_batches
from tests.failing import WORDS, Counting, is_as_before, plain, state_of, trials_of

STAGES_OF_THE_LOWER_RUNGS = {
    "looking for the transformer that feeds the action",
    "looking for the positions that are decoded into the action",
    "running the frames under their instructions",
    "measuring which positions move with image, words and state",
    "measuring which positions hold words of the prompt",
    "measuring attention with shuffled weights",
    "measuring attention under made-up words",
    "measuring what a longer instruction changes",
    "following the instruction's words to token ids",
    "looking for a bypass",
    "measuring which patch of the image moves which positions",
    "running the first frame once more, plainly",
}
STAGES_OF_THE_UPPER_RUNGS = {
    "trying whether examples give the same together as one by one",
    "measuring what swapping instructions does",
    "exchanging instruction, frame and state",
    "measuring what cutting the instruction out does",
    "measuring where in the network the instruction is used",
    "recording module calls",
}


@pytest.fixture(scope="module")
def told_at_calls() -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.failing"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.apart
@pytest.mark.parametrize(
    ("rungs", "stages"),
    [
        ("whole", STAGES_OF_THE_LOWER_RUNGS | STAGES_OF_THE_UPPER_RUNGS),
        ("lower", STAGES_OF_THE_LOWER_RUNGS),
    ],
)
def test_an_error_in_any_stage_is_raised_with_it(
    rungs: str, stages: set[str], told_at_calls: list[dict[str, Any]]
) -> None:
    lines = [line for line in told_at_calls if line["rungs"] == rungs]
    assert len(lines) >= len(stages)
    for line in lines:
        assert (line["type"], line["cause"]) == ("PolicyRunError", "RuntimeError"), line
        assert f"RuntimeError: boom {line['at']}, while {line['stage']} (" in line["message"]
        assert line["is_as_before"], line
    assert {line["stage"] for line in lines} == stages


def raises_at(counting: Counting, trials: Sequence[Trial], at: int) -> PolicyRunError:
    """The error of an audit whose policy raises at that call; the network is as it was before."""
    before = state_of(counting)
    counting.at = at
    with pytest.raises(PolicyRunError) as raised:
        counting.audited(trials)
    assert is_as_before(counting, before)
    return raised.value


def test_so_is_memory_that_python_does_not_find() -> None:
    """Smaller batches would hide it: it mostly tells of a fault."""
    counting, trials = plain(), trials_of(2)
    counting.audited(trials)
    counting.error = MemoryError
    several = [number for number, size in enumerate(counting.sizes, start=1) if size > 1]
    for at in (several[0], several[-1], len(counting.sizes) - 1):
        raised = raises_at(counting, trials, at)
        assert f"MemoryError: boom {at}, while {raised.stage}" in str(raised)
        assert isinstance(raised.__cause__, MemoryError)


def told_to_end(number: int, frame: FrameType | None) -> None:
    """Handles a signal as programs on a cluster do."""
    raise SystemExit(143)


def of_a_signal(said: str) -> BaseException:
    """What comes where a signal does: nothing, as its handler raises."""
    signal.raise_signal(signal.SIGUSR1)
    return AssertionError(f"{said}: the handler did not run")


@pytest.mark.parametrize(
    ("error", "stops"), [(KeyboardInterrupt, KeyboardInterrupt), (of_a_signal, SystemExit)]
)
def test_what_stops_the_program_is_no_error_of_the_policy(
    error: Callable[[str], BaseException], stops: type[BaseException]
) -> None:
    counting, trials = plain(), trials_of(1)
    usual = signal.signal(signal.SIGUSR1, told_to_end)
    try:
        before = state_of(counting)
        counting.error = error
        for at in (12, 60):
            counting.at = at
            with pytest.raises(stops, match=f"boom {at}|143"):
                counting.audited(trials)
            assert is_as_before(counting, before)
    finally:
        signal.signal(signal.SIGUSR1, usual)


class Panic(BaseException):
    """As libraries that are not written in Python raise."""


def in_a_thread(said: str) -> BaseException:
    """`sys.exit` where the policy asks another thread for its action."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(sys.exit, said).result()
    return AssertionError("the thread did not end")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SystemExit, "SystemExit"),
        (in_a_thread, "SystemExit"),
        (CancelledError, "CancelledError"),
        (Panic, "Panic"),
    ],
)
def test_a_policy_cannot_end_the_program(error: Callable[[str], BaseException], kind: str) -> None:
    counting, trials = plain(), trials_of(1)
    counting.error = error
    for at in (1, 12, 60):
        raised = raises_at(counting, trials, at)
        assert f"raised {kind}: boom {at}" in str(raised)
        assert type(raised.__cause__).__name__ == kind


def takes(most: int) -> Counting:
    """The plain policy, which fails for more examples at once."""
    counting = plain()
    run = counting.run

    def limited(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if len(frames) > most:
            raise ValueError(f"{most} at a time")
        return run(frames, texts)

    counting.run = limited
    return counting


@pytest.mark.parametrize("most", [1, 3])
def test_a_policy_that_takes_few_examples_at_once_is_audited_as_any_other(most: int) -> None:
    """Batches that always fail are no error, and nothing that was measured is lost."""
    trials = trials_of(2)
    expected = plain().audited(trials).measurements
    found = takes(most).audited(trials).measurements
    assert found.patches == expected.patches
    assert found.causal_map is not None
    assert found.used is not None
    assert expected.used is not None
    assert found.used.mediated.value == pytest.approx(expected.used.mediated.value, abs=1e-4)


def test_a_policy_that_takes_one_example_at_a_time_hides_no_error_of_another_kind() -> None:
    counting, trials = takes(1), trials_of(1)
    counting.audited(trials)
    alone = [number for number, size in enumerate(counting.sizes, start=1) if size == 1]
    assert 38 < len(alone) < len(counting.sizes)
    for at in alone[38::20]:
        assert f"RuntimeError: boom {at}, while " in str(raises_at(counting, trials, at))


def test_a_batch_fails_for_its_size_only_where_it_never_ran_and_fails_twice() -> None:
    seen: list[int] = []
    once = set[int]()

    def run(batch: Sequence[int]) -> list[int]:
        seen.append(len(batch))
        if len(batch) > 3 or len(seen) in once:
            raise PolicyRunError(f"boom {len(seen)}")
        return list(batch)

    size = BatchSize(8)
    assert in_batches(range(5), size, run) == list(range(5))
    assert seen == [5, 5, 2, 2, 1]
    assert (size.value, size.ran) == (2, 2)
    # Two ran before: its failure is not for its size, and not tried again.
    once.add(6)
    with pytest.raises(PolicyRunError, match="boom 6"):
        in_batches(range(2), size, run)
    assert seen[5:] == [2]
    # Three never ran, but the failure does not come again.
    once.add(7)
    with pytest.raises(PolicyRunError, match="boom 7"):
        in_batches(range(3), BatchSize(3, ran=2), run)
    assert seen[6:] == [3, 3]


def test_memory_that_torch_does_not_find_halves_a_batch_and_is_raised_for_one_example() -> None:
    counting, trials = plain(), trials_of(1)
    counting.audited(trials)
    counting.error = torch.OutOfMemoryError
    numbers = enumerate(counting.sizes, start=1)
    counting.at = at = next(n for n, size in numbers if n > 45 and size > 1)
    counting.audited(trials)  # halves of it fit
    run = counting.run

    def never(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if len(counting.sizes) >= at:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(frames, texts)

    counting.run, counting.at = never, None
    with pytest.raises(OutOfMemoryError, match=r"One example does not fit.*CUDA out of") as raised:
        counting.audited(trials)
    assert raised.value.stage is not None


LONG = "please turn to the left side now"


def refusing(error: type[Exception]) -> Counting:
    """Fails for instructions of more than five words."""
    counting = plain()
    run = counting.run

    def short(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        for text in texts:
            if len(text.split()) > 5:
                raise error(f"'{text}' is too long")
        return run(frames, texts)

    counting.run = short
    return counting


def test_a_paraphrase_that_is_refused_is_left_out_and_one_that_fails_is_not() -> None:
    (trial,) = trials_of(1)
    trials = [Trial(trial.name, trial.observation, WORDS, paraphrases={"left": (LONG,)})]
    found = refusing(InstructionError).audited(trials).measurements.obeyed
    assert found is not None
    assert found.paraphrase_distance is None
    assert found.swap_distance is not None
    with pytest.raises(PolicyRunError, match=r"ValueError: .*too long, while measuring what swap"):
        refusing(ValueError).audited(trials)
