"""Each finding is found where its fault was planted, and is silent where it was not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from heedmap.report.forensics.findings import Finding, cannot_prove, find_all
from heedmap.report.forensics.published import LayerFigure, Published, SummaryFigure
from heedmap.report.forensics.read import read_published
from tests.report.forensics.test_read import PER_LAYER, SUMMARY


def row(instruction: str, layer: int, image: float, text: float, **more) -> LayerFigure:
    return LayerFigure("m", instruction, layer, {"image": image, "text": text}, **more)


def healthy() -> Published:
    """Two layers, three instructions, all different, all accounted for."""
    return Published(
        layers=(
            *(row("left", 0, 0.60, 0.40), row("left", 1, 0.58, 0.42)),
            *(row("right", 0, 0.62, 0.38), row("right", 1, 0.57, 0.43)),
            *(row("forward", 0, 0.61, 0.39), row("forward", 1, 0.55, 0.45)),
        ),
        summary=(SummaryFigure("m", "left", 12, {"image": 0.58}, {"image": 0.59}),),
        text_len={("m", "left"): 12, ("m", "right"): 12, ("m", "forward"): 11},
    )


def found(published: Published, code: str) -> Finding | None:
    return next((finding for finding in find_all(published) if finding.code == code), None)


def with_rows(*rows: LayerFigure) -> Published:
    """Healthy, but for the rows of the same instruction and layer."""
    base = healthy()
    places = {(r.instruction, r.layer): r for r in rows}
    layers = tuple(places.get((r.instruction, r.layer), r) for r in base.layers)
    return replace(base, layers=layers, summary=())


def test_a_healthy_table_gives_no_finding() -> None:
    assert find_all(healthy()) == []


def test_the_seeds_tables_show_what_they_must() -> None:
    seed = read_published(SUMMARY, PER_LAYER)
    zero = found(seed, "always_zero")
    assert zero
    assert "'text' is 0.0 % as printed in 288 of 288 rows, for 4 of 4 models" in zero.sentence
    same = found(seed, "identical_instructions")
    assert same
    assert "'left' and 'right' agree in 24 of 24 layers for 4 of 4 models" in same.sentence
    assert "'forward' differs for 4 of 4" in same.sentence
    missing = found(seed, "unaccounted")
    assert missing
    assert "up to 95.0% (exp41c_scratch_pta, forward, layer 2: image 5.0%, text 0.0%)" in (
        missing.sentence
    )
    assert {"follows_length", "mean_hides_last"} <= {f.code for f in find_all(seed)}
    # The seed's own summary follows from its layers, so that finding must be silent.
    assert found(seed, "summary_differs") is None


def test_a_region_that_is_zero_everywhere() -> None:
    rows = [replace(r, shares={"image": 1.0, "text": 0.0}) for r in healthy().layers]
    finding = found(replace(healthy(), layers=tuple(rows)), "always_zero")
    assert finding
    assert "'text' is exactly 0 in 6 of 6 rows" in finding.sentence
    rows[3] = replace(rows[3], shares={"image": 0.9999, "text": 0.0001})
    assert found(replace(healthy(), layers=tuple(rows)), "always_zero") is None


def test_zero_on_the_mean_but_not_in_a_head_is_not_zero() -> None:
    rows = [
        replace(r, shares={"image": 1.0, "text": 0.0}, per_head={"text": (0.0, 1e-5)})
        for r in healthy().layers
    ]
    assert found(replace(healthy(), layers=tuple(rows)), "always_zero") is None


def test_identical_instructions_and_length() -> None:
    same = with_rows(row("right", 0, 0.60, 0.40), row("right", 1, 0.58, 0.42))
    finding = found(same, "identical_instructions")
    assert finding
    assert "'left' and 'right' agree in 2 of 2 layers for 1 of 1 model," in finding.sentence
    assert found(same, "follows_length")
    almost = with_rows(row("right", 0, 0.60, 0.40), row("right", 1, 0.581, 0.419))
    assert found(almost, "identical_instructions") is None
    assert found(almost, "follows_length") is None
    # Equal rows at unequal token counts: not length that is followed.
    unequal = replace(same, text_len={**same.text_len, ("m", "right"): 11})
    assert found(unequal, "follows_length") is None


def test_unaccounted_attention() -> None:
    finding = found(with_rows(row("left", 1, 0.5, 0.1)), "unaccounted")
    assert finding
    assert "in 1 of 6 rows" in finding.sentence
    assert "up to 40.0% (m, left, layer 1" in finding.sentence
    assert found(with_rows(row("left", 1, 0.56, 0.40)), "unaccounted") is None


def test_shares_that_cannot_be() -> None:
    assert found(with_rows(row("left", 1, 0.7, 0.4)), "impossible_share")
    assert found(with_rows(row("left", 1, 1.2, -0.2)), "impossible_share")
    # 58.0 % and 42.1 %, each rounded to a tenth, may stand for 100 % together.
    rounded = replace(with_rows(row("left", 1, 0.58, 0.421)), half_step_share=0.0005)
    assert found(rounded, "impossible_share") is None


@pytest.mark.parametrize(("highest", "is_found"), [(11, True), (12, False)])
def test_attended_positions_below_the_token_count(highest: int, is_found: bool) -> None:
    """Position 256 is the action token's own and does not count."""
    rows = tuple(
        replace(r, top_positions=(0, 10, highest if r.instruction == "left" else 3, 256))
        for r in healthy().layers
    )
    seq_len = {("m", name): 257 for name in ("left", "right", "forward")}
    published = replace(healthy(), layers=rows, seq_len=seq_len)
    assert (found(published, "attended_below_text_len") is not None) == is_found
    larger = found(published, "image_larger_than_visible")
    assert (larger is not None) == is_found
    if larger:
        assert "only at positions 0-11" in larger.sentence


