"""Expectations and how often they are met, by hand."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.auditing.measures.following import (
    Expectation,
    confusion,
    counterfactual_accuracy,
    followed,
    language_grounding_score,
    paraphrase_drop,
    parse_expectation,
    swapped_pairs,
)
from heedmap.errors import InstructionError, PolicyError

NAMES = ("LEFT", "RIGHT", "FORWARD")
YES, NO = np.array([True]), np.array([False])


def flags(text: str) -> np.ndarray:
    """Booleans of such as "1101"."""
    return np.array([letter == "1" for letter in text], dtype=bool)


@pytest.mark.parametrize("text", ["RIGHT", "right", " Right\n"])
def test_a_class_by_name(text: str) -> None:
    wanted = parse_expectation(text, NAMES)
    assert wanted == Expectation("RIGHT", 1, None, 3)
    assert wanted.chance == 1 / 3
    assert wanted.is_met(np.array([0.0, 2.0, 1.0]))
    assert not wanted.is_met(np.array([3.0, 2.0, 1.0]))
    assert not wanted.is_met(np.array([2.0, 2.0, 1.0])), "of equal scores the first is best"


@pytest.mark.parametrize(
    ("text", "canonical", "index", "sign"),
    [("dim1:+", "dim1:+", 1, 1), (" DIM0 : - ", "dim0:-", 0, -1), ("dim012:+", "dim12:+", 12, 1)],
)
def test_the_sign_of_a_dimension(text: str, canonical: str, index: int, sign: int) -> None:
    wanted = parse_expectation(text, None)
    assert (wanted.text, wanted.index, wanted.sign, wanted.classes) == (
        canonical,
        index,
        sign,
        None,
    )
    assert wanted.chance == 0.5


def test_signs_are_strict() -> None:
    up, down = parse_expectation("dim1:+", None), parse_expectation("dim1:-", None)
    for value, meets_up, meets_down in ((0.1, True, False), (-0.1, False, True), (0, False, False)):
        scores = np.array([-9.0, value, 9.0])
        assert (up.is_met(scores), down.is_met(scores)) == (meets_up, meets_down)


def test_names_that_differ_in_case_only_need_their_own_spelling() -> None:
    assert parse_expectation("go", ("Go", "go")).index == 1
    with pytest.raises(InstructionError, match="fits several classes"):
        parse_expectation("GO", ("Go", "go"))


def test_a_class_may_be_called_like_a_sign() -> None:
    assert parse_expectation("dim0:+", ("dim0:+", "dim0:-")).classes == 2


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("", NAMES, r"is empty; write the name of a class, as LEFT, or the sign"),
        ("  ", None, r"is empty; write"),
        ("UP", NAMES, r"'UP' is no class of the policy; write one of LEFT, RIGHT, FORWARD\.$"),
        ("dim1:+", NAMES, r"sign of a dimension, but the policy chooses between classes"),
        ("LEFT", None, r"continuous and has none; write the sign of a dimension, as dim1:\+"),
        ("dim", None, r"names no sign of a dimension; write dim, its number"),
        ("dim1", None, r"names no sign of a dimension"),
        ("dim1:", None, r"names no sign of a dimension"),
        ("dim-1:+", None, r"names no sign of a dimension"),
        ("dim1:+-", None, r"names no sign of a dimension"),
        ("dimx:+", None, r"names no sign of a dimension"),
        ("dim" + "9" * 5000 + ":+", None, r"names no sign of a dimension"),
        ("1:+", None, r"names a class"),
    ],
)
def test_what_cannot_be_expected_is_refused_in_one_sentence(
    text: str, names: tuple[str, ...] | None, message: str
) -> None:
    with pytest.raises(InstructionError, match=message):
        parse_expectation(text, names)


def test_actions_that_cannot_be_judged_are_refused() -> None:
    with pytest.raises(InstructionError, match=r"dimension 2, but the action has 2.*dim0 to dim1"):
        parse_expectation("dim2:+", None).is_met(np.array([1.0, 2.0]))
    with pytest.raises(PolicyError, match="names 3 actions, but gave 2 scores"):
        parse_expectation("LEFT", NAMES).is_met(np.array([1.0, 2.0]))
    for wanted in (parse_expectation("LEFT", NAMES), parse_expectation("dim0:+", None)):
        with pytest.raises(PolicyError, match="NaN"):
            wanted.is_met(np.array([1.0, np.nan, 0.0]))


def test_followed_judges_each_action_by_its_own_expectation() -> None:
    scores = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    expectations = [parse_expectation(name, NAMES) for name in NAMES]
    assert followed(scores, expectations).tolist() == [True, False, True]
    assert followed(scores[:0], []).shape == (0,)
    with pytest.raises(ValueError, match="as many actions as expectations; got 3 and 2"):
        followed(scores, expectations[:2])


@given(st.integers(0, 2), st.lists(st.floats(-9, 9), min_size=3, max_size=3, unique=True))
def test_exactly_one_class_is_met(index: int, scores: list[float]) -> None:
    met = [parse_expectation(name, NAMES).is_met(np.array(scores)) for name in NAMES]
    assert sum(met) == 1
    assert met[index] == (int(np.argmax(scores)) == index)


def test_a_frame_counts_only_where_all_of_its_instructions_are_followed() -> None:
    found = counterfactual_accuracy([flags("111"), flags("110"), flags("00"), flags("11")])
    assert found.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert counterfactual_accuracy([]).shape == (0,)


def test_a_policy_that_always_does_the_same_has_no_counterfactual_accuracy() -> None:
    """It follows a third of the instructions, yet no frame's three."""
    forward = np.tile([0.0, 0.0, 1.0], (3, 1))
    met = followed(forward, [parse_expectation(name, NAMES) for name in NAMES])
    assert met.mean() == pytest.approx(1 / 3)
    assert counterfactual_accuracy([met]).tolist() == [0.0]


