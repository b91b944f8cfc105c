"""The result in the terminal: the story first; in full, every table that there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say, spoken
from heedmap.phrase import said_again
from heedmap.record.disagreements import Disagreement, policy_disagreements
from heedmap.record.record import Case, PolicyResult
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.ladder_table import ladder_table, rung_table
from heedmap.report.page.story import story_rows
from heedmap.report.rich_tables import (
    accuracy_table,
    by_policy,
    measured_per_layer_table,
    measured_table,
    of_frame,
    published_per_layer_table,
    published_summary_table,
    side_by_side_table,
)
from heedmap.report.rung_cells import RUNG_TABLES
from heedmap.report.summary_lines import action_label, summary_lines
from heedmap.report.tables import LayerRow, cases, layer_rows
from heedmap.report.terminal_story import (
    given_lines,
    is_fancy,
    story_blocks,
    story_summary_table,
)
from heedmap.report.wording import claim_text, declared_text
from heedmap.visible import one_line

__all__ = ["print_result", "published_per_layer_table"]

PUBLISHED_FORM_UP_TO_LAYERS = 6
"""Deeper policies get one line per layer, their instructions side by side."""

INSTRUCTIONS_PER_TABLE = 3
"""As many as fit side by side into 80 columns."""


_KINDS: tuple[LayoutKind, LayoutKind] = ("declared", "measured")


def print_result(result: Result, console: Console, *, full: bool = False) -> None:
    """Print the story: what was given, the ladder, what became of it, the shares.

    `full` adds every figure, frame and layer, and what is known of each policy.
    """
    record = result.record
    console.print(*given_lines(record), sep="\n")
    ladder = partial(ladder_table, record.policies, encoding=console.encoding)
    print_fitting(
        console, ladder, partial(ladder, compact=True), partial(ladder, compact=True, fold=True)
    )
    console.print()
    console.print(Text(say("what_became"), style="bold"))
    for block in story_blocks(story_rows(result), console.encoding):
        console.print(block)
    _print_random_weights(record.policies, console)
    if full:
        _print_all(result, console)
        return
    _print_summary(result, console)
    _print_disagreeing(record.policies, console)
    console.print(Text(say("more_with_full"), style="dim"))


def _print_summary(result: Result, console: Console) -> None:
    """The shares of policies that let their attention be seen, and what all of them do."""
    policies = result.record.policies
    lines = [line for policy in policies for line in summary_lines(result, policy)]
    if not lines:
        return
    build = partial(story_summary_table, lines, declared_text(policies), console.encoding)
    close = partial(build, compact=True)
    print_fitting(console, build, close, partial(close, stacked=True))
    console.print(Text(say("absent_note"), style="dim"))


def _print_random_weights(policies: Sequence[PolicyResult], console: Console) -> None:
    for policy in policies:
        if policy.loaded is not None and (missing := policy.loaded.random_weights):
            line = say("random_weights", count=len(missing), first=missing[0])
            console.print(Text(f"{one_line(policy.name)}: {line}", style="bold red"))


def _print_disagreeing(policies: Sequence[PolicyResult], console: Console) -> None:
    """In short: how many policies have declared regions that are not what they claim."""
    count = sum(bool(policy_disagreements(policy)) for policy in policies)
    if count:
        line = say("regions_disagree", count=count, total=len(policies))
        console.print(Text(line, style="yellow"))


def _print_all(result: Result, console: Console) -> None:
    """Every table, then per policy what is known of it, then what disagrees."""
    for which in RUNG_TABLES:
        rung = partial(rung_table, which, result.record.policies)
        close = partial(rung, compact=True)
        print_fitting(console, rung, close, partial(close, fold=True))
    has_declared = any("declared" in c.layouts for p in result.record.policies for c in p.cases)
    for frame in result.record.frames:
        if has_declared:
            _print_table(console, partial(published_summary_table, result, frame.name))
        for scope in ("last", "mean"):
            _print_table(console, partial(measured_table, result, scope, frame.name))
    _print_layers(result, console)
    console.print(Text(say("absent_note"), style="dim"))
    for policy in result.record.policies:
        _print_policy(result, policy, console)
    _print_warnings(result, console)
    if (accuracy := accuracy_table(result)) is not None:
        console.print()
        console.print(accuracy)


def _print_layers(result: Result, console: Console) -> None:
    is_shallow = all(p.layers <= PUBLISHED_FORM_UP_TO_LAYERS for p in result.record.policies)
    for frame in result.record.frames:
        rows: dict[LayoutKind, list[list[LayerRow]]] = {
            kind: by_policy(layer_rows(result, kind), frame.name) for kind in _KINDS
        }
        if is_shallow:
            if rows["declared"]:
                _print_table(console, partial(published_per_layer_table, result, frame.name))
            _print_table(console, partial(measured_per_layer_table, result, frame.name))
            continue
        for policy in result.record.policies:
            for kind in _KINDS:
                own = [row for group in rows[kind] for row in group if row.policy == policy.name]
                for names in _chunks(list(dict.fromkeys(row.instruction for row in own))):
                    chosen = [row for row in own if row.instruction in names]
                    _print_table(console, partial(side_by_side_table, result, kind, chosen))


def _print_policy(result: Result, policy: PolicyResult, console: Console) -> None:
    console.print()
    console.print(Text(one_line(policy.name), style="bold"))
    for stack in policy.measurements.stacks:
        if stack.taken:
            console.print(
                Text(f"{stack.pattern}: {said_again(stack.reason, spoken())}", style="dim")
            )
    expected = {i.name: i.expected_action for i in result.record.instructions}
    for frame in result.record.frames:
        line = Text(f"{say('chosen')}{of_frame(result, frame.name)}: ")
        chosen = [case for case in cases(result, policy) if case.frame == frame.name]
        parts = [_chosen(case, expected[case.instruction], console) for case in chosen]
        console.print(line.append_text(Text(", ").join(parts)))


def _chosen(case: Case, expected: str | None, console: Console) -> Text:
    """The action under one instruction, with a mark where the right one is known."""
    tick, cross, arrow = "✓✗→" if is_fancy(console.encoding) else ("+", "x", "->")
    text = Text(f"{one_line(case.instruction)} {arrow} {one_line(action_label(case))}")
    is_right = case.action.meets(expected)
    if is_right is None or expected is None:
        return text
    if is_right:
        return text.append(f" {tick}", style="green")
    return text.append(f" {cross} ({say('expected', action=expected)})", style="red")


def _print_warnings(result: Result, console: Console) -> None:
    """Declared regions that are measured otherwise; policies with the same findings are grouped."""
    found: list[tuple[list[Disagreement], list[str]]] = []
    for policy in result.record.policies:
        claims = policy_disagreements(policy)
        same = [names for known, names in found if known == claims]
        if same:
            same[0].append(policy.name)
        elif claims:
            found.append((claims, [policy.name]))
    for claims, names in found:
        console.print()
        title = f"{say('warning')}: {', '.join(map(one_line, names))}"
        console.print(Text(title, style="bold yellow"))
        for claim in claims:
            console.print(Text(f"- {one_line(claim_text(claim))}", style="yellow"))


def _print_table(console: Console, build: Callable[..., Table]) -> None:
    """Print a table as it is where the terminal is wide enough, otherwise compact."""
    print_fitting(console, build, partial(build, compact=True))


def print_fitting(console: Console, *builds: Callable[[], Table | None]) -> None:
    """Print the first of several forms of a table that fits, else the last; if there is one."""
    unbounded = console.options.update(width=10_000)
    for build in builds:
        table = build()
        if table is None:
            return
        fits = console.measure(table, options=unbounded).maximum <= console.width
        if fits or build is builds[-1]:
            console.print()
            console.print(table)
            return


def _chunks(names: list[str]) -> list[list[str]]:
    step = INSTRUCTIONS_PER_TABLE
    return [names[start : start + step] for start in range(0, len(names), step)]
