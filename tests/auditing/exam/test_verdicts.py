"""Policies whose one fault is known are named by it, in two unlike implementations each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.exam.exam import examine
from heedmap.auditing.exam.kinds import CHANGE
from heedmap.auditing.exam.result import Exam, PolicyVerdict, kinds_with
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import RecordError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.report.exam.wording import notes
from tests.auditing.exam.world import (
    ACTIONS,
    RULES,
    Rule,
    follows,
    learned,
    looked_up,
    memorised,
    swapped,
    trials,
)

TRUTH: dict[str, PolicyVerdict] = {
    "follows": "follows",
    "only_directions": "partial",
    "only_colours": "partial",
    "memorised": "memorised",
    "swapped": "swapped",
    "gate_only": "gate_only",
    "no_effect": "no_effect",
    "wording": "wording",
}


@pytest.fixture(autouse=True)
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict rests on the probe of the frames, which takes longer than all else here."""

    def too_few(*_: object, **__: object) -> None:
        raise RecordError("too few")

    monkeypatch.setattr("heedmap.auditing.exam.exam.foretold", too_few)


def exam_of(policy: Policy, given: Sequence[Trial] | None = None) -> Exam:
    return examine(policy, trials() if given is None else given).exam


def by_rule(name: str) -> CallablePolicy:
    return looked_up(RULES[name])


@pytest.mark.parametrize(
    ("make", "name"),
    [(by_rule, name) for name in TRUTH] + [(learned, name) for name in TRUTH if name != "wording"],
)
def test_each_fault_is_named(make: Callable[[str], Policy], name: str) -> None:
    found = exam_of(make(name))
    assert found.verdict == TRUTH[name]
    read = kinds_with(found.kinds, ("read",))
    if name == "only_directions":
        assert "direction" in read
        assert not {"colour", "noun"} & set(read)
    if name == "only_colours":
        assert "colour" in read
        assert not {"direction", "noun"} & set(read)
    assert found.swapped == ((("left", "right"),) if name == "swapped" else ())


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", TRUTH)
def test_the_verdict_does_not_depend_on_the_frames_that_were_drawn(name: str, seed: int) -> None:
    found = exam_of(by_rule(name), trials(12, seed + 10))
    assert found.verdict == TRUTH[name]


def test_wrong_actions_are_graver_than_full_stops_that_change_them() -> None:
    found = exam_of(by_rule("guesses"))
    assert found.verdict == "incompetent"
    assert found.severity == "problem"
    assert any("Sensitive to wording" in note for note in notes(found))


def test_a_few_frames_decide_nothing() -> None:
    found = exam_of(looked_up(follows), trials(4))
    assert found.verdict == "undecided"
    assert {found.of(kind).verdict for kind in CHANGE} <= {"few", "not_measured"}
    assert found.of("trained").as_it_should is not None


def velocity(rule: Rule, noise: float = 0.0) -> CallablePolicy:
    """A continuous action: to the left or right, and ahead, a little by what the frame shows."""
    draw = np.random.default_rng(0)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        rows = [
            _values(rule(frame, text), frame) for frame, text in zip(frames, texts, strict=True)
        ]
        return torch.tensor(np.array(rows) + noise * draw.normal(size=(len(rows), 2)))

    return CallablePolicy("velocity", run, nn.Identity())


def _values(action: str, frame: Frame) -> list[float]:
    ahead, side = {"left": (0.0, -1.0), "forward": (1.0, 0.0), "right": (0.0, 1.0)}[action]
    return [ahead + frame[:, 8:16].mean() / 2000, side + frame.mean() / 2000]


def signed(given: Sequence[Trial]) -> list[Trial]:
    """Expected signs of the sideways dimension; of ahead nothing is expected."""
    signs = {"left": "dim1:-", "right": "dim1:+"}
    return [
        Trial(
            each.name,
            each.observation,
            each.instructions,
            {n: signs[a] for n, a in each.expected.items() if a in signs},
            recorded=each.recorded,
        )
        for each in given
    ]


