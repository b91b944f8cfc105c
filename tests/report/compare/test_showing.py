"""A comparison in the terminal, as Markdown, JSON, figures and a page."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from heedmap.ladder.measurements import Facts, Measurements
from heedmap.ladder.messages import Language
from heedmap.record.record import Record
from heedmap.report.compare.as_json import comparison_json
from heedmap.report.compare.comparison import Comparison, compare
from heedmap.report.compare.differences import differences
from heedmap.report.compare.figures import curves, forest
from heedmap.report.compare.markdown import comparison_to_markdown
from heedmap.report.compare.page import render_comparison, write_comparison
from heedmap.report.compare.terminal import print_comparison
from heedmap.report.compare.wording import difference_text
from heedmap.report.figures.style import spec_of, to_svg
from tests.report import sample
from tests.report.compare.runs import (
    NOISE,
    keys,
    older,
    run,
    told,
    with_record,
)


@pytest.fixture(scope="module")
def both() -> Comparison:
    """A run of schema 3 with a planted difference, and a record of schema 2."""
    values = {"mediated": list(NOISE), "following": [1.0] * 20}
    worse = {"mediated": list(NOISE - 0.3), "following": [0.5] * 20}
    return compare([("new", run({"good": values, "<b>bad</b>|x": worse})), ("old", older())])


def printed(comparison: Comparison, width: int) -> str:
    stream = io.StringIO()
    print_comparison(comparison, Console(file=stream, width=width))
    return stream.getvalue()


def drawn_values(comparison: Comparison) -> list[dict]:
    chart = curves(comparison)
    assert chart is not None
    return json.loads(spec_of(chart)["data"]["values"])


def test_a_record_of_schema_2_is_told_without_intervals(both: Comparison) -> None:
    (name,) = (entry.name for entry in both.entries if entry.source.label == "old")
    assert "compared_no_trials" in keys(both)
    found = told(both, "mediated", name)
    assert (found.low, found.why) == (None, "why_no_trials")
    assert found.difference is not None


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_terminal_loses_nothing(both: Comparison, width: int) -> None:
    text = printed(both, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    wanted = difference_text(told(both, "mediated", "<b>bad</b>|x"))
    assert wanted in text
    assert wanted.startswith("-0.30")
    order = ["Checkpoints side by side", "Step-by-step", "Differences from good", "Text%"]
    assert sorted(map(text.index, order)) == list(map(text.index, order))


def test_markdown_is_a_table_for_the_differences(both: Comparison) -> None:
    for language in ("en", "ko"):
        tokens = (
            MarkdownIt("commonmark").enable("table").parse(comparison_to_markdown(both, language))
        )
        inner = [child for token in tokens for child in token.children or []]
        assert not {"html_inline", "link_open"} & {child.type for child in inner}
        assert sum(token.type == "table_open" for token in tokens) == 3
        bold = [b.content for a, b in pairwise(inner) if a.type == "strong_open"]
        assert difference_text(told(both, "mediated", "<b>bad</b>|x"), language) in bold


def test_json_has_every_difference_and_no_nan(both: Comparison) -> None:
    content = json.loads(comparison_json(both))
    assert content["baseline"] == "good"
    assert [p["run"] for p in content["policies"]] == ["new", "new", "old"]
    assert len(content["differences"]) == 7 * 2
    (found,) = (
        each
        for each in content["differences"]
        if (each["figure"], each["policy"]) == ("mediated", "<b>bad</b>|x")
    )
    assert found["high"] < 0
    assert {each["why"] for each in content["differences"]} >= {None, "no_trials"}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_is_self_contained_and_escaped(
    both: Comparison, tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "compare.html"
    write_comparison(both, path, language)
    page = path.read_text()
    assert f'<html lang="{language}"' in page
    assert "<b>bad</b>" not in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "-0.30" in page
    assert page.count("<svg") == 2
    assert "체크포인트 비교" in page
    assert "Checkpoints side by side" in page
    assert list(tmp_path.iterdir()) == [path]


def test_curves_have_a_line_a_policy_and_relative_depth_where_layers_differ(
    both: Comparison,
) -> None:
    values = drawn_values(both)
    assert {value["policy"] for value in values} == {entry.name for entry in both.entries}
    assert {value["region"] for value in values} == {"Image", "Instruction"}
    assert {2, 4} == {entry.policy.layers for entry in both.entries}
    assert {round(value["depth"], 2) for value in values} == {0, 0.33, 0.67, 1}  # relative
    alone = compare([("new", sample.realistic(layers=3, names=("a", "b")))])
    values = drawn_values(alone)
    assert {value["depth"] for value in values} == {0, 1, 2}
    instructed = {value["policy"] for value in values if value["region"] == "Instruction"}
    assert instructed == {"b"}  # the other's sequence has no instruction: no line at 0


def test_the_forest_draws_every_difference_that_there_is(both: Comparison) -> None:
    every = differences(both)
    chart = forest(every)
    assert chart is not None
    svg = to_svg(spec_of(chart))
    for each in every:
        if each.difference is not None:
            assert difference_text(each) in svg
    assert forest([each for each in every if each.difference is None]) is None


def test_a_black_box_has_no_lines_and_breaks_nothing() -> None:
    values = {"mediated": [0.1, 0.2]}
    result = run({"seen": values, "unseen": values})
    seen, unseen = result.record.policies
    blind = unseen.model_copy(
        update={
            "cases": (),
            "layers": 0,
            "heads": 0,
            "facts": Facts.of_black_box(),
            "measurements": Measurements.of_black_box(unseen.measurements.obeyed),
        }
    )
    comparison = compare([("run", with_record(result, policies=(seen, blind)))])
    assert told(comparison, "mediated", "unseen").why == "why_not_measured"
    assert "unseen" in printed(comparison, 100)
    assert "unseen" in render_comparison(comparison)
    assert isinstance(comparison.sources[0].result.record, Record)
