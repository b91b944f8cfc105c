"""Policies unlike those that the rules were made on: no sentence may be false of them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from math import ceil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.auditing.exam.exam import examine
from heedmap.auditing.exam.result import Exam, kinds_with
from heedmap.auditing.exam.sheet import make_sheet
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.policies.callable import CallablePolicy
from heedmap.report.exam.wording import notes, policy_sentence
from tests.auditing.exam.world import (
    ACTIONS,
    RULES,
    default,
    direction,
    follows,
    looked_up,
    seen,
    trials,
)


def exam_of(policy: CallablePolicy, given: Sequence[Trial] | None = None) -> Exam:
    return examine(policy, trials() if given is None else given).exam


def called(name: str, given: list[Trial]) -> list[Trial]:
    """One instruction on all frames, and no action that is expected."""
    return [Trial(each.name, each.observation, {"own": name}) for each in given]


def noisy(sigma: float, reads: bool = True) -> CallablePolicy:
    """Follows, or does always the same, under noise that is drawn anew."""
    draw = np.random.default_rng(0)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        names = [follows(f, t) if reads else "left" for f, t in zip(frames, texts, strict=True)]
        chosen = F.one_hot(torch.tensor([ACTIONS.index(name) for name in names]), 3)
        return 2.0 * chosen + torch.tensor(draw.normal(scale=sigma, size=(len(names), 3)))

    return CallablePolicy("noisy", run, nn.Identity(), action_names=ACTIONS)


@pytest.mark.parametrize("reads", [True, False])
def test_under_loud_noise_no_effect_is_ruled_out(reads: bool) -> None:
    found = exam_of(noisy(2.0, reads))
    assert found.is_drowned
    assert found.verdict == "undecided"
    assert not {"unread", "kept", "still"} & {each.verdict for each in found.kinds}
    assert "two runs of the same differ" in policy_sentence(found)


def test_a_little_noise_hides_nothing() -> None:
    found = exam_of(noisy(0.1))
    assert found.noise > 0
    assert not found.is_drowned
    assert found.verdict == "follows"


@pytest.mark.parametrize("sharpness", [4.0, 0.02])
@pytest.mark.parametrize("name", ["follows", "swapped", "gate_only", "wording", "no_effect"])
def test_flat_scores_are_read_by_the_class_that_is_chosen(name: str, sharpness: float) -> None:
    """Similarities without a temperature differ by little; their largest decides all the same."""
    assert exam_of(looked_up(RULES[name], sharpness)).verdict == name


def test_a_small_effect_that_changes_no_choice_stays_none() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        chosen = [ACTIONS.index(follows(f, t)) for f, t in zip(frames, texts, strict=True)]
        return torch.tensor([6.0, 0.0, 0.0]) + 0.2 * F.one_hot(torch.tensor(chosen), 3)

    policy = CallablePolicy("peaked", run, nn.Identity(), action_names=ACTIONS)
    assert exam_of(policy).verdict == "no_effect"


def by_colour(trial: Trial) -> Trial:
    """Only instructions in which the colour alone says which object is meant."""
    things = seen(trial.observation.frame)
    colours = [colour for colour, _ in things.values()]
    (lone,) = [side for side in ACTIONS if colours.count(things[side][0]) == 1]
    kept = {n: t for n, t in trial.instructions.items() if n.endswith("way") or n.startswith(lone)}
    own = str(trial.recorded) if str(trial.recorded) in kept else f"{lone} thing"
    expected = {name: trial.expected[name] for name in kept}
    return Trial(trial.name, trial.observation, kept, expected, recorded=own)


def test_a_word_that_the_data_do_not_ask_for_may_be_ignored() -> None:
    """All that is expected is done; of exchanged nouns nobody knows what they should do."""

    def reads_no_noun(frame: Frame, text: str) -> str:
        return direction(text) or RULES["only_colours"](frame, text)

    found = exam_of(looked_up(reads_no_noun), [by_colour(trial) for trial in trials(24)])
    assert found.of("trained").verdict == "read"
    assert found.of("noun").verdict == "unread"
    assert found.of("noun").right is None
    assert found.verdict == "follows"
    assert any("whether they should is not known" in n and "noun" in n for n in notes(found))
    nouns = exam_of(looked_up(reads_no_noun), trials(24))
    assert nouns.verdict == "partial"
    assert "not to noun" in policy_sentence(nouns)


def test_words_that_change_the_action_at_times_are_no_missing_effect() -> None:
    """With one instruction all other words are new; that some change the action is an effect."""
    found = exam_of(looked_up(RULES["only_colours"]), called("take the red cup", trials(24)))
    assert found.of("colour").changed is not None
    assert found.verdict == "partial"
    assert "not known" in policy_sentence(found)


def test_a_wrong_action_is_not_called_unread() -> None:
    """Each side is taken for the next: three actions in a ring, no two in each other's place."""
    after = {"left": "forward", "forward": "right", "right": "left"}
    found = exam_of(looked_up(lambda frame, text: after[follows(frame, text)]))
    assert found.verdict in ("misreads", "incompetent")
    assert "wrong" in {each.verdict for each in found.kinds}
    assert not kinds_with(found.kinds, ("read",))