@pytest.mark.parametrize("alone", [YES, flags("")])
def test_one_instruction_is_no_contrast(alone: np.ndarray) -> None:
    with pytest.raises(ValueError, match="at least two instructions"):
        counterfactual_accuracy([flags("11"), alone])


def test_paraphrase_drop_by_hand() -> None:
    """1 - 1/4, 1 - 1, 0 - 1/2."""
    found = paraphrase_drop(flags("110"), [flags("1000"), flags("11"), flags("10")])
    assert found.tolist() == [0.75, 0.0, -0.5]


def test_paraphrases_are_needed() -> None:
    with pytest.raises(ValueError, match="no paraphrases"):
        paraphrase_drop(YES, [flags("")])
    with pytest.raises(ValueError, match="got 1 and 2"):
        paraphrase_drop(YES, [YES, NO])


def test_language_grounding_score_by_hand() -> None:
    """Asked and done in 3 of 4, done against the instruction in 1 of 4: (3 - 1) / 4 = 0.5."""
    found = language_grounding_score(flags("1110"), flags("0010"))
    assert found.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert found.mean() == 0.5
    assert language_grounding_score(NO, YES).tolist() == [-1.0]
    with pytest.raises(ValueError, match="got 1 and 2"):
        unwrap(language_grounding_score)(YES, flags("10"))  # as where shapes go unchecked


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_the_score_is_the_difference_of_two_rates(pairs: list[tuple[bool, bool]]) -> None:
    asked, contradicted = (np.array(side, dtype=bool) for side in zip(*pairs, strict=True))
    found = language_grounding_score(asked, contradicted).mean()
    assert found == pytest.approx(asked.mean() - contradicted.mean())
    assert language_grounding_score(asked, asked).tolist() == [0.0] * len(pairs)


def test_confusion_counts_rows_by_what_was_asked() -> None:
    expected = ["LEFT", "LEFT", "LEFT", "RIGHT"]
    chosen = ["LEFT", "RIGHT", "RIGHT", "FORWARD"]
    assert confusion(chosen, expected, NAMES).tolist() == [[1, 2, 0], [0, 0, 1], [0, 0, 0]]
    assert confusion([], [], NAMES).sum() == 0


def test_confusion_knows_its_names() -> None:
    with pytest.raises(ValueError, match=r"No class is named DOWN, UP; known: LEFT"):
        confusion(["UP"], ["DOWN"], NAMES)
    with pytest.raises(ValueError, match="got 1 and 2"):
        confusion(["LEFT"], ["LEFT", "LEFT"], NAMES)
    with pytest.raises(ValueError, match="different"):
        confusion([], [], ("LEFT", "LEFT"))


def test_left_and_right_are_swapped() -> None:
    """3 of 4 that ask for left go right, 2 of 3 that ask for right go left; forward is fine."""
    counts = np.array([[1, 3, 0], [2, 1, 0], [0, 0, 5]])
    assert swapped_pairs(counts, NAMES) == (("LEFT", "RIGHT"),)
    assert swapped_pairs(counts, NAMES, share=0.7) == ()


def test_shares_are_of_what_was_asked_for() -> None:
    """Left was asked for twice and right 100 times: 2 / 2 and 60 / 100 are both over half.

    Of what was done, right came 42 times, and 2 of 42 are not.
    """
    counts = np.array([[0, 2], [60, 40]])
    assert swapped_pairs(counts, NAMES[:2]) == (("LEFT", "RIGHT"),)


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([[0, 4, 0], [0, 4, 0], [0, 4, 0]], "one direction only"),
        ([[2, 2, 0], [2, 2, 0], [0, 0, 4]], "half is not more than half"),
        ([[0, 4, 0], [0, 0, 4], [4, 0, 0]], "a round is no swap"),
        ([[4, 0, 0], [0, 4, 0], [0, 0, 4]], "all as asked"),
        ([[0, 4, 0], [0, 0, 0], [0, 0, 0]], "right was never asked for"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "no cases"),
    ],
)
def test_what_is_no_swap(counts: list[list[int]], why: str) -> None:
    assert swapped_pairs(np.array(counts), NAMES) == (), why


def test_a_swap_of_the_last_two() -> None:
    counts = np.array([[9, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert swapped_pairs(counts, NAMES) == (("RIGHT", "FORWARD"),)
    with pytest.raises(ValueError, match="2 names do not fit"):
        swapped_pairs(counts, NAMES[:2])
