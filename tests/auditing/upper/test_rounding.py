"""Changes of a continuous action that may be rounding: neither use nor obedience is told."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.measures.distance import ActionMetric, largest_change
from heedmap.auditing.upper.obeyed import measure_obedience
from heedmap.auditing.upper.responses import Request, Responses
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.thresholds import LEAST_ACTION_CHANGE_SHARE
from heedmap.ladder.verdict import Verdict
from heedmap.ladder.wording import verdict_text
from heedmap.policies.callable import CallablePolicy
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.world import FrameCase
from tests.plain_policies import PlainPolicy

FRAME = of_frame(np.zeros((8, 8, 3), np.uint8))
TEXTS = {"left": "go left", "right": "go right"}
EXPECTED = {"left": "dim0:+", "right": "dim0:-"}


@pytest.mark.parametrize(
    ("first", "second", "actions", "expected"),
    [
        ([[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]], 0.0),
        ([[0.0]], [[0.0]], [[0.0]], 0.0),
        ([[0.5, 0.1]], [[0.5, 0.3]], [[0.5, 0.1], [0.5, -0.8]], 0.25),  # 0.2 of 0.8
        # A dimension near zero does not matter: 3e-9 of 1, not of itself.
        ([[1.0, 2e-9]], [[1.0, -1e-9]], [[1.0, 2e-9]], 3e-9),
        # A constant offset is part of the magnitude: 0.2 of 100.
        ([[100.0, 0.1]], [[100.0, -0.1]], [[100.0, 0.1]], 0.002),
        # The largest change of any example.
        ([[1.0], [1.0]], [[1.0], [0.5]], [[2.0]], 0.25),
    ],
)
def test_a_change_is_a_share_of_the_largest_value(
    first: list[list[float]],
    second: list[list[float]],
    actions: list[list[float]],
    expected: float,
) -> None:
    arrays = (np.array(each) for each in (first, second, actions))
    assert largest_change(*arrays) == pytest.approx(expected)


def judged(
    actions: Sequence[dict[str, np.ndarray]],
    expected: dict[str, str] | None = None,
    names: tuple[str, ...] | None = None,
) -> Verdict:
    """A black box that does this on every frame, under each of two instructions."""
    asks = EXPECTED if expected is None else expected
    trials = tuple(Trial(f"t{number}", FRAME, TEXTS, asks) for number in range(len(actions)))
    found = tuple(
        (Request(number, "asked", name, TEXTS[name]), scores)
        for number, by_name in enumerate(actions)
        for name, scores in by_name.items()
    )
    responses = Responses(trials, found)
    metric = responses.metric(names)
    facts = measure_obedience(responses, metric, names, seed=0).facts
    return judge(Measurements.of_black_box(facts))


def statuses(verdict: Verdict) -> tuple[str, str]:
    return verdict.rungs["used"].status, verdict.rungs["obeyed"].status


def linear(effect: float, frames: int, seed: int, offset: float = 0.0) -> list[dict]:
    """Actions that follow the frame, and by `effect` of the largest value the instruction."""
    rng = np.random.default_rng(seed)
    plain = rng.uniform(-1, 1, (frames, 3))
    plain[:, 0] = 0.0  # so that the sign of this dimension is what the instruction asks for
    plain[0, 1] = 1.0
    plain[:, 2] += offset
    step = effect * np.abs(plain).max() / 2 * np.array([1.0, 0.3, -0.2])
    return [{"left": each + step, "right": each - step} for each in plain]


@settings(deadline=None, max_examples=150)
@given(
    exponent=st.floats(-9, 0),
    frames=st.integers(1, 4),
    seed=st.integers(0, 99),
    says=st.booleans(),
)
def test_no_effect_below_the_bound_is_told_and_every_one_above_is(
    exponent: float, frames: int, seed: int, says: bool
) -> None:
    effect = 10.0**exponent
    actions, asks = linear(effect, frames, seed), EXPECTED if says else {}
    verdict = judged(actions, asks)
    if effect < 0.9 * LEAST_ACTION_CHANGE_SHARE:
        assert statuses(verdict) == ("not measured", "not measured")
        assert "below 0.01 % that may be rounding" in verdict.sentence
        assert verdict.rungs["used"].evidence["action_change"] == pytest.approx(effect, rel=1e-3)
    elif effect > 1.1 * LEAST_ACTION_CHANGE_SHARE:
        with patch("heedmap.ladder.upper.LEAST_ACTION_CHANGE_SHARE", 0.0):
            assert verdict == judged(actions, asks)  # as if there were no bound
        if frames == 1:  # the scale is that of the pair itself
            assert statuses(verdict) == ("holds", "holds" if says else "not measured")


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_a_policy_that_heeds_by_a_tenth_still_does(offset: float) -> None:
    """Of its offset, that is 0.1 % and far from rounding."""
    effect = 0.1 / max(offset, 1.0)
    verdict = judged(linear(effect, 4, 0, offset))
    assert statuses(verdict) == ("holds", "holds")
    assert verdict.cause == "none"


def test_no_change_at_all_is_a_finding() -> None:
    same = [{"left": np.array([0.5, each]), "right": np.array([0.5, each])} for each in (0.1, 0.9)]
    verdict = judged(same)
    assert statuses(verdict) == ("fails", "fails")
    assert verdict.cause == "unused"


def test_nothing_that_rests_on_the_scale_of_rounding_is_told_and_the_reason_is() -> None:
    found = linear(2.2e-8, 1, 0)
    trial = Trial("t0", FRAME, TEXTS, EXPECTED)
    requests = [(Request(0, "asked", name, TEXTS[name]), s) for name, s in found[0].items()]
    nothing = (Request(0, "blank", "left", ""), found[0]["left"] + 1e-9)
    responses = Responses((trial,), (*requests, nothing))
    facts = measure_obedience(responses, responses.metric(None), None, seed=0).facts
    assert facts.action_change == pytest.approx(2.2e-8)
    distances = {name: value for name, value in facts.model_dump().items() if "distance" in name}
    assert len(distances) == 5
    assert set(distances.values()) == {None}
    assert facts.beyond_paraphrase is None
    assert facts.p_value is None
    verdict = judge(Measurements.of_black_box(facts))
    korean, fix = verdict_text(verdict, "ko")
    assert "2e-06 %이며, 0.01 % 미만" in korean
    assert "상수 오프셋" in fix
    assert "{" not in verdict.sentence + verdict.fix + korean + fix
    assert verdict.sentence.startswith("Whether it is used and followed was not measured")


class Scaled(nn.Module):
    """A random transformer whose values follow its input by `effect`, beside a constant 1."""

    def __init__(self, effect: float) -> None:
        super().__init__()
        self.inner = PlainPolicy("causal")
        self.effect = effect

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        values = self.inner(frames, texts).double()
        return torch.cat([self.effect * values, torch.ones(len(values), 1)], dim=1)


def audited(effect: float, case: FrameCase) -> PolicyResult:
    network = Scaled(effect)
    policy = CallablePolicy("scaled", network, network)
    return audit(policy, case.frame, TEXTS).record.policies[0]


def test_a_whole_audit_tells_no_use_of_rounding_and_that_of_a_real_effect(case: FrameCase) -> None:
    real = audited(1.0, case)
    assert real.verdict.rungs["used"].status == "holds"
    assert real.measurements.causal_map is not None
    tiny = audited(2e-8, case)
    assert tiny.measurements.used is None
    assert tiny.measurements.causal_map is None
    assert statuses(tiny.verdict) == ("not measured", "not measured")
    assert "below 0.01 % that may be rounding" in tiny.verdict.sentence


def test_logits_that_differ_by_rounding_are_no_use_though_the_likeliest_flips() -> None:
    """A tie that rounding decides: every action is as asked, and nothing is 'obeyed' for it."""
    tie = np.array([3.0, 3.0])
    step = np.array([2e-7, -2e-7])
    names = ("a", "b")
    asks = {"left": "a", "right": "b"}
    verdict = judged([{"left": tie + step, "right": tie - step}] * 3, asks, names)
    assert statuses(verdict) == ("fails", "fails")
    metric = ActionMetric.discrete()
    assert metric.distances((tie + step)[None], (tie - step)[None])[0] < 1e-12
