"""Actions under each instruction: means over frames with their 95 % intervals."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.ladder.evidence import ActionUnder
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject
from heedmap.report.figures.style import INK, data_of

_ROW_PX = 24
_MOST_DIMENSIONS = 8


def actions(subject: Subject) -> Figure | None:
    """A panel an instruction: probability of every class, or value of every dimension."""
    values = _over_trials(subject) or _of_frame(subject)
    if not values:
        return None
    words = subject.words
    is_discrete = subject.policy.action_names is not None
    names = list(dict.fromkeys(value["instruction"] for value in values))
    labels = list(dict.fromkeys(value["action"] for value in values))
    width = max(110, (PANELS_WIDTH_PX - 80) // len(names))
    x = alt.X(
        "value:Q",
        title=words("probability_axis" if is_discrete else "value_axis"),
        axis=alt.Axis(format=".0%" if is_discrete else ".3~g", tickCount=3),
    )
    if is_discrete:
        x = x.scale(domain=[0, 1])
    y = alt.Y("action:N", sort=labels, title=None, axis=alt.Axis(ticks=False))
    asked = alt.Color(
        "asked:N",
        title=None,
        scale=alt.Scale(
            domain=[words("asked_for"), words("not_asked_for")],
            range=[COLORS["instruction"], COLORS["image"]],
        ),
    )
    base = alt.Chart().encode(y=y)
    amount = base.mark_bar(height=11) if is_discrete else base.mark_point(filled=True, size=60)
    layers = [
        amount.encode(x=x, color=asked, description=alt.Description("tip:N")),
        base.transform_filter("datum.low != null")
        .mark_rule(color=INK, strokeWidth=2, aria=False)
        .encode(x=alt.X("low:Q"), x2=alt.X2("high:Q")),
    ]
    chart = (
        alt.layer(*layers, data=data_of(values))
        .properties(width=width, height=_ROW_PX * len(labels))
        .facet(column=alt.Column("instruction:N", title=None, sort=names))
    )
    return subject.figure("actions", chart, _caption(subject))


def _caption(subject: Subject) -> str:
    facts = subject.policy.measurements.obeyed
    if facts is None or not facts.actions:
        return subject.words("actions_one_frame", frame=subject.frame.name)
    amount = facts.actions[0].amount
    return subject.words("actions_caption", frames=amount.n, clusters=amount.clusters)


def _over_trials(subject: Subject) -> list[dict[str, Any]]:
    facts = subject.policy.measurements.obeyed
    if facts is None:
        return []
    shown = set(list(dict.fromkeys(each.action for each in facts.actions))[:_MOST_DIMENSIONS])
    if subject.policy.action_names is not None:
        shown = set(subject.policy.action_names)
    return [
        _value(subject, each, each.amount.value, each.amount.low, each.amount.high)
        for each in facts.actions
        if each.action in shown
    ]


def _value(
    subject: Subject, each: ActionUnder, value: float, low: float | None, high: float | None
) -> dict[str, Any]:
    return _row(subject, each.instruction, each.action, value, low, high)


def _of_frame(subject: Subject) -> list[dict[str, Any]]:
    """One frame's actions, without intervals: what an older record holds."""
    found: list[dict[str, Any]] = []
    for case in subject.cases:
        chosen = case.action.probabilities
        if chosen is None:
            numbered = enumerate(case.action.values[:_MOST_DIMENSIONS])
            chosen = {f"dim{index}": value for index, value in numbered}
        for action, value in chosen.items():
            found.append(_row(subject, case.instruction, action, value, None, None))
    return found


def _row(
    subject: Subject,
    instruction: str,
    action: str,
    value: float,
    low: float | None,
    high: float | None,
) -> dict[str, Any]:
    words = subject.words
    wanted = {i.name: i.expected_action for i in subject.result.record.instructions}
    expected = (wanted.get(instruction) or "").strip().lower()
    is_asked = expected.split(":")[0] == action.lower() if expected else False
    shown = f"{value:.1%}" if subject.policy.action_names is not None else f"{value:.3g}"
    interval = ""
    if low is not None and high is not None:
        form = ".1%" if subject.policy.action_names is not None else ".3g"
        interval = f" ({low:{form}} – {high:{form}})"
    return {
        "instruction": instruction,
        "action": action,
        "value": round(value, 5),
        "low": low,
        "high": high,
        "asked": words("asked_for") if is_asked else words("not_asked_for"),
        "tip": f"{instruction} → {action}: {shown}{interval}",
    }
