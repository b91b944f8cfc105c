"""Policies side by side: what is the same is checked, differences are paired, and all are shown."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from heedmap.errors import RecordError
from heedmap.record import FrameInfo, PolicyResult, Record
from heedmap.report.compare.as_json import comparison_json
from heedmap.report.compare.comparison import Comparison, compare
from heedmap.report.compare.differences import Difference, differences
from heedmap.report.compare.figures import curves, forest
from heedmap.report.compare.markdown import comparison_to_markdown
from heedmap.report.compare.page import render_comparison, write_comparison
from heedmap.report.compare.terminal import print_comparison
from heedmap.report.compare.wording import difference_text, note_text
from heedmap.report.figures.style import spec_of, to_svg
from heedmap.result import Result
from heedmap.sentence import Language
from heedmap.tables import trial_table
from heedmap.verdict import AttendedFacts, Facts, Measurements
from tests.ladder.facts import estimate, following, obeyed, used
from tests.report import sample

OLDER = Path(__file__).parents[1] / "data" / "record-v2"
TRIALS = [f"t{index:02d}" for index in range(20)]
Values = Mapping[str, Sequence[float]]
"""Measure to one value a trial of `TRIALS`."""


def measured(policy: PolicyResult, mediated: float, rate: float) -> PolicyResult:
    """With facts of the upper rungs; what is told in whole need not be the trials' mean here."""
    facts = policy.measurements.model_copy(
        update={"used": used(estimate(mediated)), "obeyed": obeyed(following=following(rate))}
    )
    return policy.model_copy(update={"measurements": facts})


def run(by_policy: Mapping[str, Values], *, clusters: Mapping[str, str] | None = None) -> Result:
    """One frame, and values by trial for each policy."""
    cases = [sample.sound_case(name) for name in sample.ACTIONS]
    policies, shares, trials = [], [], []
    for name, values in by_policy.items():
        built = sample.policy(name, cases, layers=2, heads=2)
        means = {measure: float(np.mean(each)) for measure, each in values.items()}
        policies.append(measured(built, means.get("mediated", 0.0), means.get("following", 0.0)))
        shares += sample.random_tables(name, cases, 2, 2)
        named = {
            measure: dict(zip(TRIALS, map(float, each), strict=False))
            for measure, each in values.items()
        }
        trials.append(trial_table(name, clusters or dict(zip(TRIALS, TRIALS, strict=True)), named))
    built = sample.result(policies, shares)
    tables = {"attention": built.attention, "trials": sample.pa.concat_tables(trials)}
    return Result(built.record, tables, built.frame_png)  # pyright: ignore[reportArgumentType]


def with_record(result: Result, **update: object) -> Result:
    record = result.record.model_copy(update=update)
    tables = {"attention": result.attention, "trials": result.trials}
    return Result(record, tables, result.frame_png)  # pyright: ignore[reportArgumentType]


def told(comparison: Comparison, figure: str, policy: str) -> Difference:
    (found,) = (
        each
        for each in differences(comparison)
        if each.figure.name == f"figure_{figure}" and each.policy == policy
    )
    return found


NOISE = np.random.default_rng(0).normal(0.5, 0.2, len(TRIALS))


def test_a_planted_difference_is_found_by_pairing() -> None:
    """Trials differ by 0.2 (standard deviation), the policies by 0.1: unpaired that is nothing."""
    better = NOISE + 0.1 + np.random.default_rng(1).normal(0, 0.02, len(TRIALS))
    comparison = compare(
        [("run", run({"a": {"mediated": list(NOISE)}, "b": {"mediated": list(better)}}))]
    )
    found = told(comparison, "mediated", "b")
    assert found.difference == pytest.approx(float(np.mean(better - NOISE)))
    assert found.low is not None
    assert found.low > 0.05
    assert found.is_beyond_chance
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert (found.pairs, found.clusters, found.why) == (20, 20, None)


