"""The ladder comes first, says what the verdict says, and shows only figures that there are."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from heedmap.ladder.measurements import AttendedFacts
from heedmap.ladder.messages import Language
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.ladder_table import ladder_table, rung_table
from heedmap.report.rich_tables import folded
from heedmap.report.rung_cells import RUNG_TABLES, RungTable
from heedmap.report.terminal import print_result
from heedmap.report.wording import ABSENT
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
    assert lost.split()[1:] == ["✓", "✗", "-", "-", "-", "-", "no", "length", "leak"]
    (sound,) = (line for line in lines if policies[1].name in line)
    assert sound.split()[1:] == ["✓", "✓", "✓", "-", "-", "-", "no", "none"]
    plain = printed(ladder_table(policies, "ascii"))
    assert "✓" not in plain
    assert "✗" not in plain


ATTENDED, USED, OBEYED = RUNG_TABLES


def with_upper(policy: PolicyResult, **facts: object) -> PolicyResult:
    measurements = policy.measurements.model_copy(update=facts)
    return policy.model_copy(update={"measurements": measurements})


def cells_of(which: RungTable, policy: PolicyResult, language: Language = "en") -> dict[str, str]:
    cells = which.cells(policy, language)
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
    assert cells["used_unit"] == "bits"
    korean = cells_of(USED, with_both, "ko")
    assert (korean["used_mediated"], korean["used_unit"]) == ("0.80 (0.79~0.81)", "비트")
    assert cells["used_frames"] == "24/30"
    cells = cells_of(OBEYED, with_both)
    assert cells["obeyed_needed"] == "20/24"
    assert cells["obeyed_followed"] == "98 % (97 to 99)"
    assert cells["obeyed_chance"] == "33 %"
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


@pytest.mark.parametrize(("width", "lines"), [(140, 1), (98, 1), (97, 2)])
def test_long_names_fold_only_where_there_is_no_room(
    report_result: Result, width: int, lines: int
) -> None:
    name = "exp42_counterfactual_pta@monavla"
    stream = io.StringIO()
    bare = report_result.record.policies[0].model_copy(update={"name": name, "cases": ()})
    record = report_result.record.model_copy(update={"policies": (bare,)})
    result = Result(record, {}, report_result.frame_png)
    print_result(result, Console(file=stream, width=width))
    ladder = stream.getvalue().split("Step-by-step")[1].split("Diagnosis")[0]
    rows = [line for line in ladder.splitlines()[3:] if line.strip()]
    assert len(rows) == lines
    assert "length leak" in rows[0]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("exp41b_resume_exp40_pta@monavla", ["exp41b_resume_exp40_pta", "@monavla"]),
        ("short@sound", ["short@sound"]),
        ("x" * 30, ["x" * 30]),
        ("runs/exp42/last.ckpt-of-the-day", ["runs/exp42/last.ckpt-of-", "the-day"]),
    ],
)
def test_names_are_broken_where_they_have_a_joint(name: str, lines: list[str]) -> None:
    assert folded(name).split("\n") == lines
    assert folded(name, 0) == name


def test_the_ladder_stands_before_the_tables(report_result: Result) -> None:
    for full in (True, False):
        console = Console(file=io.StringIO(), width=100)
        print_result(report_result, console, full=full)
        assert isinstance(console.file, io.StringIO)
        text = console.file.getvalue()
        assert 0 <= text.index("Step-by-step") < text.index("Summary")
        assert "length leak" in text
