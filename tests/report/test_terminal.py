"""What stands on the terminal: the seed's columns, the right figures, and no markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from heedmap.report.rich_tables import measured_table, seed_summary_table
from heedmap.report.terminal import print_result, seed_per_layer_table
from heedmap.result import Result
from tests.report import sample


def printed(result: Result, width: int = 100, *, per_layer: bool = True) -> str:
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=width), per_layer=per_layer)
    return stream.getvalue()


def headings(table) -> list[str]:
    return [column.header.plain for column in table.columns]


def test_the_seeds_columns_are_kept_exactly(report_result: Result) -> None:
    assert headings(seed_summary_table(report_result)) == [
        *("Model", "Instruction", "text_len"),
        *("Last Img%", "Last Text%", "Mean Img%", "Mean Text%"),
    ]
    names = ["Model", "Instruction", "Layer", "Image%", "Text%"]
    assert headings(seed_per_layer_table(report_result)) == names


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
    assert "100.0%" in printed(report_result, per_layer=False).split("Mean over layers")[0]
    assert "50.0%" in printed(broken, per_layer=False)


@pytest.mark.parametrize("layers", [6, 7])
def test_deep_policies_have_their_instructions_side_by_side(layers: int) -> None:
    text = printed(sample.realistic(layers=layers, names=("a", "b")))
    assert ("Per layer, declared regions: a" in text) == (layers > 6)
    seeds_rows = [line for line in text.splitlines() if line.split()[:3] == ["a", "left", "0"]]
    assert bool(seeds_rows) == (layers <= 6)


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("layers", [2, 24])
def test_nothing_is_cut_off(width: int, layers: int) -> None:
    text = printed(sample.realistic(layers=layers), width)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    # Names may fold on a narrow terminal, figures may not.
    assert "12 of 64" in text
    assert "100.0%" in text


def test_per_layer_tables_can_be_left_out(report_result: Result) -> None:
    assert "Per layer" in printed(report_result)
    assert "Per layer" not in printed(report_result, per_layer=False)


def test_actions_are_marked_right_or_wrong(report_result: Result) -> None:
    text = " ".join(printed(report_result).split())
    assert "left → left ✓, right → left ✗ (expected: right)" in text
    assert "left → left ✓, right → right ✓, forward → forward ✓" in text


def test_a_terminal_without_unicode_is_served(report_result: Result) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    print_result(report_result, Console(file=stream, width=100))
    stream.flush()
    assert b"right -> left x (expected: right)" in b" ".join(raw.getvalue().split())


def test_sentences_and_warnings_are_told(report_result: Result) -> None:
    text = " ".join(printed(report_result).split())
    for policy in report_result.record.policies:
        assert policy.sentence in text
    assert "“text”, positions 64-75 (left, right): measured as all padding" in text
    assert "Chance is 33.3 % per instruction" in text


def test_an_unknown_token_count_is_not_measured(report_result: Result) -> None:
    policies = [
        policy.model_copy(
            update={
                "cases": tuple(c.model_copy(update={"token_count": None}) for c in policy.cases)
            }
        )
        for policy in report_result.record.policies
    ]
    record = report_result.record.model_copy(update={"policies": tuple(policies)})
    unknown = Result(record, {"attention": report_result.attention}, report_result.frame_png)
    assert printed(unknown, 160).count("not measured") == 3 * 6  # tables, cases


def test_names_are_no_markup() -> None:
    hostile = "[bold red]m[/] [link=https://x]"
    text = printed(sample.realistic(layers=2, names=(hostile, "b")), 200)
    assert hostile in text


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