def test_continuous_actions_are_judged_by_sign_and_by_distance() -> None:
    given = signed(trials(24))
    found = exam_of(velocity(follows), given)
    assert found.verdict == "follows"
    assert found.of("trained").chance == 0.5
    found = exam_of(velocity(swapped), given)
    assert found.verdict == "swapped"
    assert found.swapped == (("dim1:-", "dim1:+"),)


def test_noise_raises_the_floor_and_is_no_effect() -> None:
    quiet = exam_of(velocity(RULES["no_effect"]), signed(trials(24)))
    loud = exam_of(velocity(RULES["no_effect"], noise=0.01), signed(trials(24)))
    assert quiet.noise == 0
    assert 0 < loud.noise <= loud.floor
    assert loud.verdict in ("no_effect", "undecided")


def test_without_expected_actions_a_change_is_not_called_right() -> None:
    given = [
        Trial(
            each.name, each.observation, {str(each.recorded): each.instructions[str(each.recorded)]}
        )
        for each in trials(24)
    ]
    policy = velocity(follows)
    found = exam_of(policy, given)
    assert found.verdict == "responds"
    assert found.of("trained").right is None
    assert found.of("trained").verdict in ("changes", "partly")
    assert not kinds_with(found.kinds, ("read",))


def test_without_expected_actions_nothing_is_said_to_be_memorised() -> None:
    given = [
        Trial(each.name, each.observation, each.instructions, recorded=None) for each in trials(24)
    ]
    found = exam_of(velocity(memorised), given)
    assert found.of("untrained").right is None
    assert found.verdict == "partial" or "untrained" not in kinds_with(found.kinds, ("unread",))


def test_actions_of_other_names_are_never_expected_by_words() -> None:
    given = [Trial(t.name, t.observation, {"own": "move to the left"}) for t in trials(8)]

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[4.0, 0.0] if "left" in text else [0.0, 4.0] for text in texts])

    found = exam_of(CallablePolicy("two", run, nn.Identity(), action_names=("A", "B")), given)
    assert found.own_right is None
    assert found.of("direction").verdict == "changes"
    named = CallablePolicy("two", run, nn.Identity(), action_names=("Left", "Right"))
    assert exam_of(named, given).of("direction").verdict == "read"


def test_what_was_not_asked_says_why() -> None:
    found = examine(looked_up(follows), trials(8), kinds=("colour", "trained")).exam
    assert found.of("blank").missing == "not_chosen"
    assert found.of("verb").missing == "not_chosen"
    found = exam_of(looked_up(follows), trials(8))
    assert found.of("order").missing == "no_word"
    assert found.of("number").missing == "no_word"


def test_what_the_policy_refuses_is_counted_and_not_measured() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if not all(text.strip() for text in texts):
            raise ValueError("no words")
        return looked_up(follows)._run(frames, texts)

    found = exam_of(CallablePolicy("strict", run, nn.Identity(), action_names=ACTIONS))
    assert found.of("blank").missing == "refused"
    assert found.of("blank").refused == 16
    assert found.verdict == "follows"


def test_korean_instructions_are_changed_and_judged() -> None:
    """Of a policy that reads Korean directions, and colours not at all."""
    texts = {"red": "빨간 공으로 가세요", "blue": "파란 공으로 가세요"}
    texts |= {"left": "왼쪽으로 옮기세요", "right": "오른쪽으로 옮기세요"}
    expected = {"red": "left", "blue": "right"}
    own = ("blue", "left", "blue", "right")
    given = [
        Trial(each.name, each.observation, texts, expected, recorded=own[n % 4])
        for n, each in enumerate(trials(20))
    ]

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[4.0, 0.0] if "왼쪽" in text else [0.0, 4.0] for text in texts])

    policy = CallablePolicy("korean", run, nn.Identity(), action_names=("left", "right"))
    found = exam_of(policy, given)
    assert found.verdict == "partial"
    assert found.of("direction").verdict == "read"
    assert found.of("direction").chance == 0.5
    assert found.of("colour").verdict == "unread"
    assert found.of("case").missing == "no_case"
    assert found.of("negation").verdict == "unread"
    assert found.of("punctuation").verdict == "kept"
    assert found.of("filler").verdict == "kept"
