"""The ladder comes first, says what the verdict says, and shows only figures that there are."""

from __future__ import annotations

import io

from rich.console import Console

from heedmap.record import PolicyResult, Result
from heedmap.report.attended_cells import ATTENDED_COLUMNS, attended_cells
from heedmap.report.html import render_html
from heedmap.report.ladder_table import attended_table, ladder_table
from heedmap.report.terminal import print_result
from heedmap.report.wording import ABSENT
from heedmap.sentence import Language
from heedmap.verdict import AttendedFacts

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


def test_cells_are_one_a_column_and_a_dash_where_nothing_was_measured() -> None:
    cells = dict(zip(ATTENDED_COLUMNS, attended_cells(FACTS), strict=True))
    assert cells["attended_share"] == "54.3%"
    assert cells["attended_read"] == cells["attended_shuffled"] == ABSENT
    assert cells["attended_rollout"] == "0.0%"
    assert cells["attended_heads"] == "2 0"


def test_the_table_of_rung_4_is_there_only_with_figures(report_result: Result) -> None:
    policies = report_result.record.policies
    assert attended_table(policies) is None
    shown = printed(attended_table((policies[0], with_attended(policies[1]))))
    assert policies[1].name in shown
    assert policies[0].name not in shown
    assert "54.3%" in shown


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
