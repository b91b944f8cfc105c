"""Rows against figures worked out by hand, and what must hold for every row."""

from __future__ import annotations

import pytest

from heedmap.record.disagreements import Disagreement, policy_disagreements
from heedmap.record.record import RegionCount
from heedmap.record.regions import in_order
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.tables import (
    layer_rows,
    summary_rows,
)
from tests.report import sample


def two_layers() -> Result:
    """One policy, two layers of two heads, one instruction, shares that are easy to add."""
    case = sample.monavla_case("left")
    declared = {
        "image": [[0.4, 0.6], [0.9, 1.0]],
        "text": [[0.0, 0.2], [0.0, 0.0]],
        "undeclared": [[0.6, 0.2], [0.1, 0.0]],
    }
    measured = {
        "image": [[0.4, 0.6], [0.9, 1.0]],
        "action": [[0.6, 0.4], [0.1, 0.0]],
        "padding": [[0.0, 0.0], [0.0, 0.0]],
    }
    tables = [
        sample.table("m", case, "declared", declared),
        sample.table("m", case, "measured", measured),
    ]
    return sample.result([sample.policy("m", [case], layers=2, heads=2)], tables)


def test_layer_rows_are_means_over_heads() -> None:
    first, second = layer_rows(two_layers(), "declared")
    # layer 0: image (0.4 + 0.6) / 2, text (0.0 + 0.2) / 2, rest (0.6 + 0.2) / 2
    assert first.shares == pytest.approx({"image": 0.5, "text": 0.1, "undeclared": 0.4})
    # layer 1: image (0.9 + 1.0) / 2, rest (0.1 + 0.0) / 2
    assert second.shares == pytest.approx({"image": 0.95, "text": 0.0, "undeclared": 0.05})
    assert [row.layer for row in (first, second)] == [0, 1]


def test_the_summary_has_the_last_layer_and_the_mean_over_layers() -> None:
    (row,) = summary_rows(two_layers(), "declared")
    assert row.text_len == 12
    assert row.last == pytest.approx({"image": 0.95, "text": 0.0, "undeclared": 0.05})
    # (0.5 + 0.95) / 2, (0.1 + 0.0) / 2, (0.4 + 0.05) / 2
    assert row.mean == pytest.approx({"image": 0.725, "text": 0.05, "undeclared": 0.225})
    (measured,) = summary_rows(two_layers(), "measured")
    # action: layer 0 (0.6 + 0.4) / 2 = 0.5, layer 1 (0.1 + 0.0) / 2 = 0.05
    assert measured.mean["action"] == pytest.approx(0.275)


def test_a_region_without_positions_is_absent_and_not_zero() -> None:
    (row,) = summary_rows(two_layers(), "measured")
    assert "instruction" not in row.last
    assert row.last["padding"] == 0.0


@pytest.mark.parametrize("layout", ["declared", "measured"])
def test_shares_of_every_row_make_one(report_result: Result, layout: LayoutKind) -> None:
    rows = layer_rows(report_result, layout)
    assert len(rows) == 2 * 3 * 8  # policies, instructions, layers
    for row in rows:
        assert sum(row.shares.values()) == pytest.approx(1.0)
    for row in summary_rows(report_result, layout):
        assert sum(row.last.values()) == pytest.approx(1.0)
        assert sum(row.mean.values()) == pytest.approx(1.0)


def test_rows_keep_the_records_order_whatever_the_tables() -> None:
    built = sample.realistic(layers=1, frames=("b", "a"))
    policies = [
        policy.model_copy(update={"cases": tuple(reversed(policy.cases))})
        for policy in built.record.policies
    ]
    record = built.record.model_copy(update={"policies": tuple(policies)})
    shuffled = Result(record, {"attention": built.attention.sort_by("share")}, built.frame_png)
    places = [(row.policy, row.frame, row.instruction) for row in layer_rows(shuffled, "measured")]
    assert places == [
        (policy.name, frame, instruction)
        for policy in record.policies
        for frame in ("b", "a")
        for instruction in ("left", "right", "forward")
    ]


def test_columns_stand_in_order() -> None:
    assert in_order(["undeclared", "camera", "padding", "image", "image", "instruction"]) == [
        "image",
        "instruction",
        "padding",
        "camera",
        "undeclared",
    ]


def test_overwritten_and_masked_regions_disagree(report_result: Result) -> None:
    overwritten, _ = report_result.record.policies
    both, alone, frame = ("left", "right"), ("forward",), ("case",)
    image, span = sample.span(0, 64), sample.span
    assert policy_disagreements(overwritten) == [
        Disagreement("image", image, {"image": 64}, 12, both, frame),
        Disagreement("text", span(64, 76), {"padding": 12}, 0, both, frame),
        Disagreement("image", image, {"image": 64}, 11, alone, frame),
        Disagreement("text", span(64, 75), {"padding": 11}, 0, alone, frame),
    ]


def test_a_shift_by_one_is_found(report_result: Result) -> None:
    _, sound = report_result.record.policies
    image, text, _ = policy_disagreements(sound)
    # BOS stands at 0, so that the declared 0-63 is BOS and 63 image tokens,
    # and 64-75 begins with the last image token.
    assert image.measured == {"image": 63, "special": 1}
    assert image.instructions == ("left", "right", "forward")
    assert text.measured == {"image": 1, "instruction": 11}


def test_equal_findings_of_several_frames_are_told_once() -> None:
    overwritten, _ = sample.realistic(layers=1, frames=("a", "b")).record.policies
    found = policy_disagreements(overwritten)
    assert len(found) == 4
    assert {finding.frames for finding in found} == {("a", "b")}


def test_regions_that_are_what_they_claim_do_not_disagree(report_result: Result) -> None:
    _, sound = report_result.record.policies
    assert policy_disagreements(redeclare(sound, text=(65, 12))) == []


def test_an_instruction_that_was_not_measured_is_not_judged(report_result: Result) -> None:
    _, sound = report_result.record.policies
    declared = redeclare(sound, text=(65, 12))
    (case,) = declared.cases
    regions = dict(case.layouts["measured"].regions)
    regions["special"] = (0, *regions.pop("instruction"))
    info = sample.layout(regions, case.visible_positions)
    update = {"words": (), "layouts": {**case.layouts, "measured": info}}
    unmeasured = case.model_copy(update=update)
    facts = sound.facts.model_copy(update={"instruction_measured": False})
    blind = declared.model_copy(update={"cases": (unmeasured,), "facts": facts})
    assert policy_disagreements(blind) == []
    # The same layout, had it been measured, is a disagreement.
    assert len(policy_disagreements(blind.model_copy(update={"facts": sound.facts}))) == 1


def redeclare(policy, text):
    """The first case alone, with image and text declared where they really are."""
    case = policy.cases[0]
    start, length = text
    info = sample.layout(
        {"image": sample.span(1, 65), "text": sample.span(start, start + length)},
        case.visible_positions,
    )
    assert info.visible_counts["text"] == RegionCount(visible=length, total=length)
    layouts = {**case.layouts, "declared": info}
    return policy.model_copy(update={"cases": (case.model_copy(update={"layouts": layouts}),)})
