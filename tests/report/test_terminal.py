"""What stands on the terminal: the published columns, the right figures, and no markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

import heedmap.cli.console  # noqa: F401 - registers how code pages are served
from heedmap.record.record import Loaded
from heedmap.record.result import Result
from heedmap.report.rich_tables import measured_table, published_summary_table
from heedmap.report.tables import summary_rows
from heedmap.report.terminal import print_result, published_per_layer_table
from heedmap.report.wording import ABSENT, percent
from tests.report import sample


def printed(result: Result, width: int = 100, *, full: bool = True) -> str:
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=width), full=full)
    return stream.getvalue()


def eight_policies() -> Result:
    """As many as `heedmap demo` audits, under names as long as its own."""
    result = sample.realistic(layers=2)
    policies = [
        policy.model_copy(update={"name": f"exp4{index}_{policy.name}"})
        for policy in result.record.policies
        for index in range(4)
    ]
    tables = [
        table
        for policy in policies
        for table in sample.random_tables(policy.name, policy.cases, 2, 4)
    ]
    return sample.result(policies, tables)


def headings(table) -> list[str]:
    return [column.header.plain for column in table.columns]


def test_the_published_columns_are_kept_exactly(report_result: Result) -> None:
    assert headings(published_summary_table(report_result)) == [
        *("Model", "Instruction", "text_len"),
        *("Last Img%", "Last Text%", "Mean Img%", "Mean Text%"),
    ]
    names = ["Model", "Instruction", "Layer", "Image%", "Text%"]
    assert headings(published_per_layer_table(report_result)) == names


def test_the_summary_shows_the_figures() -> None:
    case = sample.monavla_case("left")
    shares = {
        "image": [[0.464], [1.0]],
        "text": [[0.0], [0.0]],
        "undeclared": [[0.536], [0.0]],
    }
    measured = {"image": shares["image"], "action": [[0.536], [0.0]], "padding": [[0.0], [0.0]]}
    tables = [
        sample.table("m", case, "declared", shares),
        sample.table("m", case, "measured", measured),
    ]
    text = printed(sample.result([sample.policy("m", [case], layers=2, heads=1)], tables))
    lines = [line.split() for line in text.splitlines()]
    # mean over layers: (0.464 + 1.0) / 2 = 0.732
    assert ["m", "left", "12", "100.0%", "0.0%", "73.2%", "0.0%"] in lines
    assert ["m", "left", "0", "46.4%", "0.0%"] in lines  # per layer, as declared
    # per layer, as measured: image, action, padding, sum
    assert ["m", "left", "0", "46.4%", "53.6%", "0.0%", "100.0%"] in lines
    # measured, mean: image, action (0.536 / 2 = 0.268), padding, sum
    assert ["m", "left", "12", "12", "of", "64", "73.2%", "26.8%", "0.0%", "100.0%"] in lines


def test_the_sum_is_computed_and_not_printed_by_rote(report_result: Result) -> None:
    table = measured_table(report_result, "last")
    assert headings(table)[-1] == "Sum%"
    halved = report_result.attention.to_pydict()
    halved["share"] = [share / 2 for share in halved["share"]]
    columns = report_result.attention.schema
    broken = Result(
        report_result.record,
        {"attention": report_result.attention.from_pydict(halved, schema=columns)},
        report_result.frame_png,
    )
    assert "100.0%" in printed(report_result).split("Mean over layers")[0]
    assert "50.0%" in printed(broken)


@pytest.mark.parametrize("layers", [6, 7])
def test_deep_policies_have_their_instructions_side_by_side(layers: int) -> None:
    text = printed(sample.realistic(layers=layers, names=("a", "b")))
    assert ("Per layer, declared regions: a" in text) == (layers > 6)
    published_rows = [line for line in text.splitlines() if line.split()[:3] == ["a", "left", "0"]]
    assert bool(published_rows) == (layers <= 6)


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("layers", [2, 24])
@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_cut_off(width: int, layers: int, full: bool) -> None:
    text = printed(sample.realistic(layers=layers), width, full=full)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    # Names may fold on a narrow terminal, figures may not.
    assert ("12 of 64" in text) == full
    assert "Text%" in text, "of the heading, which may take two lines"
    for row in summary_rows(sample.realistic(layers=layers), "declared"):
        assert percent(row.mean["text"]) in text


def test_the_story_of_eight_policies_fits_three_screens() -> None:
    text = printed(eight_policies(), full=False)
    assert len(text.splitlines()) < 3 * 40
    assert "Per layer" not in text
    assert text.count("Fails step 2: instruction missing") == 1  # told once for four
    assert "Per layer" in printed(eight_policies())


def test_the_story_begins_with_what_was_given_and_ends_with_the_shares(
    report_result: Result,
) -> None:
    text = " ".join(printed(report_result, full=False).split())
    order = [
        "Policies: 2. Frames of steps 1–4: 1;",
        "“navigate to the left” expected action: left",
        "Step-by-step diagnosis",
        "✗ Fails step 2: instruction missing from the sequence or misplaced: exp41b_resume_"
        "exp40_pta@monavla",
        "Fix: Insert the image embeddings",
        "“0 % attention” suggests: Text gets 0 %: “ignores it”: no evidence.",
        "Summary, declared regions",
        "Declared and measured regions differ for 2 of 2 policies",
        "--full",
    ]
    places = [text.index(told) for told in order]
    assert places == sorted(places)


def test_what_was_measured_stands_beside_the_declared_text(report_result: Result) -> None:
    lines = [line.split() for line in printed(report_result, 160, full=False).splitlines()]
    lost, sound = (
        next(line for line in lines if line[:2] == [policy.name, "left"])
        for policy in report_result.record.policies
    )
    assert lost[-3:] == [ABSENT, "left", "✓"]  # no position: not 0 %
    measured = summary_rows(report_result, "measured", sound[0])[0]
    assert sound[-3:] == [percent(measured.mean["instruction"]), "left", "✓"]


def test_random_weights_are_told_in_the_story(report_result: Result) -> None:
    first, second = report_result.record.policies
    loaded = Loaded(checkpoint="x.ckpt", random_weights=("head.weight",))
    partial = first.model_copy(update={"loaded": loaded})
    record = report_result.record.model_copy(update={"policies": (partial, second)})
    told = Result(record, {"attention": report_result.attention}, report_result.frame_png)
    assert "lacks 1 weight, which is random (head.weight)" in printed(told, 200, full=False)


def test_escape_codes_in_names_do_not_reach_the_terminal() -> None:
    hostile = "\x1b[31mred\x07\u202e"
    for full in (True, False):
        text = printed(sample.realistic(layers=2, names=(hostile, "b")), full=full)
        assert not any(code in text for code in "\x1b\x07\u202e")


def test_actions_are_marked_right_or_wrong(report_result: Result) -> None:
    text = " ".join(printed(report_result).split())
    assert "left → left ✓, right → left ✗ (expected: right)" in text
    assert "left → left ✓, right → right ✓, forward → forward ✓" in text


def test_a_terminal_without_unicode_is_served(report_result: Result) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    print_result(report_result, Console(file=stream, width=100), full=True)
    stream.flush()
    assert b"right -> left x (expected: right)" in b" ".join(raw.getvalue().split())


def test_a_code_page_without_our_characters_gets_plain_ones() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252", errors="heedmap")
    stream.write("✓ “a” → 왼쪽")
    stream.flush()
    assert raw.getvalue().decode("cp1252") == "+ “a” -> ??"


def test_sentences_and_warnings_are_told(report_result: Result) -> None:
    text = " ".join(printed(report_result).split())
    for policy in report_result.record.policies:
        assert policy.sentence in text
    assert "“text”, positions 64-75 (left, right): measured as all padding" in text
    assert "Chance is 33.3 % per instruction" in text


def test_an_unknown_token_count_is_not_measured(report_result: Result) -> None:
    unknown = sample.without_token_counts(report_result)
    counts = [printed(each, 160).count("not measured") for each in (report_result, unknown)]
    assert counts[1] - counts[0] == 3 * 6  # tables, cases


def test_names_are_no_markup() -> None:
    hostile = "[bold red]m[/] [link=https://x]"
    result = sample.realistic(layers=2, names=(hostile, "b"))
    assert hostile in printed(result, 200)
    assert hostile in printed(result, 200, full=False)


def test_several_frames_are_told_apart() -> None:
    text = printed(sample.realistic(layers=2, names=("a", "b"), frames=("f1", "f2")))
    assert "Summary, frame f1, declared regions" in text
    assert "Summary, frame f2, declared regions" in text
    lines = [line.split() for line in text.splitlines()]
    assert sum(line[:3] == ["a", "left", "0"] for line in lines) == 2 * 2  # frames, layouts


def test_without_declared_regions_only_the_measured_are_shown(report_result: Result) -> None:
    policies = [
        policy.model_copy(
            update={
                "cases": tuple(
                    case.model_copy(update={"layouts": {"measured": case.layouts["measured"]}})
                    for case in policy.cases
                )
            }
        )
        for policy in report_result.record.policies
    ]
    record = report_result.record.model_copy(update={"policies": tuple(policies)})
    text = printed(Result(record, {"attention": report_result.attention}, report_result.frame_png))
    assert "declared" not in text.lower()
    assert "Last layer, measured regions" in text
    story = printed(
        Result(record, {"attention": report_result.attention}, report_result.frame_png), full=False
    )
    assert "declared" not in story.lower().split("summary")[1]
    assert "Last Instr%" in story