def test_a_mean_that_hides_the_last_layer() -> None:
    finding = found(with_rows(row("left", 1, 0.95, 0.05)), "mean_hides_last")
    assert finding
    # image: mean (0.60 + 0.95) / 2 = 0.775
    assert "image 77.5% on the mean, 95.0% in the last layer" in finding.sentence


def test_a_summary_that_does_not_follow_from_its_layers() -> None:
    wrong = SummaryFigure("m", "left", 12, {"image": 0.58}, {"image": 0.70})
    finding = found(replace(healthy(), summary=(wrong,)), "summary_differs")
    assert finding
    assert finding.rows == ("m, left",)


def test_findings_are_written_in_both_languages_with_the_same_figures() -> None:
    seed = read_published(SUMMARY, PER_LAYER)
    english, korean = find_all(seed), find_all(seed, "ko")
    assert [f.code for f in english] == [f.code for f in korean]
    for one, other in zip(english, korean, strict=True):
        assert re.search("[가-힣]", other.sentence)
        assert all("레이어" in row for row in other.rows)
        figures = [
            set(re.findall(r"\d+(?:\.\d+)?", text)) for text in (one.sentence, other.sentence)
        ]
        assert figures[0] == figures[1]
    assert len(cannot_prove("en")) == len(cannot_prove("ko")) == 3


def test_a_summary_alone_shows_zero_equal_instructions_and_missing_attention() -> None:
    summary = read_published(SUMMARY)
    by_code = {finding.code: finding for finding in find_all(summary)}
    assert list(by_code) == ["always_zero", "identical_instructions", "unaccounted"]
    zero, same, missing = by_code.values()
    assert "'text' is 0.0 % as printed in the last layer" in zero.sentence
    assert "in 12 of 12 rows, for 4 of 4 models" in zero.sentence
    assert "'left' and 'right' agree in every column for 4 of 4 models" in same.sentence
    assert "up to 38.8% (exp41c_scratch_pta, forward" in missing.sentence
    korean = [finding.sentence for finding in find_all(summary, "ko")]
    assert "마지막 레이어와 레이어 평균 모두 인쇄된 값으로 0.0 %" in korean[0]


def test_a_healthy_summary_alone_gives_no_finding() -> None:
    rows = (
        SummaryFigure("m", "left", 12, {"image": 0.58, "text": 0.42}, {"image": 0.5, "text": 0.5}),
        SummaryFigure("m", "right", 12, {"image": 0.58, "text": 0.42}, {"image": 0.6, "text": 0.4}),
    )
    alone = replace(healthy(), layers=(), summary=rows)
    assert find_all(alone) == []
    same = replace(rows[1], mean=rows[0].mean)
    assert found(replace(alone, summary=(rows[0], same)), "identical_instructions")
