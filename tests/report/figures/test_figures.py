"""Every figure shows the numbers of the record, says what they are of, and names nothing raw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pyarrow.compute as pc
import pytest
from PIL import Image

from heedmap.errors import RecordError
from heedmap.ladder.messages import Language
from heedmap.record.result import Result
from heedmap.record.tables import TRAIL_FIGURES, trail_table
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.export import write_figure
from heedmap.report.figures.figure import Figure, FigureKind, Subject, runs_of
from heedmap.report.figures.kinds import KINDS, figure_of, figures_of
from heedmap.report.figures.style import spec_of, to_svg
from heedmap.report.figures.trail import MOST_CALLS
from heedmap.report.tables import layer_rows
from tests.report.conftest import BYPASSED, HEEDS, OVERWRITTEN

Rows = list[dict[str, Any]]


def data_sets(node: Any) -> Iterator[Rows]:
    """All rows that a chart is drawn from, data set by data set."""
    if isinstance(node, dict):
        values = node.get("values")
        if isinstance(values, str) and values.startswith("[{"):
            yield json.loads(values)
        for value in node.values():
            yield from data_sets(value)
    elif isinstance(node, list):
        for value in node:
            yield from data_sets(value)


def rows_of(figure: Figure) -> Rows:
    """The same, together."""
    return [row for rows in data_sets(spec_of(figure.chart)) for row in rows]


def figure(result: Result, kind: FigureKind, policy: str, language: Language = "en") -> Figure:
    return figure_of(result, kind, policy, language=language)


@pytest.fixture(scope="module", params=[HEEDS, OVERWRITTEN, BYPASSED])
def policy(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_kind_is_drawn_where_it_was_measured(audited: Result) -> None:
    assert set(KINDS) == set(get_args(FigureKind))
    first = audited.record.frames[0]
    by_policy = {
        p.name: [f.kind for f in figures_of(Subject(audited, p, first))]
        for p in audited.record.policies
    }
    one_stack = [kind for kind in KINDS if kind != "computations"]
    assert by_policy[HEEDS] == one_stack
    # Without an instruction in the sequence there is nothing to cut out of it.
    cut = ("words", "heads", "scatter", "patching")
    without = [kind for kind in one_stack if kind not in cut]
    assert by_policy[OVERWRITTEN] == by_policy[BYPASSED] == without


@pytest.mark.parametrize("kind", sorted({*get_args(FigureKind)} - {"computations"}))
def test_figures_fit_the_schema_and_say_what_they_show(audited: Result, kind: FigureKind) -> None:
    english, korean = figure(audited, kind, HEEDS), figure(audited, kind, HEEDS, "ko")
    spec_of(english.chart, validate=True)
    spec_of(korean.chart, validate=True)
    for found in (english, korean):
        assert HEEDS in found.alt
        assert found.title
        assert any(c.isdigit() for c in found.caption) or kind == "patching", "of how many?"
        svg = to_svg(spec_of(found.chart))
        assert "NaN" not in svg
        assert "undefined" not in svg
        assert "null" not in svg
    assert english.title != korean.title


def test_shares_of_all_regions_add_up_and_are_those_of_the_tables(
    audited: Result, policy: str
) -> None:
    rows = rows_of(figure(audited, "shares", policy))
    sums: dict[tuple[str, str, int], float] = {}
    drawn = {(r["kind"], r["instruction"], r["layer"], r["key"]): r["share"] for r in rows}
    for (kind, instruction, layer, _), share in drawn.items():
        place = (kind, instruction, layer)
        sums[place] = sums.get(place, 0.0) + share
    assert all(total == pytest.approx(1, abs=1e-4) for total in sums.values())
    for kind in ("declared", "measured"):
        for row in layer_rows(audited, kind, policy):
            for region, share in row.shares.items():
                place = (kind, row.instruction, row.layer, region)
                assert drawn[place] == pytest.approx(share, abs=1e-5)


def test_a_note_says_where_no_instruction_is(audited: Result) -> None:
    notes = {
        name: {row["note"] for row in rows_of(figure(audited, "shares", name))}
        for name in (HEEDS, OVERWRITTEN)
    }
    assert notes == {HEEDS: {None}, OVERWRITTEN: {None, "no instruction position"}}


def test_the_strip_has_every_position_once_and_all_of_the_attention(
    audited: Result, policy: str
) -> None:
    result = next(p for p in audited.record.policies if p.name == policy)
    rows = rows_of(figure(audited, "sequence", policy))
    for case in result.cases:
        own = [row for row in rows if row["name"] == case.instruction]
        bars = [row for row in own if row.get("low") == 0]
        shown = sum(row["high"] for row in bars)
        assert shown == pytest.approx(1, abs=2e-4 * case.sequence_length)
        bands = [row for row in own if "key" in row and row["low"] < 0]
        covered = [p for row in bands for p in range(row["start"], row["end"])]
        assert covered == list(range(case.sequence_length))
        hidden = {
            p for row in bands if "masked" in row["tip"] for p in range(row["start"], row["end"])
        }
        assert hidden == set(range(case.sequence_length)) - set(case.visible_positions)
        hatches = [row for row in own if "key" not in row]
        assert bool(hatches) == bool(hidden)
        assert sum(h["end"] - h["start"] for h in hatches) == pytest.approx(len(hidden))


def test_patches_divide_what_their_positions_get(audited: Result, policy: str) -> None:
    result = next(p for p in audited.record.policies if p.name == policy)
    table = audited.positions
    sets = data_sets(spec_of(figure(audited, "frame", policy).chart))
    panels = [rows for rows in sets if "masked" in rows[0]]
    patches = result.measurements.patches[0]
    moved = sorted({p for positions in patches.positions for p in positions})
    for case, cells in zip(result.cases, panels, strict=True):
        assert len(cells) == patches.cells_a_side**2
        own = table.filter(
            (pc.field("policy") == policy)
            & (pc.field("instruction") == case.instruction)
            & pc.field("position").isin(moved)
        )
        expected = sum(own["share"].to_pylist()) / result.layers
        assert sum(cell["share"] for cell in cells) == pytest.approx(expected, abs=1e-3)
        for cell, positions in zip(cells, patches.positions, strict=True):
            assert cell["masked"] == (not set(positions) & set(case.visible_positions))
        area = sum((c["right"] - c["left"]) * (c["bottom"] - c["top"]) for c in cells)
        assert abs(area) == pytest.approx(1), "the cells cover the frame exactly"


def test_maps_and_points_are_the_knockouts(audited: Result) -> None:
    found = audited.record.policies[0].measurements.causal_map
    assert found is not None
    wanted = {
        (e.layer, e.head): (round(e.share, 4), e.distance)
        for e in found.by_head
        if e.region == "instruction"
    }
    for kind in ("heads", "scatter"):
        rows = rows_of(figure(audited, kind, HEEDS))
        if kind == "heads":
            assert {(r["layer"], r["head"]): (r["share"], r["distance"]) for r in rows} == wanted
        else:
            assert sorted((r["share"], r["distance"]) for r in rows) == sorted(
                (share, round(distance, 5)) for share, distance in wanted.values()
            )
    correlation = found.predicts.share
    assert correlation is not None
    assert f"{correlation:+.2f}" in figure(audited, "scatter", HEEDS).alt
    drawn = data_sets(spec_of(figure(audited, "patching", HEEDS).chart))
    patched = next(rows for rows in drawn if rows != [{}])  # the line at zero shows no row
    recovered = [row["share"] for row in patched]
    assert recovered == [round(p.recovered_share, 4) for p in found.patched]


def test_words_have_their_share_and_their_effect(audited: Result) -> None:
    found = audited.record.policies[0].measurements.causal_map
    assert found is not None
    rows = rows_of(figure(audited, "words", HEEDS))
    assert [(r["instruction"], r["share"], r["distance"]) for r in rows] == [
        (e.instruction, round(e.share, 5), round(e.distance, 5)) for e in found.by_word
    ]
    for side in ("left", "right"):
        assert any(r["instruction"] == side and r["word"].startswith(f"{side} (") for r in rows)


def test_actions_have_intervals_over_frames_and_say_which_was_asked(audited: Result) -> None:
    rows = rows_of(figure(audited, "actions", HEEDS))
    facts = audited.record.policies[0].measurements.obeyed
    assert facts is not None
    assert [(r["instruction"], r["action"], r["low"], r["high"]) for r in rows] == [
        (a.instruction, a.action, a.amount.low, a.amount.high) for a in facts.actions
    ]
    asked = {(r["instruction"], r["action"]) for r in rows if r["asked"] == "expected action"}
    assert asked == {(side, side) for side in ("left", "right", "forward")}
    assert "6 frames" in figure(audited, "actions", HEEDS).caption


def test_the_trail_draws_every_call_and_marks_the_loss(audited: Result, policy: str) -> None:
    table = audited.trail.filter(pc.field("policy") == policy).to_pylist()
    rows = rows_of(figure(audited, "trail", policy))
    for name, shown in (("instruction", "Instruction"), ("frame", "Frame")):
        drawn = {(r["order"], r["difference"]) for r in rows if r.get("run") == shown}
        assert drawn == {(r["order"], r[name]) for r in table if r[name] is not None}
    lost = {row["order"] for row in rows if row.get("text") == "lost here"}
    trail = next(p for p in audited.record.policies if p.name == policy).measurements.trail
    assert bool(lost) == (policy == OVERWRITTEN)
    if trail is not None:
        assert [table[order]["module"] for order in lost] == [trail.module]
    assert f"{len(table)} module calls" in figure(audited, "trail", policy).caption


def _with_trail(result: Result, rows: Rows) -> Figure:
    name = result.record.policies[0].name
    return figure(Result(result.record, {"trail": trail_table(name, rows)}, {}), "trail", name)


def _call(order: int, module: str, **figures: float | None) -> dict[str, Any]:
    nothing = dict.fromkeys(TRAIL_FIGURES)
    return {"order": order, "module": module, "kind": "Linear", "call": 0, **nothing, **figures}


def test_what_was_patched_has_a_panel_and_the_bands_are_parts_of_the_policy(
    audited: Result,
) -> None:
    calls = [_call(n, f"net.{'a' if n < 10 else 'b'}.{n}", instruction=0.5) for n in range(20)]
    without = _with_trail(audited, calls)
    assert "Carried" not in without.caption
    rows = rows_of(without)
    bands = [(row["tip"], row["order"], row["end"]) for row in rows if "shade" in row]
    assert bands == [("a", 0, 9.5), ("b", 9.5, 19)]
    calls[3]["carried"] = 0.25
    patched = _with_trail(audited, calls)
    assert "Carried" in patched.caption
    assert [row["carried"] for row in rows_of(patched) if "carried" in row] == [0.25]


def test_of_very_many_calls_the_outer_ones_are_drawn(audited: Result) -> None:
    inner = [_call(n, f"net.layers.{n}", instruction=0.5) for n in range(1000)]
    drawn = _with_trail(audited, [*inner, _call(1000, "net", instruction=0.25)])
    assert [row["order"] for row in rows_of(drawn) if "difference" in row] == [1000]
    assert "1 outer one of 1001 module calls" in drawn.caption
    drawn = _with_trail(audited, inner)
    assert len([row for row in rows_of(drawn) if "difference" in row]) <= MOST_CALLS


def test_an_older_record_shows_what_it_has(report_result: Result) -> None:
    overwritten, sound = report_result.record.policies
    first = report_result.record.frames[0]
    kinds = [f.kind for f in figures_of(Subject(report_result, sound, first))]
    assert kinds == ["actions", "shares", "heads"]
    caption = figure(report_result, "actions", sound.name).caption
    assert "no interval" in caption
    with pytest.raises(RecordError, match="it needs shares by position"):
        figure(report_result, "sequence", overwritten.name)


def test_unknown_names_are_refused_with_the_known_ones(audited: Result) -> None:
    with pytest.raises(RecordError, match=f"no policy 'nobody'; it has {HEEDS}"):
        figure(audited, "shares", "nobody")
    with pytest.raises(RecordError, match="no frame 'nowhere'; it has case-0"):
        figure_of(audited, "shares", frame="nowhere")


def test_regions_differ_in_grey_and_neighbours_clearly() -> None:
    """Relative luminance (WCAG 2) of the colours that stand side by side in a stack."""

    def luminance(color: str) -> float:
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    names = ("image", "instruction", "template", "special", "action", "padding", "state")
    order = ("image", "instruction", "template", "state", "special", "action", "padding")
    values = {name: luminance(COLORS[name]) for name in names}
    assert len({round(value, 2) for value in values.values()}) == len(values)
    for one, two in pairwise(order):
        light, dark = sorted((values[one], values[two]), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 1.2, (one, two)


def test_hostile_names_are_text(audited: Result) -> None:
    hostile = "<script>alert(1)</script>\u202e😀"
    record = audited.record
    first = record.policies[0]
    cases = tuple(
        c.model_copy(update={"instruction": hostile if c.instruction == "left" else c.instruction})
        for c in first.cases
    )
    renamed = record.model_copy(
        update={
            "policies": (first.model_copy(update={"cases": cases}),),
            "instructions": tuple(
                i.model_copy(update={"name": hostile if i.name == "left" else i.name})
                for i in record.instructions
            ),
        }
    )
    columns = audited.attention.to_pydict()
    columns["instruction"] = [hostile if n == "left" else n for n in columns["instruction"]]
    table = audited.attention.from_pydict(columns, schema=audited.attention.schema)
    result = Result(renamed, {"attention": table}, audited.frame_png)
    svg = to_svg(spec_of(figure(result, "shares", HEEDS).chart))
    assert "<script" not in svg
    texts = [e.text for e in ElementTree.fromstring(svg).iter() if e.text]
    assert any("<script>alert(1)</script>" in text for text in texts)


def test_runs_of_equal_neighbours() -> None:
    assert list(runs_of([1, 1, 2, 1])) == [(0, 2), (2, 3), (3, 4)]
    assert list(runs_of([])) == []


def test_figures_are_written_as_svg_and_png_on_white(audited: Result, tmp_path: Path) -> None:
    found = figure(audited, "heads", HEEDS)
    write_figure(found, tmp_path / "heads.svg")
    assert ElementTree.parse(tmp_path / "heads.svg").getroot().tag.endswith("svg")
    for scale in (1.0, 2.0):
        write_figure(found, tmp_path / f"heads-{scale}.png", scale)
    with (
        Image.open(tmp_path / "heads-1.0.png") as small,
        Image.open(tmp_path / "heads-2.0.png") as large,
    ):
        assert large.width == pytest.approx(2 * small.width, abs=2)
        assert small.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_figure_is_written_as_pdf_with_its_text(audited: Result, tmp_path: Path) -> None:
    write_figure(figure(audited, "heads", HEEDS), tmp_path / "heads.pdf")
    content = (tmp_path / "heads.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/Font" in content, "text that can be searched, not outlines"


def test_figures_that_cannot_be_written_leave_nothing(audited: Result, tmp_path: Path) -> None:
    found = figure(audited, "heads", HEEDS)
    with pytest.raises(RecordError, match=r"ends in '\.eps'"):
        write_figure(found, tmp_path / "heads.eps")
    with pytest.raises(RecordError, match="cannot be written"):
        write_figure(found, tmp_path / "no" / "heads.svg")
    assert list(tmp_path.iterdir()) == []
