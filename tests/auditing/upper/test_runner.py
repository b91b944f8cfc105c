"""Many examples through a policy: together where that gives the same, and pinned noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.runner import BATCH, Runner
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.batches import BatchSize
from heedmap.tracing.observe import only_stack, traced
from tests.real_models import bare, llama

FRAMES = [of_frame(np.full((8, 8, 3), value, np.uint8)) for value in range(5)]


class Counting:
    """Scores from the frame's brightness and the text's length; notes its batches' sizes."""

    def __init__(self, most: int | None = None, depends_on_batch: bool = False) -> None:
        self.sizes: list[int] = []
        self.most = most
        self.depends_on_batch = depends_on_batch

    def __call__(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if self.most is not None and len(frames) > self.most:
            raise ValueError("one at a time")
        self.sizes.append(len(frames))
        extra = len(frames) if self.depends_on_batch else 0
        rows = [
            [float(f.mean()), float(len(t)) + extra] for f, t in zip(frames, texts, strict=True)
        ]
        return torch.tensor(rows)

    def policy(self) -> CallablePolicy:
        return CallablePolicy("counting", self, nn.Identity())


def test_examples_of_equal_length_run_together_and_come_back_in_order() -> None:
    counting = Counting()
    runner = Runner.of(counting.policy(), [(FRAMES[0], "a b"), (FRAMES[1], "c d")])
    runner.batch()
    counting.sizes.clear()
    texts = ["a b", "c d e", "f g", "h i j", "k l"]
    scores = runner.scores(list(zip(FRAMES, texts, strict=True)))
    assert counting.sizes == [3, 2]
    assert [s.tolist() for s in scores if s is not None] == [
        [i, len(t)] for i, t in enumerate(texts)
    ]


def test_a_policy_that_takes_one_at_a_time_or_mixes_its_batch_runs_singly() -> None:
    examples = [(FRAMES[0], "a b"), (FRAMES[1], "c d")]
    assert Runner.of(Counting().policy(), examples).batch().value == BATCH
    assert Runner.of(Counting(most=1).policy(), examples).batch().value == 1
    assert Runner.of(Counting(depends_on_batch=True).policy(), examples).batch().value == 1


def test_one_example_that_is_refused_does_not_take_the_others_with_it() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if "bad word" in texts:
            raise error("no such word")
        return torch.ones(len(frames), 2)

    error: type[Exception] = InstructionError
    policy = CallablePolicy("picky", run, nn.Identity())
    runner = Runner(policy, BatchSize(BATCH))
    examples = [(FRAMES[0], "good word"), (FRAMES[1], "bad word")]
    scores = runner.scores(examples)
    assert scores[0] is not None
    assert scores[1] is None
    error = ValueError  # its own error is no refusal
    with pytest.raises(PolicyRunError, match="raised ValueError: no such word"):
        runner.scores(examples)


def test_a_text_that_is_too_long_is_left_out() -> None:
    def count(text: str) -> int:
        if len(text.split()) > 2:
            raise InstructionError("too long")
        return len(text.split())

    policy = CallablePolicy("short", Counting(), nn.Identity(), token_count=count)
    found = Runner(policy, BatchSize(BATCH)).scores([(FRAMES[0], "a b"), (FRAMES[0], "a b c")])
    assert [one is None for one in found] == [False, True]


class FlowHead(nn.Module):
    """A few Euler steps from noise, as flow matching draws its actions."""

    def forward(self, brightness: torch.Tensor) -> torch.Tensor:
        action = torch.randn(len(brightness), 3)
        for _ in range(4):
            action = action + 0.25 * (brightness[:, None] - action)
        return action


@pytest.mark.parametrize("seed", [0, 7])
def test_pinned_noise_makes_two_runs_differ_by_exactly_nothing(seed: int) -> None:
    head = FlowHead()

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return head(torch.tensor([float(frame.mean()) for frame in frames]))

    def twice(policy: CallablePolicy) -> float:
        first, second = (policy([FRAMES[3]], ["go"]) for _ in range(2))
        return float((first - second).abs().max())

    assert twice(CallablePolicy("free", run, head)) > 0
    pinned = CallablePolicy("pinned", run, head, noise_seed=seed)
    state = torch.random.get_rng_state()
    assert twice(pinned) == 0
    assert torch.equal(torch.random.get_rng_state(), state)  # the generator is left as it was
    # In a batch every example has noise of its own, so such a policy is run one by one.
    runner = Runner.of(pinned, [(FRAMES[0], "a"), (FRAMES[0], "b")])
    assert runner.batch().value == 1
    one, two = runner.scores([(FRAMES[0], "a"), (FRAMES[0], "b")])
    assert one is not None
    assert two is not None
    assert (one == two).all()


def test_instructions_input_options_run_together_in_large_networks(
    case: FrameCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one by one; the one that is too long is left out, a pair on its own runs as before."""
    monkeypatch.setattr("heedmap.tracing.batches.LARGE", 0)
    model, inputs = llama()
    policy = bare(model, inputs)
    observation, other = of_frame(case.frame), of_frame(np.zeros_like(case.frame))
    texts = ["go left", "go to the right now", "stop", "go left"]
    examples = [*((observation, text) for text in texts), (other, "go left")]
    stack = only_stack(traced(policy, observation, texts[0]), "model.layers.*.self_attn")
    runner = Runner.of(policy, examples[:2], stack)
    found = runner.scores(examples)
    alone = [policy([seen], [text])[0].double().numpy() for seen, text in examples]
    assert np.abs(np.array(found) - np.array(alone)).max() <= 1e-5
    assert runner.together is not None
    assert runner.together.why_alone is None
    assert Runner.of(policy, examples[:2]).together is None


def test_what_is_known_is_not_run_again() -> None:
    counting = Counting()
    policy = counting.policy()
    known = KnownRuns()
    for frame, text in ((FRAMES[0], "a b"), (FRAMES[1], "c d")):
        known.note(frame, text, policy([frame], [text]))
    runner = Runner.of(policy, [(FRAMES[0], "a b"), (FRAMES[1], "c d")], known=known)
    counting.sizes.clear()
    (score,) = runner.scores([(FRAMES[1], "c d")])
    assert score is not None
    assert score.tolist() == [1, 3]
    assert counting.sizes == []
    assert runner.batch().value == BATCH
    assert counting.sizes == [2]  # two together, compared with what is known of each alone
    assert runner.again((FRAMES[1], "c d")) is not None
    assert counting.sizes == [2, 1]


def test_scores_that_are_no_single_finite_row_are_not_kept() -> None:
    known = KnownRuns()
    for scores in (None, torch.ones(2, 3), torch.tensor([[1.0, torch.nan]])):
        known.note(FRAMES[0], "a", scores)
    assert known.of(FRAMES[0], "a") is None


def test_the_noise_of_a_batch_is_what_it_changes() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return torch.full((len(frames), 2), 1 + 1e-6 * (len(frames) - 1), dtype=torch.float64)

    runner = Runner.of(CallablePolicy("noisy", run, nn.Identity()), [(FRAMES[0], "a")])
    assert runner.noise == 0
    assert runner.batch().value == BATCH
    assert runner.noise == pytest.approx(1e-6)


def test_an_example_that_is_refused_is_not_what_the_batch_is_tried_on() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if "bad" in texts:
            raise InstructionError("no such word")
        return torch.ones(len(frames), 2)

    policy = CallablePolicy("picky", run, nn.Identity())
    examples = [(FRAMES[0], "bad"), (FRAMES[0], "good"), (FRAMES[1], "fine")]
    assert Runner.of(policy, examples).batch().value == BATCH
    assert Runner.of(policy, examples[:1]).batch().value == 1
