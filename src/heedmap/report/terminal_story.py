"""The first lines on the terminal: inputs, diagnosis, fixes, shares."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say
from heedmap.record.record import Record
from heedmap.report.page.story import StoryRow
from heedmap.report.rich_tables import folded, plain_table
from heedmap.report.summary_lines import ChosenAction, SummaryLine, TwoShares
from heedmap.report.wording import ABSENT, count_text, percent
from heedmap.visible import one_line

_NAME_WIDTH = 16
"""Every policy has as many rows as there are instructions, so its name may take several lines."""
_GOOD = {True: "bold green", False: "bold red", None: "bold"}


def is_fancy(encoding: str) -> bool:
    """Whether ticks and arrows can be printed."""
    return encoding.lower().startswith("utf")


def given_lines(record: Record) -> list[Text]:
    """How much was put to the policies, then every instruction."""
    upper = [policy.measurements.obeyed for policy in record.policies]
    trials = max((facts.trials for facts in upper if facts is not None), default=0)
    counts = say(
        "given_counts",
        frames=len(record.frames),
        policies=len(record.policies),
        trials=trials or say("no_trials"),
    )
    first = say("given_first", frame=one_line(record.frames[0].name))
    lines = [Text(say("page_title"), style="bold"), Text(f"{counts} {first}")]
    width = max(len(instruction.name) for instruction in record.instructions)
    for instruction in record.instructions:
        line = Text(f"  {one_line(instruction.name):<{width}}  “{one_line(instruction.text)}”")
        if instruction.expected_action is not None:
            asks = one_line(instruction.expected_action)
            line.append(f"  {say('asks_for')}: {asks}", style="dim")
        lines.append(line)
    return [*lines, *_delivered_lines(record)]


def _delivered_lines(record: Record) -> list[Text]:
    """Rung 0, where something was given to measure it from; before it, an empty line."""
    found = record.delivered
    if found is None:
        return []
    style = {"holds": "green", "fails": "red"}.get(found.status, "yellow")
    line = Text(f"{say('delivered_title')}: ", style="bold")
    line.append(one_line(found.sentence()), style=style)
    if found.cause is not None:
        line.append(f" {say('fix')}: {found.fix()}")
    return [Text(), line]


def story_blocks(rows: Sequence[StoryRow], encoding: str) -> list[Text | Padding]:
    """The diagnosis; policies with the same sentence are grouped."""
    groups: dict[tuple[str, ...], list[StoryRow]] = {}
    for row in rows:
        texts = (row.headline, row.sentence, row.fix, row.rule_says, row.rule_mark, row.rule_reason)
        groups.setdefault(tuple(text.spoken for text in texts), []).append(row)
    blocks: list[Text | Padding] = []
    for group in groups.values():
        blocks += _story(group, encoding)
    return blocks


def _story(group: Sequence[StoryRow], encoding: str) -> list[Text | Padding]:
    row = group[0]
    tick, cross = "✓✗" if is_fancy(encoding) else "+x"
    mark = {True: tick, False: cross, None: "?"}[row.is_good]
    head = Text(f"{mark} {row.headline.spoken}: ", style=_GOOD[row.is_good])
    head.append(", ".join(one_line(each.policy.name) for each in group), style="not bold default")
    lines = [head, Padding(Text(one_line(row.sentence.spoken)), (0, 0, 0, 2))]
    if row.to_mend:
        fix = Text(f"{say('fix')}: {row.fix.spoken}", style="cyan")
        lines.append(Padding(fix, (0, 0, 0, 2)))
    if row.rule_judged != "open":
        rule = Text(f"{say('would_say')}: {row.rule_says.spoken}: ", style="dim")
        rule.append(row.rule_mark.spoken, style="bold")
        rule.append(f". {one_line(row.rule_reason.spoken)}")
        lines.append(Padding(rule, (0, 0, 0, 2)))
    return lines


def story_summary_table(
    lines: Sequence[SummaryLine],
    declared: str,
    encoding: str,
    *,
    compact: bool = False,
    stacked: bool = False,
) -> Table:
    """The published first table, column for column, with measured values and actions.

    `declared` says which regions a script assumes; empty, and the columns are as measured.
    `compact` folds names, `stacked` breaks headings: for narrow terminals.
    """
    frames = max((line.frames for line in lines), default=1)
    note = say("declared_note", regions=declared)
    title = (
        say("summary_declared", frame="", note=note)
        if declared
        else say("summary_measured", frame="")
    )
    table = plain_table(title, compact)
    text = "text" if declared else "instruction"
    keys = ("last_image", f"last_{text}", "mean_image", f"mean_{text}")
    shares = [say(f"column_{key}").replace(" ", "\n" if stacked else " ") for key in keys]
    measured = [f"{say('column_measured')}\n{say('column_instruction')}"] if declared else []
    table.add_column(Text(say("model")), overflow="fold")
    table.add_column(Text(say("instruction")), no_wrap=True)
    for name in ("text_len", *shares, *measured):
        table.add_column(Text(name), justify="right", no_wrap=True)
    table.add_column(Text(say("column_chosen")), overflow="fold")
    for own in _by_policy(lines):
        columns = zip(*(_cells(line, bool(declared), encoding) for line in own), strict=True)
        name = Text(folded(own[0].policy, _NAME_WIDTH if compact else 0))
        table.add_row(name, *(Text("\n").join(column) for column in columns))
    if frames > 1:
        table.caption = Text(say("over_frames", frames=frames), style="dim")
    return table


def _cells(line: SummaryLine, has_declared: bool, encoding: str) -> list[Text]:
    last, mean = line.measured_last, line.measured_mean
    measured: list[str] = []
    if has_declared:
        last, mean = line.declared_last, line.declared_mean
        measured = [_pair(line.measured_mean)[1]]
    figures = [count_text(line.text_len), *_pair(last), *_pair(mean), *measured]
    chosen = Text(", ").join(_action(each, line.frames, encoding) for each in line.chosen)
    return [Text(one_line(line.instruction)), *map(Text, figures), chosen]


def _action(chosen: ChosenAction, frames: int, encoding: str) -> Text:
    tick, cross = "✓✗" if is_fancy(encoding) else "+x"
    mark = {True: (f" {tick}", "green"), False: (f" {cross}", "red"), None: ("", "")}
    text = Text(one_line(chosen.label)).append(*mark[chosen.is_right])
    return text if frames == 1 else text.append(f" {chosen.count}/{frames}")


def _pair(shares: TwoShares | None) -> list[str]:
    return [ABSENT, ABSENT] if shares is None else [percent(shares.image), percent(shares.text)]


def _by_policy(lines: Sequence[SummaryLine]) -> list[list[SummaryLine]]:
    groups: dict[str, list[SummaryLine]] = {}
    for line in lines:
        groups.setdefault(line.policy, []).append(line)
    return list(groups.values())
