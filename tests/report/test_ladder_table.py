"""The ladder comes first, says what the verdict says, and shows only figures that there are."""

from __future__ import annotations

import io

from heedmap.report.map_figure import causal_map_svg
from rich.console import Console

from heedmap.evidence import AttentionPredicts, CausalMap, HeadEffect, LayerPatch
from heedmap.record import PolicyResult
from heedmap.report.ladder_table import ladder_table, rung_table
from heedmap.report.page.render import render_html
from heedmap.report.rung_cells import RUNG_TABLES, RungTable
from heedmap.report.terminal import print_result
from heedmap.report.wording import ABSENT
from heedmap.result import Result
from heedmap.sentence import Language
from heedmap.verdict import AttendedFacts
from tests.ladder.facts import estimate, obeyed, of_one_frame, used

FACTS = AttendedFacts(
    share=0.543,
    last_layer_share=0.2185,
    lift=5.38,
    sinks=(),
    value_share=None,
    rollout_share=0.0,
    values_are_zero=False,
    heads_alive_by_layer=(2, 0),
    ivar=0.569,
)


def printed(thing: object, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def with_attended(policy: PolicyResult) -> PolicyResult:
    measurements = policy.measurements.model_copy(update={"attended": FACTS})
    return policy.model_copy(update={"measurements": measurements})


def test_marks_and_causes(report_result: Result) -> None:
    policies = report_result.record.policies
    lines = printed(ladder_table(policies, "utf-8")).splitlines()
    (lost,) = (line for line in lines if policies[0].name in line)
    assert lost.split()[1:] == ["✓", "✗", "-", "-", "-", "-", "no", "length_leak"]
    (sound,) = (line for line in lines if policies[1].name in line)
    assert sound.split()[1:] == ["✓", "✓", "✓", "-", "-", "-", "no", "none"]
    plain = printed(ladder_table(policies, "ascii"))
    assert "✓" not in plain
    assert "✗" not in plain


ATTENDED, USED, OBEYED = RUNG_TABLES


def with_upper(policy: PolicyResult, **facts: object) -> PolicyResult:
    measurements = policy.measurements.model_copy(update=facts)
    return policy.model_copy(update={"measurements": measurements})


def cells_of(which: RungTable, policy: PolicyResult) -> dict[str, str]:
    cells = which.cells(policy)
    assert cells is not None
    return dict(zip(which.columns, cells, strict=True))


def test_cells_are_one_a_column_and_a_dash_where_nothing_was_measured(
    report_result: Result,
) -> None:
    cells = cells_of(ATTENDED, with_attended(report_result.record.policies[0]))
    assert cells["attended_share"] == "54.3%"
    assert cells["attended_read"] == cells["attended_shuffled"] == ABSENT
    assert cells["attended_rollout"] == "0.0%"
    assert cells["attended_heads"] == "2 0"


def test_cells_of_the_upper_rungs_show_intervals_and_what_was_left_out(
    report_result: Result,
) -> None:
    policy = report_result.record.policies[0]
    mediated = estimate(0.8).model_copy(update={"left_out": 6})
    with_both = with_upper(policy, used=used(mediated), obeyed=obeyed(not_needed=4))
    cells = cells_of(USED, with_both)
    assert cells["used_mediated"] == "0.80 (0.79 to 0.81)"
    assert cells["used_frames"] == "24/30"
    cells = cells_of(OBEYED, with_both)
    assert cells["obeyed_needed"] == "20/24"
    assert cells["obeyed_followed"] == "98.0% (97 to 99)"
    assert cells["obeyed_chance"] == "33.3%"
    assert cells["obeyed_drop"] == ABSENT
    alone = with_upper(policy, used=used(of_one_frame(0.8)), obeyed=obeyed(following=None))
    assert cells_of(USED, alone)["used_mediated"] == "0.80"
    assert cells_of(OBEYED, alone)["obeyed_followed"] == ABSENT


def test_a_rungs_table_is_there_only_with_figures(report_result: Result) -> None:
    policies = report_result.record.policies
    assert all(rung_table(which, policies) is None for which in RUNG_TABLES)
    shown = printed(rung_table(ATTENDED, (policies[0], with_attended(policies[1]))))
    assert policies[1].name in shown
    assert policies[0].name not in shown
    assert "54.3%" in shown


def causal_map(heads: int, patched: bool = True) -> CausalMap:
    nothing = {"p_value": None, "p_adjusted": None, "random_distance": 0.0}
    return CausalMap(
        unit="bits",
        examples=8,
        by_head=tuple(
            HeadEffect(
                layer=n, head=h, region="instruction", distance=0.1 * h, share=0.05, **nothing
            )
            for n in range(2)
            for h in range(heads)
        ),
        by_layer=(),
        by_window=(),
        patched=(LayerPatch(layer=0, recovered_share=1.0),) if patched else (),
        predicts=AttentionPredicts(
            share=0.75,
            lift=None,
            ivar=None,
            value_norm=None,
            rollout=None,
            heads=2 * heads,
            layers=2,
        ),
    )


def test_the_map_is_drawn_where_it_was_measured(report_result: Result) -> None:
    policies = report_result.record.policies
    assert "Where it is used" not in render_html(report_result, "en")
    mapped = with_upper(policies[0], causal_map=causal_map(3))
    record = report_result.record.model_copy(update={"policies": (mapped, *policies[1:])})
    result = Result(record, {"attention": report_result.attention}, report_result.frame_png)
    page = render_html(result, "en")
    assert "Effect of cutting it (bits)" in page
    assert "rank correlation +0.75 over 6 heads" in page
    assert "+0.75" in render_html(result, "ko")
    assert causal_map_svg(causal_map(0, patched=False)) is None
    many = causal_map_svg(causal_map(12))
    assert many is not None
    assert many.count("<text") < (causal_map_svg(causal_map(8)) or "").count("<text")


def test_terminal_and_page_begin_with_the_ladder(report_result: Result) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_result(report_result, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert 0 <= text.index("The ladder") < text.index("Summary")
    said: dict[Language, str] = {"en": "only its number of tokens", "ko": "토큰 수만 마스크를"}
    for language, words in said.items():
        page = render_html(report_result, language)
        assert page.index('class="ladder"') < page.index("<h2>", page.index('class="ladder"'))
        assert page.index('class="ladder"') < page.index(words)
        assert "length_leak" in page
