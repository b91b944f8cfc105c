"""What is said against what is asked, and against what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heedmap.report.differing import differing_words
from heedmap.report.words.against import forms, outside_training, said_against_asked, truncated
from heedmap.report.words.findings import find_all
from heedmap.report.words.nearest import Nearest
from heedmap.report.words.sources import read_source
from heedmap.report.words.texts import Instruction, Source
from tests.report.words.tasks import BASE, source, write_suite

TRAINED = source("put the cup on the tray", "open the upper box", role="trained")


def judged(suite: Path, trained: Source | None = None) -> dict[str, int]:
    found = said_against_asked(read_source(suite, "asked"), [] if trained is None else [trained])
    return {finding.code: finding.count for finding in found}


def test_a_change_that_is_not_said_is_a_problem_and_what_the_base_has_is_not(
    tmp_path: Path,
) -> None:
    write_suite(tmp_path / "desk", BASE)
    write_suite(tmp_path / "desk_swap", BASE)
    write_suite(tmp_path / "desk_task", dict.fromkeys(BASE, "close the lower box"))
    assert judged(tmp_path / "desk_task") == {"change_not_said": 2}
    # The base's own wording differs in one task; its copies inherit that.
    assert judged(tmp_path / "desk") == judged(tmp_path / "desk_swap") == {"said_differs_base": 1}
    (found,) = (
        each
        for each in find_all([read_source(tmp_path, "asked")]).findings
        if each.code == "change_not_said"
    )
    assert found.suites == {"desk_task": (2, 2)}
    assert (found.rows[0].said, found.rows[0].other) == (
        "open the upper box",
        "close the lower box",
    )


def test_the_change_is_said_where_the_policy_is_given_the_field(tmp_path: Path) -> None:
    write_suite(tmp_path / "desk", BASE)
    changed = write_suite(tmp_path / "desk_task", dict.fromkeys(BASE, "close the lower box"))
    assert not list(said_against_asked(read_source(changed, "asked", "language"), []))


def test_without_a_base_training_tells_what_is_harmless(tmp_path: Path) -> None:
    alone = write_suite(tmp_path / "mine", BASE)
    assert judged(alone) == {"said_differs": 1}
    assert judged(alone, TRAINED) == {"said_differs_trained": 1}
    # A suite that is named for its changed words may not be called harmless.
    named = write_suite(tmp_path / "other_lan", BASE)
    assert judged(named, TRAINED) == {"said_differs": 1}


def test_case_and_punctuation_alone_are_no_other_words(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "mine", {"put_the_cup_on_the_tray": "Put the cup on the tray."})
    assert judged(suite) == {}


@pytest.mark.parametrize(
    ("said", "asked", "opposes"),
    [
        ("stack it on the back bowl", "stack it on the bowl at the front", True),
        ("put the left cup down", "put the right cup down", True),
        ("move it from left to right", "move it from right to left", False),  # no word differs
        ("put the cup on the left plate", "place the cup on the left plate", False),
    ],
)
def test_opposites_are_named(said: str, asked: str, opposes: bool) -> None:
    task = Source("x", "asked", "log", (Instruction(said, "x:1", asked),))
    codes = [finding.code for finding in said_against_asked(task, [])]
    assert codes == ["said_opposes" if opposes else "said_differs"]


def test_words_that_training_lacks_are_shown_with_the_nearest() -> None:
    asked = source("place the cup onto the tray", "Open the upper box.", "sing", role="asked")
    (found,) = outside_training(asked, [TRAINED])
    assert [(row.said, row.other) for row in found.rows] == [
        ("place the cup onto the tray", "put the cup on the tray"),
        ("sing", None),
    ]
    assert (found.count, found.values["different"]) == (2, 2)
    assert not list(outside_training(source(*TRAINED.by_text, role="asked"), [TRAINED]))


def test_a_full_stop_that_training_never_had_is_named_with_the_shares() -> None:
    asked = source("put the cup on the tray.", "open the upper box.", role="asked")
    (found,) = forms(asked, [TRAINED])
    said = {"form": "full_stop", "trained": "0 %", "now": "100 %"}
    counts = {"trained_hits": 0, "trained_total": 2, "now_hits": 2, "now_total": 2}
    assert found.values == said | counts
    assert found.rows[0].other == "put the cup on the tray"
    assert (
        "final punctuation in 0 % of the training texts (0 of 2) and in 100 % of"
        in found.sentence()
    )
    # The other way round: training has it, and the evaluation lacks it.
    (back,) = forms(TRAINED, [asked])
    assert back.count == 2
    assert not list(forms(TRAINED, [TRAINED]))


def test_truncated_texts_are_counted_by_the_tokenizer() -> None:
    texts = source("open it", "open the upper box", "put the cup on the tray")
    (found,) = truncated(texts, lambda each: [len(t.split()) for t in each], 4)
    assert (found.count, found.values) == (1, {"most": 4, "longest": 6})
    assert not list(truncated(texts, lambda each: [1] * len(each), 4))


def test_the_nearest_is_the_one_with_most_words_in_order() -> None:
    nearest = Nearest(["put the cup on the tray", "put the tray on the cup", "open the box"])
    assert nearest.find("put the cup on a tray") == (
        "put the cup on the tray",
        pytest.approx(5 / 6),
    )
    assert nearest.find("sing") == (None, 0.0)
    assert Nearest([]).find("open") == (None, 0.0)


def test_differing_words_are_marked_on_both_sides() -> None:
    said, other = differing_words("open the middle drawer", "open the drawer now")
    assert said == [("open the", False), ("middle", True), ("drawer", False)]
    assert other == [("open the", False), ("drawer", False), ("now", True)]


def test_training_is_not_held_against_itself_and_the_gravest_comes_first() -> None:
    asked = source("TODO", "Put the cup on the tray.", role="asked")
    audit = find_all([TRAINED, asked])
    assert [each.code for each in audit.findings][:1] == ["placeholder"]
    assert {each.source.role for each in audit.findings} == {"asked"}
    assert audit.is_as_grave_as("note")
    assert audit.is_as_grave_as("problem")
    assert not find_all([TRAINED]).is_as_grave_as("note")


def by_meaning(texts: list[str]) -> np.ndarray:
    """A sentence encoder that knows two meanings."""
    meanings = ({"open", "unlock", "drawer", "cabinet"}, {"cup", "mug", "lift", "pick"})
    return np.array(
        [[len(meaning & set(text.split())) for meaning in meanings] for text in texts], float
    )


def test_an_encoder_finds_the_nearest_by_its_meaning() -> None:
    trained = source("open the drawer", "pick up the cup", role="trained")
    asked = source("unlock the cabinet", "lift the mug", role="asked")
    (found,) = outside_training(asked, [trained], by_meaning)
    assert [row.other for row in found.rows] == ["open the drawer", "pick up the cup"]
    swapped = source("pick up the cup", "open the drawer", role="trained")
    (same,) = outside_training(asked, [swapped], by_meaning)
    assert [row.other for row in same.rows] == ["open the drawer", "pick up the cup"]