def test_where_wording_moves_as_much_an_exchange_is_undecided() -> None:
    """A hash of the string: exchanges do change the action, though no more than full stops do."""

    def hashed(frame: Frame, text: str) -> str:
        return ACTIONS[zlib.crc32(text.encode()) % 3]

    found = exam_of(looked_up(hashed), called("take the red cup", trials(16)))
    assert found.verdict == "wording"
    moved = [k for k in found.kinds if k.purpose == "change" and k.effect and k.effect.value > 0.5]
    assert moved
    assert not any(each.verdict == "unread" for each in moved)


def test_a_gate_that_any_words_open_knows_no_words() -> None:
    after = {"left": "forward", "forward": "right", "right": "left"}

    def any_words(frame: Frame, text: str) -> str:
        return default(frame) if text.strip() else after[default(frame)]

    found = exam_of(looked_up(any_words))
    assert found.of("nonsense").verdict == "still"
    assert found.verdict == "gate_only"
    assert "whether there are words:" in policy_sentence(found)


def test_a_rare_effect_is_not_denied() -> None:
    given = trials(32)
    heeds = {given[number].observation.frame.tobytes() for number in (0, 1)}

    def rarely(frame: Frame, text: str) -> str:
        return follows(frame, text) if frame.tobytes() in heeds else default(frame)

    found = exam_of(looked_up(rarely), given)
    assert found.verdict == "no_effect"
    most = max(k.changed.value for k in found.kinds if k.changed and k.purpose != "keep")
    assert 0 < most < 0.5
    assert f"in more than {ceil(100 * most)} % of cases" in policy_sentence(found)


def test_frames_that_the_policy_refuses_are_said() -> None:
    given = trials(16)
    refused = {t.instructions[str(t.recorded)] for t in given[:4]}

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if refused & set(texts):
            raise InstructionError("not these")
        return looked_up(follows)._run(frames, texts)

    found = exam_of(CallablePolicy("picky", run, nn.Identity(), action_names=ACTIONS), given)
    assert found.answered is not None
    assert found.answered < found.frames == 16
    said = " ".join(notes(found))
    assert f"Only {found.answered} of 16 frames" in said
    assert "refused or failed on" in said


def test_actions_of_many_shapes_are_one_sentence() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> list[list[float]]:
        return [[0.0] * len(text.split()) for text in texts]

    given = [
        Trial(each.name, each.observation, {"own": each.instructions[str(each.recorded)]})
        for each in trials(8)
    ]
    with pytest.raises(PolicyRunError, match="as many as before"):
        exam_of(CallablePolicy("ragged", run, nn.Identity()), given)


def test_words_that_the_data_set_does_not_have_are_left_out_where_there_are_others() -> None:
    sheet = make_sheet(trials(24), ACTIONS)
    asked = [q for q in sheet.variants if q.kind in ("colour", "noun", "direction")]
    assert asked
    assert not any(q.is_outside for q in asked)
    alone = make_sheet(called("take the red cup", trials(8)), ACTIONS)
    assert any(q.is_outside for q in alone.variants if q.kind == "colour")


def test_expected_actions_that_do_not_fit_are_said_before_the_policy_is_asked() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        raise AssertionError("asked")

    with pytest.raises(InstructionError, match="the policy's action is continuous"):
        exam_of(CallablePolicy("continuous", run, nn.Identity()))
