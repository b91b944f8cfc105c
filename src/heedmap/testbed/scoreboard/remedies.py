"""Remedies on planted faults: which helps against which cause is known, and is measured here.

Every remedy is tried on every policy, also those that its cause does not call for, so that the
table shows what each cannot do. Run by `python -m benchmarks.remedies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from heedmap.ladder.causes import Cause
from heedmap.remedies.remedy import shelf
from heedmap.remedies.result import REMEDIES, RemedyName, Tried
from heedmap.remedies.trying import try_remedies
from heedmap.remedies.tuning import cause_of
from heedmap.remedies.watched import Kept
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.planted import Plant, load_base, short_list
from heedmap.types import Logits

NULL = ""
"""Without words, as a weakly conditioned policy falls back to."""
WEIGHT = 0.2
"""Of the words, where they count too little."""
FRAMES = 16


class WeaklyConditioned(nn.Module):
    """What the words change counts for a fifth, so that the frame mostly decides."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor, instructions: list[str]) -> Logits:
        """Action logits between those without words and those with them."""
        without = self.network(pixels, [NULL] * len(instructions))
        return without + WEIGHT * (self.network(pixels, instructions) - without)


@dataclass(frozen=True)
class Row:
    """One policy: how often it follows other instructions, and under each remedy."""

    plant: str
    cause: Cause
    """What the audit of the same frames names."""
    before: float
    best: Mapping[RemedyName, Tried | None]
    """Of a remedy's settings the one that follows most; None where it is not applied."""


def policies() -> list[Plant]:
    """One of every cause that is planted, and one whose words count too little."""
    weak = Plant("weakly_conditioned", "partial", short_list()[0].base, WeaklyConditioned)
    return [*short_list(), weak]


def tried_on(plant: Plant, frames: int = FRAMES) -> Row:
    """Every remedy at inference on a plant's held-out cases."""
    trials = case_trials(frames, plant.style)
    base = load_base(plant.base)
    module = plant.build(cast("TinyKosmos2Policy", base)) if plant.build else base
    policy = bare_policy(plant.name, module)
    kept = Kept.of(policy)
    cause = cause_of(policy, trials)
    names: list[RemedyName] = [name for name in REMEDIES if name != "finetuned"]
    known = [text for trial in trials for text in trial.instructions.values()]
    found = try_remedies(policy, trials, cause, names=names, remedies=shelf(known=known), kept=kept)
    before = next(cell.found for cell in found.before if cell.name == "following")
    assert before is not None, plant.name
    return Row(plant.name, cause, before.value, {name: _best(found.tried, name) for name in names})


def table(rows: Sequence[Row]) -> str:
    """Markdown: percent of other instructions followed; bold where the remedy helps."""
    names = list(rows[0].best)
    lines = [
        " | ".join(["| planted", "audit's cause", "as it is", *map(_title, names)]) + " |",
        "|---" * (3 + len(names)) + "|",
    ]
    for row in rows:
        cells = [_cell(row.best[name]) for name in names]
        lines.append(" | ".join([f"| {row.plant}", row.cause, f"{row.before:.0%}", *cells]) + " |")
    return "\n".join(lines)


def _best(tried: Sequence[Tried], name: RemedyName) -> Tried | None:
    own = [each for each in tried if each.remedy == name and each.outcome != "not_applied"]
    return max(own, key=_rank, default=None)


def _rank(tried: Tried) -> tuple[bool, float]:
    found = tried.cell("following").found
    return tried.outcome == "helps", found.value if found else 0.0


def _title(name: RemedyName) -> str:
    return name.replace("_", " ")


def _cell(tried: Tried | None) -> str:
    if tried is None:
        return "not applied"
    found = tried.cell("following").found
    share = "?" if found is None else f"{found.value:.0%}"
    return f"**{share}**" if tried.outcome == "helps" else share
