"""What is the same is checked and said; names that clash are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.errors import RecordError
from heedmap.record.result import Result
from heedmap.report.compare.comparison import compare
from heedmap.report.compare.differences import differences
from heedmap.report.compare.page import write_comparison
from heedmap.report.compare.wording import note_text
from tests.report.compare.runs import (
    keys,
    rename,
    run,
    told,
    with_record,
)


def test_what_is_the_same_is_said() -> None:
    values = {"mediated": [0.1, 0.2, 0.3]}
    one, two = run({"a": values}), run({"b": values})
    assert keys(compare([("one", one), ("two", two)])) == ["compared_same"]
    assert keys(compare([("one", run({"a": values, "b": values}))])) == ["compared_one_run"]
    fewer = run({"b": {"mediated": [0.1]}})
    assert keys(compare([("one", one), ("two", fewer)])) == ["compared_trials_some"]
    none = with_record(two)
    none = Result(none.record, {"attention": two.attention}, two.frame_png)
    comparison = compare([("one", one), ("two", none)])
    assert keys(comparison) == ["compared_no_trials"]
    assert told(comparison, "mediated", "b").why == "why_no_trials"
    assert told(comparison, "mediated", "b").difference is not None


def test_other_instructions_give_no_differences() -> None:
    values = {"mediated": [0.1, 0.2, 0.3]}
    one, two = run({"a": values}), run({"b": values})
    changed = [
        i.model_copy(update={"text": "go back"}) if i.name == "left" else i
        for i in two.record.instructions
    ]
    comparison = compare([("one", one), ("two", with_record(two, instructions=tuple(changed)))])
    assert keys(comparison) == ["compared_instructions"]
    assert "left" in note_text(comparison.notes[0])
    assert {each.difference for each in differences(comparison)} == {None}
    assert {each.why for each in differences(comparison)} == {"why_instructions"}


def test_trials_on_frames_of_other_pixels_are_not_paired() -> None:
    """The frame `t00` is a trial too; its pixels changed between the runs."""
    values = {"mediated": [0.1, 0.2, 0.3]}
    one, two = run({"a": values}), run({"b": values})
    (frame,) = one.record.frames
    one = rename(one, frame.model_copy(update={"name": "t00"}))
    two = rename(two, frame.model_copy(update={"name": "t00", "sha256": "ef" * 32}))
    comparison = compare([("one", one), ("two", two)])
    assert keys(comparison) == ["compared_frames", "compared_trials_some"]
    assert told(comparison, "mediated", "b").pairs == 2


def test_names_that_clash_are_told_with_their_folder() -> None:
    values = {"a": {"mediated": [0.1, 0.2]}}
    pairs = [(Path("x/run"), run(values)), (Path("y/run"), run(values)), ("z", run({"c": {}}))]
    comparison = compare(pairs, baseline="a [y/run]")
    assert [entry.name for entry in comparison.entries] == ["a [x/run]", "a [y/run]", "c"]
    assert comparison.baseline is comparison.entries[1]
    twice = compare([("z", pairs[0][1]), ("z", pairs[1][1])])
    assert [entry.name for entry in twice.entries] == ["a [z]", "a [z #2]"]


def test_errors_are_one_clear_sentence() -> None:
    one = run({"a": {}})
    with pytest.raises(RecordError, match=r"needs two policies or more, but there is a;"):
        compare([("one", one)])
    with pytest.raises(RecordError, match=r"No policy is named 'x'; give --baseline one of: a, b"):
        compare([("one", run({"a": {}, "b": {}}))], baseline="x")
    with pytest.raises(RecordError, match=r"Several policies .* one of: a \[one\], a \[two\]"):
        compare([("one", one), ("two", one)], baseline="a")
    with pytest.raises(RecordError, match=r"ends in '.pdf'; give --out a name that ends in .html"):
        write_comparison(compare([("one", one), ("two", one)]), Path("x.pdf"))
