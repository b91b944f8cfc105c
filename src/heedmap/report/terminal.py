"""The result in the terminal: the seed's two tables, the same as measured, what they mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.disagreements import Disagreement, policy_disagreements
from heedmap.record import Case, PolicyResult
from heedmap.report.ladder_table import ladder_table, rung_table
from heedmap.report.rich_tables import (
    accuracy_table,
    by_policy,
    measured_per_layer_table,
    measured_table,
    of_frame,
    seed_per_layer_table,
    seed_summary_table,
    side_by_side_table,
)
from heedmap.report.rung_cells import RUNG_TABLES
from heedmap.report.tables import LayerRow, cases, layer_rows
from heedmap.report.texts import TEXTS
from heedmap.report.wording import claim_text
from heedmap.result import Result
from heedmap.tables import LayoutKind

__all__ = ["print_result", "seed_per_layer_table"]

SEED_FORM_UP_TO_LAYERS = 6
"""Deeper policies get one line per layer, their instructions side by side."""

INSTRUCTIONS_PER_TABLE = 3
"""As many as fit side by side into 80 columns."""

_WORDS = TEXTS["en"]
_KINDS: tuple[LayoutKind, LayoutKind] = ("declared", "measured")


def print_result(result: Result, console: Console, *, per_layer: bool = True) -> None:
    """Print the ladder, every table, then per policy its verdict, actions and warnings.

    `per_layer=False` leaves out the tables with one row per layer.
    """
    _print_fitting(
        console, partial(ladder_table, result.record.policies, encoding=console.encoding)
    )
    for which in RUNG_TABLES:
        _print_fitting(console, partial(rung_table, which, result.record.policies))
    has_declared = any("declared" in c.layouts for p in result.record.policies for c in p.cases)
    for frame in result.record.frames:
        if has_declared:
            _print_fitting(console, partial(seed_summary_table, result, frame.name))
        for which in ("last", "mean"):
            _print_fitting(console, partial(measured_table, result, which, frame.name))
    if per_layer:
        _print_layers(result, console)
    console.print(Text(_WORDS["absent_note"], style="dim"))
    for policy in result.record.policies:
        _print_policy(result, policy, console)
    _print_warnings(result, console)
    if (accuracy := accuracy_table(result)) is not None:
        console.print()
        console.print(accuracy)


def _print_layers(result: Result, console: Console) -> None:
    is_shallow = all(p.layers <= SEED_FORM_UP_TO_LAYERS for p in result.record.policies)
    for frame in result.record.frames:
        rows: dict[LayoutKind, list[list[LayerRow]]] = {
            kind: by_policy(layer_rows(result, kind), frame.name) for kind in _KINDS
        }
        if is_shallow:
            if rows["declared"]:
                _print_fitting(console, partial(seed_per_layer_table, result, frame.name))
            _print_fitting(console, partial(measured_per_layer_table, result, frame.name))
            continue
        for policy in result.record.policies:
            for kind in _KINDS:
                own = [row for group in rows[kind] for row in group if row.policy == policy.name]
                for names in _chunks(list(dict.fromkeys(row.instruction for row in own))):
                    chosen = [row for row in own if row.instruction in names]
                    _print_fitting(console, partial(side_by_side_table, result, kind, chosen))


def _print_policy(result: Result, policy: PolicyResult, console: Console) -> None:
    console.print()
    console.print(Text(policy.name, style="bold"))
    for stack in policy.measurements.stacks:
        if stack.taken:
            console.print(Text(f"{stack.pattern}: {stack.reason}", style="dim"))
    if policy.loaded is not None and (missing := policy.loaded.random_weights):
        told = _WORDS["random_weights"].format(count=len(missing), first=missing[0])
        console.print(Text(told, style="bold red"))
    console.print(Text(policy.verdict.sentence))
    console.print(Text(f"{_WORDS['fix']}: {policy.verdict.fix}", style="cyan"))
    console.print(Text(policy.sentence, style="dim"))
    expected = {i.name: i.expected_action for i in result.record.instructions}
    for frame in result.record.frames:
        line = Text(f"{_WORDS['chosen']}{of_frame(result, frame.name)}: ")
        chosen = [case for case in cases(result, policy) if case.frame == frame.name]
        parts = [_chosen(case, expected[case.instruction], console) for case in chosen]
        console.print(line.append_text(Text(", ").join(parts)))


def _chosen(case: Case, expected: str | None, console: Console) -> Text:
    """The action under one instruction, with a mark where the right one is known."""
    tick, cross, arrow = "✓✗→" if console.encoding.startswith("utf") else ("+", "x", "->")
    if case.action.name is None:
        values = ", ".join(f"{value:.3g}" for value in case.action.values)
        return Text(f"{case.instruction} {arrow} ({values})")
    text = Text(f"{case.instruction} {arrow} {case.action.name}")
    if expected is None:
        return text
    if case.action.name == expected:
        return text.append(f" {tick}", style="green")
    return text.append(f" {cross} ({_WORDS['expected'].format(action=expected)})", style="red")


def _print_warnings(result: Result, console: Console) -> None:
    """What is declared but not so; policies with the same findings are told together."""
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
        title = f"{_WORDS['warning']}: {', '.join(names)}"
        console.print(Text(title, style="bold yellow"))
        for claim in claims:
            console.print(Text(f"- {claim_text(claim)}", style="yellow"))


def _print_fitting(console: Console, build: Callable[..., Table | None]) -> None:
    """Print a table, if any: as it is where the terminal is wide enough, else compact."""
    wide = build()
    if wide is None:
        return
    unbounded = console.options.update(width=10_000)
    fits = console.measure(wide, options=unbounded).maximum <= console.width
    console.print()
    console.print(wide if fits else build(compact=True))


def _chunks(names: list[str]) -> list[list[str]]:
    step = INSTRUCTIONS_PER_TABLE
    return [names[start : start + step] for start in range(0, len(names), step)]
