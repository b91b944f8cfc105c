"""Other words for the same: nearest instruction, form, telling words, agreement."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from hypothesis import given
from hypothesis import strategies as st

from heedmap.data.pixels import Frame
from heedmap.errors import InstructionError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.remedies import try_remedies
from heedmap.remedies.remedy import shelf
from heedmap.remedies.rewording import FORMS, WORDINGS, Agreeing, nearest, telling_words
from tests.remedies.world import ACTIONS, TEXTS, Net, logits, share, trials

KNOWN = tuple(TEXTS.values())
WORDS = ("turn", "go", "left", "right", "now", "please", "stop")
words = st.lists(st.sampled_from(WORDS), max_size=6)


def knowing_only(known: Sequence[str]) -> Policy:
    """Follows the texts that it was trained with, and hears nothing else."""
    net = Net(2.0)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return net(frames, [text if text in known else "" for text in texts])

    return CallablePolicy("rote", run, net, action_names=ACTIONS)


def test_the_nearest_known_instruction_is_put_in_place_of_other_words() -> None:
    policy = knowing_only(["left turn now please", "right turn now please"])
    known = ("left turn now please", "right turn now please")
    found = try_remedies(
        policy, trials(8), "partial", names=["nearest"], remedies=shelf(known=known)
    )
    assert share(found, "following") == 0.0
    assert share(found.best, "following") == 1.0
    assert share(found.best, "paraphrase") == 1.0


def test_a_form_of_the_training_is_found() -> None:
    policy = knowing_only([f"{text[0].upper()}{text[1:]}." for text in KNOWN])
    found = try_remedies(policy, trials(8), "partial", names=["form"])
    assert found.best is not None
    assert (found.best.remedy, found.best.setting) == ("form", "sentence")
    assert [each.outcome for each in found.tried] == ["no_gain", "helps", "no_gain"]


def cut_short(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
    return Net(2.0)(frames, [text.split()[0] if text else "" for text in texts])


def test_words_that_tell_come_before_the_cut() -> None:
    net = Net(2.0)
    policy = CallablePolicy("cut", cut_short, net, action_names=ACTIONS)
    found = try_remedies(policy, trials(8), "truncated", names=["telling_words"])
    assert share(found, "following") == 0.0
    assert share(found.best, "following") == 1.0


def test_rewording_a_healthy_policy_gains_nothing() -> None:
    names = ["nearest", "form", "telling_words", "agreement"]
    found = try_remedies(logits(2.0), trials(8), "none", names=names)
    assert found.verdict == "none_helps"
    assert {each.outcome for each in found.tried} == {"no_gain"}


def odd_one_out(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
    """Right in most wordings, and wrong in the plain one."""
    swap = {"left": "right", "right": "left"}
    heard = [
        " ".join(swap.get(word, word) for word in text.split()) if text in KNOWN else text.lower()
        for text in texts
    ]
    return Net(2.0)(frames, heard)


def test_wordings_agree_on_classes_and_on_values() -> None:
    policy = CallablePolicy("odd", odd_one_out, Net(2.0), action_names=ACTIONS)
    wordings = [WORDINGS[0], WORDINGS[2], WORDINGS[3]]
    seen = [trial.observation for trial in trials(2)]
    agreed = Agreeing(policy, wordings)(seen, ["turn left now"] * 2)
    assert [ACTIONS[i] for i in agreed.argmax(1)] == ["left", "left"]
    values = CallablePolicy("odd", odd_one_out, Net(2.0))
    rows = Agreeing(values, wordings)(seen, ["turn left now"] * 2)
    assert torch.equal(rows, values(seen, ["Turn left now."] * 2))


def test_a_wording_that_is_refused_does_not_count() -> None:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if any(text.startswith("please") for text in texts):
            raise InstructionError("too polite")
        return Net(2.0)(frames, texts)

    policy = CallablePolicy("curt", run, Net(2.0), action_names=ACTIONS)
    seen = [trial.observation for trial in trials(2)]
    texts = ["turn right now"] * 2
    assert torch.equal(
        Agreeing(policy, WORDINGS)(seen, texts).argmax(1), policy(seen, texts).argmax(1)
    )


@given(words)
def test_known_instructions_and_foreign_ones_stay(given_words: list[str]) -> None:
    find = nearest(KNOWN)
    text = " ".join(given_words)
    assert find(text) in (text, *KNOWN)
    assert all(find(known) == known for known in KNOWN)
    assert find("pick the spoon") == "pick the spoon"


@given(words)
def test_telling_words_are_words_of_the_text(given_words: list[str]) -> None:
    text = " ".join(given_words)
    kept = telling_words(KNOWN)(text)
    assert kept == text or set(kept.split()) <= set(given_words) - {"turn", "now"}


@given(words)
def test_a_form_is_the_same_twice(given_words: list[str]) -> None:
    text = " ".join(given_words)
    for form in ("plain", "sentence"):
        assert FORMS[form](FORMS[form](text)) == FORMS[form](text)