def test_equal_policies_have_an_interval_around_0() -> None:
    other = NOISE + np.random.default_rng(2).normal(0, 0.05, len(TRIALS))
    values = {"a": {"mediated": list(NOISE)}, "b": {"mediated": list(other)}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert not found.is_beyond_chance
    assert found.p_value is not None
    assert found.p_value > 0.05


def test_the_same_policy_twice_does_not_differ_at_all() -> None:
    values = {"a": {"mediated": list(NOISE)}, "b": {"mediated": list(NOISE)}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_only_trials_that_both_have_are_paired() -> None:
    """A has 1, 2, 3 on t00..t02; b has 2, 4 on t00 and t01: (1 + 2) / 2 = 1.5, not 3 - 2."""
    values = {"a": {"mediated": [1.0, 2.0, 3.0]}, "b": {"mediated": [2.0, 4.0]}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert (found.difference, found.pairs) == (1.5, 2)
    assert (found.baseline, found.value) == (2.0, 3.0)


def test_one_episode_gives_no_interval_and_says_so() -> None:
    values = {"a": {"mediated": [0.1, 0.2]}, "b": {"mediated": [0.3, 0.4]}}
    clusters = dict.fromkeys(TRIALS, "episode")
    found = told(compare([("run", run(values, clusters=clusters))]), "mediated", "b")
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.p_value, found.why) == (None, None, "why_one_cluster")


def test_p_is_two_sided_by_hand() -> None:
    """Five trials, b above a on each: of 2**5 flips one is as large, so 2 * 1/32 = 0.0625."""
    values = {"a": {"mediated": [0.0] * 5}, "b": {"mediated": [1.0] * 5}}
    comparison = compare([("run", run(values))])
    assert told(comparison, "mediated", "b").p_value == pytest.approx(2 / 32)
    turned = compare([("run", run(values))], baseline="b")
    assert told(turned, "mediated", "a").p_value == pytest.approx(2 / 32)
    assert told(turned, "mediated", "a").difference == -1.0


def test_p_values_are_adjusted_for_how_many_differences_are_told() -> None:
    """Raw 2/32 for `mediated`, 1 for `swap_distance`: of two tests, 2/32 * 2 / 1 = 4/32."""
    values = {
        "a": {"mediated": [0.0] * 5, "swap_distance": [0.5] * 5},
        "b": {"mediated": [1.0] * 5, "swap_distance": [0.5] * 5},
    }
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert found.p_adjusted == pytest.approx(4 / 32)


def test_a_frame_counts_as_followed_only_where_all_of_its_instructions_are() -> None:
    """Following 1, 2/3, 1 against 1, 1, 0: whole frames 1, 0, 1 against 1, 1, 0: mean 0."""
    values = {"a": {"following": [1.0, 2 / 3, 1.0]}, "b": {"following": [1.0, 1.0, 0.0]}}
    comparison = compare([("run", run(values))])
    assert told(comparison, "counterfactual", "b").why == "why_not_measured"  # not in the record
    policies = []
    for policy in comparison.runs[0].result.record.policies:
        facts = policy.measurements.obeyed
        assert facts is not None
        assert facts.following is not None
        known = facts.following.model_copy(update={"counterfactual_accuracy": estimate(0.5)})
        whole = facts.model_copy(update={"following": known})
        policies.append(
            policy.model_copy(
                update={"measurements": policy.measurements.model_copy(update={"obeyed": whole})}
            )
        )
    result = with_record(run(values), policies=tuple(policies))
    found = told(compare([("run", result)]), "counterfactual", "b")
    assert found.difference == pytest.approx(0.0)
    # following itself: (0 + 1/3 - 1) / 3
    assert told(comparison, "following", "b").difference == pytest.approx((1 / 3 - 1) / 3)


def test_attention_is_paired_by_frame_whatever_its_name() -> None:
    base = attended(run({"a": {"mediated": [1.0]}}))
    (frame,) = base.record.frames
    renamed = frame.model_copy(update={"name": "other"})
    moved = attended(rename(run({"b": {"mediated": [1.0]}}), renamed))
    found = told(compare([("one", base), ("two", moved)]), "attended", "b")
    assert (found.pairs, found.why) == (1, "why_one_cluster")  # one frame: no interval
    assert found.difference == pytest.approx(0.0)
    changed = renamed.model_copy(update={"sha256": "ef" * 32})
    found = told(
        compare([("one", base), ("two", attended(rename(run({"b": {}}), changed)))]),
        "attended",
        "b",
    )
    assert (found.pairs, found.why) == (0, "why_no_common")


def attended(result: Result) -> Result:
    facts = AttendedFacts(
        share=0.3,
        last_layer_share=0.2,
        lift=1.5,
        sinks=(),
        value_share=None,
        rollout_share=0.0,
        values_are_zero=False,
        heads_alive_by_layer=(2, 0),
        ivar=None,
    )
    policies = [
        p.model_copy(update={"measurements": p.measurements.model_copy(update={"attended": facts})})
        for p in result.record.policies
    ]
    return with_record(result, policies=tuple(policies))


def rename(result: Result, frame: FrameInfo) -> Result:
    """The only frame under another name, in the record and its tables."""
    policies = [
        p.model_copy(
            update={"cases": tuple(c.model_copy(update={"frame": frame.name}) for c in p.cases)}
        )
        for p in result.record.policies
    ]
    record = result.record.model_copy(update={"frames": (frame,), "policies": tuple(policies)})
    rows = [{**row, "frame": frame.name} for row in result.attention.to_pylist()]
    attention = sample.pa.Table.from_pylist(rows, schema=result.attention.schema)
    png = {frame.name: next(iter(result.frame_png.values()))}
    return Result(record, {"attention": attention, "trials": result.trials}, png)


def test_lift_is_one_number_a_policy() -> None:
    result = attended(run({"a": {"mediated": [1.0]}, "b": {"mediated": [1.0]}}))
    found = told(compare([("run", result)]), "lift", "b")
    assert (found.difference, found.low, found.why) == (0.0, None, "why_one_number")


def keys(comparison: Comparison) -> list[str]:
    return [note.key for note in comparison.notes]


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


@pytest.fixture(scope="module")
def both() -> Comparison:
    """A run of schema 3 with a planted difference, and a record of schema 2."""
    values = {"mediated": list(NOISE), "following": [1.0] * 20}
    worse = {"mediated": list(NOISE - 0.3), "following": [0.5] * 20}
    return compare([("new", run({"good": values, "<b>bad</b>|x": worse})), ("old", older())])


def older() -> Result:
    """A record of schema 2, asked in the words of `sample`."""
    result = Result.load(OLDER)
    asked = run({"a": {}}).record.instructions
    return Result(
        result.record.model_copy(update={"instructions": asked}),
        {"attention": result.attention},
        result.frame_png,
    )


def test_a_record_of_schema_2_is_told_without_intervals(both: Comparison) -> None:
    (name,) = (entry.name for entry in both.entries if entry.run.label == "old")
    assert "compared_no_trials" in keys(both)
    found = told(both, "mediated", name)
    assert (found.low, found.why) == (None, "why_no_trials")
    assert found.difference is not None


def printed(comparison: Comparison, width: int) -> str:
    stream = io.StringIO()
    print_comparison(comparison, Console(file=stream, width=width))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_terminal_loses_nothing(both: Comparison, width: int) -> None:
    text = printed(both, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    wanted = difference_text(told(both, "mediated", "<b>bad</b>|x"))
    assert wanted in text
    assert wanted.startswith("-0.30 (")
    order = ["Checkpoints side by side", "The ladder", "Differences from good", "Last Text%"]
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
    assert "-0.30 (" in page
    assert page.count("<svg") == 2
    assert "체크포인트 비교" in page
    assert "Checkpoints side by side" in page
    assert list(tmp_path.iterdir()) == [path]


def drawn_values(comparison: Comparison) -> list[dict]:
    chart = curves(comparison)
    assert chart is not None
    return json.loads(spec_of(chart)["data"]["values"])


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
    assert isinstance(comparison.runs[0].result.record, Record)
