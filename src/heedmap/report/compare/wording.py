"""Figures and differences of a comparison as words, the same wherever they are shown."""

from __future__ import annotations

from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import unit_name
from heedmap.report.compare.comparison import Comparison, Note
from heedmap.report.compare.differences import Difference
from heedmap.report.wording import ABSENT, percent


def note_text(note: Note, language: Language = "en") -> str:
    """What is, or is not, the same in a run."""
    return say(note.key, language, **note.details)


def lead_text(comparison: Comparison, language: Language = "en") -> str:
    """How many policies of how many runs, and against which."""
    return say(
        "compare_lead",
        language,
        policies=len(comparison.entries),
        runs=len(comparison.sources),
        baseline=comparison.baseline.name,
    )


def figure_text(told: Difference, language: Language = "en") -> str:
    """The figure's name, with its unit where it has one."""
    name = say(told.figure.name, language)
    return name if told.unit is None else f"{name} ({unit_name(told.unit, language)})"


def value_text(told: Difference, value: float | None) -> str:
    """A figure of one policy; not measured is a dash."""
    if value is None:
        return ABSENT
    return percent(value) if told.figure.form == "percent" else f"{value:.2f}"


def difference_text(told: Difference, language: Language = "en") -> str:
    """The difference with its interval, in percentage points where the figure is a share."""
    if told.difference is None:
        return ABSENT
    words = words_in(language)
    text = _signed(told, told.difference)
    if told.low is not None and told.high is not None:
        interval = {"low": _signed(told, told.low), "high": _signed(told, told.high)}
        text = words("difference_interval", difference=text, **interval)
    return f"{text} {words('points')}" if told.figure.form == "percent" else text


def p_text(p_value: float | None) -> str:
    """A p-value; nothing was tested where it is a dash."""
    return ABSENT if p_value is None else f"{p_value:.4f}"


def why_text(told: Difference, language: Language = "en") -> str:
    """Why there is no interval, or no difference; empty where there is nothing to say."""
    return "" if told.why is None else say(told.why, language)


def _signed(told: Difference, value: float) -> str:
    shown = f"{100 * value:+.1f}" if told.figure.form == "percent" else f"{value:+.2f}"
    if not any(digit in "123456789" for digit in shown):
        shown = shown.lstrip("+-")  # nothing but zeros has no sign
    return shown
