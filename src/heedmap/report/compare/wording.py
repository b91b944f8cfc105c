"""Figures and differences of a comparison as words, the same wherever they are shown."""

from __future__ import annotations

from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import unit_name
from heedmap.report.compare.comparison import Comparison, Note
from heedmap.report.compare.differences import Difference
from heedmap.report.wording import ABSENT, percent


def note_text(note: Note, language: Language | None = None) -> str:
    """What is, or is not, the same in a run."""
    return say(note.key, language, **note.details)


def lead_text(comparison: Comparison, language: Language | None = None) -> str:
    """How many policies of how many runs, and against which."""
    return say(
        "compare_lead",
        language,
        policies=len(comparison.entries),
        runs=len(comparison.sources),
        baseline=comparison.baseline.name,
    )


def figure_text(item: Difference, language: Language | None = None) -> str:
    """The figure's name, with its unit where it has one."""
    name = say(item.figure.name, language)
    return name if item.unit is None else f"{name} ({unit_name(item.unit, language)})"


def value_text(item: Difference, value: float | None) -> str:
    """A figure of one policy; not measured is a dash."""
    if value is None:
        return ABSENT
    return percent(value) if item.figure.form == "percent" else f"{value:.2f}"


def difference_text(item: Difference, language: Language | None = None) -> str:
    """The difference, of a share in percentage points; with its interval where that has a width."""
    if item.difference is None:
        return ABSENT
    words = words_in(language)
    text = _signed(item, item.difference)
    if item.low is not None and item.high is not None and item.low != item.high:
        interval = {"low": _signed(item, item.low), "high": _signed(item, item.high)}
        text = words("difference_interval", difference=text, **interval)
    return f"{text} {words('points')}" if item.figure.form == "percent" else text


def p_text(p_value: float | None) -> str:
    """A p-value; nothing was tested where it is a dash."""
    return ABSENT if p_value is None else f"{p_value:.4f}"


def why_text(item: Difference, language: Language | None = None) -> str:
    """Why there is no interval, or no difference; empty where there is nothing to say."""
    return "" if item.why is None else say(item.why, language)


def _signed(item: Difference, value: float) -> str:
    shown = f"{100 * value:+.1f}" if item.figure.form == "percent" else f"{value:+.2f}"
    if not any(digit in "123456789" for digit in shown):
        shown = shown.lstrip("+-")  # nothing but zeros has no sign
    return shown
