"""A comparison for machines."""

from __future__ import annotations

from typing import Any

from heedmap.report.compare.comparison import Comparison
from heedmap.report.compare.differences import Difference, differences
from heedmap.report.compare.wording import note_text
from heedmap.visible import unobeyed_json


def comparison_json(comparison: Comparison) -> str:
    """Verdicts, what is the same, and every difference; null is not measured."""
    content = {
        "baseline": comparison.baseline.name,
        "notes": [note_text(note) for note in comparison.notes],
        "policies": [
            {
                "name": entry.name,
                "run": entry.source.label,
                "policy": entry.policy.name,
                "cause": entry.policy.verdict.cause,
                "rungs": {name: rung.status for name, rung in entry.policy.verdict.rungs.items()},
            }
            for entry in comparison.entries
        ],
        "differences": [_fields(each) for each in differences(comparison)],
    }
    return unobeyed_json(content)


def _fields(each: Difference) -> dict[str, Any]:
    """Shares are 0..1 here, as in records; `figure` and `why` are short codes."""
    fields = {key: value for key, value in vars(each).items() if key != "figure"}
    why = None if each.why is None else each.why.removeprefix("why_")
    return {"figure": each.figure.name.removeprefix("figure_"), **fields, "why": why}
