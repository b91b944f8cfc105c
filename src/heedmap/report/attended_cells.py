"""The figures of rung 4 as text, the same in the terminal and on the page."""

from __future__ import annotations

from heedmap.report.wording import ABSENT, percent
from heedmap.verdict import AttendedFacts

ATTENDED_COLUMNS = (
    "attended_share",
    "attended_last",
    "attended_lift",
    "attended_read",
    "attended_rollout",
    "attended_ivar",
    "attended_shuffled",
    "attended_nonsense",
    "attended_heads",
)
"""Keys of the columns' headings in `TEXTS`."""


def attended_cells(facts: AttendedFacts) -> list[str]:
    """One cell a column of `ATTENDED_COLUMNS`."""
    return [
        percent(facts.share),
        percent(facts.last_layer_share),
        ABSENT if facts.lift is None else f"{facts.lift:.2f}",
        percent(facts.value_share),
        percent(facts.rollout_share),
        percent(facts.ivar),
        percent(facts.null_shuffled_weights),
        percent(facts.null_nonsense),
        " ".join(map(str, facts.heads_alive_by_layer)),
    ]
