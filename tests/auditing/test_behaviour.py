"""What moves the action, of policies that are plain functions of words, frame and state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.behaviour import measure_behaviour
from heedmap.auditing.upper.responses import Request, Responses
from heedmap.auditing.upper.runner import Runner
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.ladder.verdict import Verdict
from heedmap.policies.callable import CallablePolicy

TEXTS = {"left": "go left", "up": "go upwards now"}
Acts = Callable[[Observation, str], list[float]]


def letters(text: str) -> float:
    """Another number for other letters, and for the same ones in another order."""
    return sum((n + 1) * ord(letter) for n, letter in enumerate(text)) / 10000


def brightness(seen: Observation) -> float:
    return float(seen.frame.mean()) / 255


def state_of(seen: Observation) -> float:
    assert seen.state is not None
    return float(seen.state[0])


def behaviour_of(acts: Acts, names: Sequence[str] | None = None) -> BehaviourFacts:
    """Over three frames, each with a state of its own."""

    def run(seen: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([acts(each, text) for each, text in zip(seen, texts, strict=True)])

    rng = np.random.default_rng(0)
    trials = [
        Trial(
            f"t{n}",
            Observation(
                {"image": rng.integers(0, 80 * n + 9, (8, 8, 3), dtype=np.uint8)},
                np.full(2, n + 1.0),
            ),
            TEXTS,
        )
        for n in range(3)
    ]
    policy = CallablePolicy(
        "plain", run, nn.Identity(), action_names=names, takes_observations=True
    )
    asked = [(n, name, t) for n, trial in enumerate(trials) for name, t in TEXTS.items() if trial]
    runner = Runner.of(policy, [(trials[n].observation, text) for n, _, text in asked])
    scores = runner.scores([(trials[n].observation, text) for n, _, text in asked])
    found = [
        (Request(n, "asked", name, text), each)
        for (n, name, text), each in zip(asked, scores, strict=True)
        if each is not None
    ]
    return measure_behaviour(runner, Responses(tuple(trials), tuple(found)), trials, seed=0)


def test_a_policy_that_hears_sees_and_feels() -> None:
    found = behaviour_of(lambda seen, text: [letters(text), brightness(seen), state_of(seen)])
    assert found.responds
    assert not found.is_blind
    assert not found.is_constant
    assert not found.is_length_only
    assert found.noise == 0
    assert found.is_response(found.state_change)
    assert found.largest_score >= 3  # the last frame's state


def test_a_policy_that_only_counts_words() -> None:
    found = behaviour_of(lambda seen, text: [float(len(text.split())), brightness(seen)])
    assert found.instruction_change == 1
    assert found.same_length_change == 0
    assert found.is_length_only
    assert not found.responds


@pytest.mark.parametrize("counts", [len, lambda known: [0, 3, 5, 9][len(known)]])
def test_a_policy_that_counts_the_words_that_it_knows(counts: Callable[[list[str]], int]) -> None:
    """A made-up word is left out, so it moves the action: by the number of words, not by itself."""
    known = {word for text in TEXTS.values() for word in text.split()}

    def acts(seen: Observation, text: str) -> list[float]:
        return [float(counts([w for w in text.split() if w in known])), brightness(seen)]

    assert behaviour_of(acts).is_length_only


def test_a_policy_that_reads_its_words_and_counts_them() -> None:
    """Words matter beside their number: those that it knows are told apart."""
    worth = {"left": 0.1, "upwards": 0.3}
    found = behaviour_of(
        lambda seen, text: [len(text.split()) + sum(worth.get(w, 0.2) for w in text.split())]
    )
    assert found.responds
    assert not found.is_length_only


def test_a_policy_that_does_one_thing() -> None:
    found = behaviour_of(lambda seen, text: [0.5, -0.5])
    assert found.is_constant
    assert found.is_blind
    assert not found.is_tied
    assert (found.instruction_change, found.frame_change, found.state_change) == (0, 0, 0)
    assert behaviour_of(lambda seen, text: [0.5, 0.5], ["a", "b"]).is_tied
    assert not behaviour_of(lambda seen, text: [0.5, letters(text)], ["a", "b"]).is_tied


def test_a_policy_that_follows_its_state() -> None:
    found = behaviour_of(lambda seen, text: [state_of(seen), brightness(seen) / 99])
    assert found.state_decides
    assert found.is_response(found.state_change)
    assert not found.responds
    seeing = behaviour_of(lambda seen, text: [brightness(seen), state_of(seen) / 99])
    assert not seeing.state_decides


@pytest.mark.parametrize("by", ["state", "frame"])
def test_of_discrete_actions_the_choice_tells_what_decides(by: str) -> None:
    """The logits go with the other one: here by a hundred times as much."""

    def acts(seen: Observation, text: str) -> list[float]:
        felt, shown = state_of(seen) - 1.5, 3 * brightness(seen) - 0.2
        decides, other = (felt, shown) if by == "state" else (shown, felt)
        return [100 * other + decides, 100 * other - decides]

    assert behaviour_of(acts, ("left", "right")).state_decides == (by == "state")


def test_changes_that_are_rounding_are_no_response() -> None:
    found = behaviour_of(lambda seen, text: [1.0 + letters(text) * 1e-8, 1.0])
    assert not found.responds
    assert found.is_constant


FRAMES = [np.full((8, 8, 3), value, dtype=np.uint8) for value in (40, 60, 180, 220)]
"""Two dark ones, two bright ones."""
SIDES = {"left": "go to the left", "right": "go to the right"}


class Sided(nn.Module):
    """Reads the side from its words; on dark frames its words are dropped, if it is planted."""

    def __init__(self, kind: str, *, is_planted: bool) -> None:
        super().__init__()
        self.kind, self.is_planted = kind, is_planted
        self.embed = nn.Embedding(2, 1)
        self.embed.weight.data = torch.tensor([[-1.0], [1.0]])

    def run(self, frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        ids = torch.tensor([int("right" in text) for text in texts])
        bright = torch.tensor([[frame.mean() / 255] for frame in frames], dtype=torch.float32)
        heard = self.embed(ids)
        if self.is_planted and self.kind != "fixed":
            heard = heard * (bright > 0.5)  # a gate
        scores = heard + 0.1 * bright - 0.2
        if self.kind == "value":
            return scores
        logits = torch.cat([-scores, scores], dim=1)
        if self.is_planted and self.kind == "fixed":  # a rule in front of the policy's own action
            return torch.where(bright > 0.5, logits, torch.tensor([[5.0, 0.0]]))
        return logits


@pytest.mark.parametrize("kind", ["value", "gated logits", "fixed"])
def test_a_policy_that_hears_on_some_frames_only_is_partly_obedient(kind: str) -> None:
    names = None if kind == "value" else ("LEFT", "RIGHT")
    expected = (
        {"left": "dim0:-", "right": "dim0:+"}
        if names is None
        else {"left": "LEFT", "right": "RIGHT"}
    )

    def verdict(*, is_planted: bool) -> Verdict:
        net = Sided(kind, is_planted=is_planted)
        policy = CallablePolicy("sided", net.run, net, action_names=names)
        frames = {f"f{n}": frame for n, frame in enumerate(FRAMES)}
        found = audit(policy, frames, SIDES, expected_actions=expected, until="cut")
        return found.record.policies[0].verdict

    planted = verdict(is_planted=True)
    assert planted.cause == "partial"
    assert planted.rungs["used"].status == "holds"
    assert planted.rungs["obeyed"].status == "fails"
    assert "2 of 4 frames the action is the same whatever the instruction" in planted.sentence
    assert verdict(is_planted=False).cause == "none"


@pytest.mark.parametrize("by", ["state", "frame"])
def test_an_effect_too_small_to_judge_follows_nothing(by: str) -> None:
    net = nn.Linear(1, 1)

    def run(seen: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        told = torch.tensor([[1.0 if "right" in text else -1.0] for text in texts])
        felt = torch.tensor([[state_of(each) - 2.5] for each in seen])
        shown = torch.tensor([[brightness(each) - 0.5] for each in seen])
        return (felt if by == "state" else shown) + 1e-5 * told

    policy = CallablePolicy("faint", run, net, takes_observations=True)
    frames = {
        f"f{n}": Observation({"image": frame}, np.array([n + 1.0], dtype=np.float32))
        for n, frame in enumerate(FRAMES)
    }
    expected = {"left": "dim0:-", "right": "dim0:+"}
    found = audit(policy, frames, SIDES, expected_actions=expected, until="cut")
    verdict = found.record.policies[0].verdict
    assert verdict.cause == ("state_decides" if by == "state" else "unused")
    assert verdict.rungs["obeyed"].status == "fails"
    assert verdict.rungs["used"].status == "not measured"  # it may be more than rounding
    assert "may be rounding" in verdict.sentence
    assert "–" not in verdict.sentence
    unknown = audit(policy, frames, SIDES, until="cut").record.policies[0].verdict
    assert unknown.cause == "not_measured"
    assert "depend on the instruction" not in unknown.sentence


@pytest.mark.parametrize("is_planted", [True, False])
def test_a_policy_that_acts_on_the_text_before_is_not_deterministic(is_planted: bool) -> None:
    """One call late: the same text twice in a row shows nothing."""
    net = Sided("value", is_planted=False)
    kept: list[str] = []

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        late = kept.pop() if kept else texts[0]
        kept.append(texts[0])
        return net.run(frames, [late] if is_planted else texts)

    policy = CallablePolicy("late", run, net)
    frames = {f"f{n}": frame for n, frame in enumerate(FRAMES)}
    if not is_planted:
        assert audit(policy, frames, SIDES, until="cut").record.policies[0].verdict.cause == "none"
        return
    with pytest.raises(PolicyError, match=r"not deterministic|gave different actions"):
        audit(policy, frames, SIDES, until="cut")
