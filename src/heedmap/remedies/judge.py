"""From what was answered before and after to cells, outcomes and a recommendation.

A remedy helps where it gains following (by `LEAST_GAIN`, and surely: a sign-flip permutation test
over episodes, adjusted for how many remedies were tried) and no side effect got worse beyond the
interval of its change. Cells that were not measured decide nothing, and the sentence names them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heedmap.auditing.measures.stats import benjamini_hochberg, mean_interval, paired_p_value
from heedmap.ladder.causes import NO_FAULT, Cause
from heedmap.ladder.thresholds import NEARLY_ALL_SHARE, SIGNIFICANT_P
from heedmap.remedies.questions import Key, Questions, Values
from heedmap.remedies.result import CELLS, Cell, CellName, Outcome, Tried, Verdict

LEAST_GAIN = 0.05
"""Of following (0..1): a remedy that gains less is not worth its side effects."""


def cells_of(
    questions: Questions, values: Values, before: Values | None = None, seed: int = 0
) -> tuple[Cell, ...]:
    """One cell a question; with `before`, also how it changed, over what both answered."""
    return tuple(_cell(name, questions, values, before, seed) for name in CELLS)


def gain_p_value(questions: Questions, after: Values, before: Values, seed: int) -> float | None:
    """One-sided, that following gained nothing; None with one episode, or nothing to compare."""
    keys = _keys("following", after, before)
    if not keys:
        return None
    return (
        paired_p_value(
            np.array([after[k] - before[k] for k in keys]), _clusters(questions, keys), seed=seed
        )
        if any(after[k] != before[k] for k in keys)
        else 1.0
    )


def adjusted(tried: Sequence[Tried]) -> tuple[Tried, ...]:
    """With p-values adjusted for all that were tried, and the outcome that follows."""
    p_values = benjamini_hochberg([each.p_value for each in tried])
    return tuple(
        each.model_copy(update={"p_value": p, "outcome": _outcome(each, p)})
        for each, p in zip(tried, p_values, strict=True)
    )


def recommended(tried: Sequence[Tried]) -> int | None:
    """The place of the remedy that follows best among those that help; of equals the cheaper."""
    helpful = [number for number, each in enumerate(tried) if each.outcome == "helps"]
    return max(helpful, key=lambda n: (_followed(tried[n]), -(tried[n].passes or 1)), default=None)


def follows_already(before: Sequence[Cell], cause: Cause, *, is_labelled: bool) -> bool:
    """Whether nothing needs a remedy: nearly all is followed, or the audit found no fault."""
    following = next(cell.found for cell in before if cell.name == "following")
    if following is None:
        return cause in NO_FAULT
    return following.value >= NEARLY_ALL_SHARE or (cause in NO_FAULT and not is_labelled)


def verdict_of(tried: Sequence[Tried], place: int | None) -> Verdict:
    """After everything that fits was tried."""
    if place is not None:
        return "recommended"
    return "none_helps" if any(each.outcome != "not_applied" for each in tried) else "nothing_fits"


def _outcome(tried: Tried, p_value: float | None) -> Outcome:
    if tried.outcome == "not_applied":
        return tried.outcome
    if tried.worse:
        return "breaks"
    change = tried.cell("following").change
    gains = change is not None and change.value >= LEAST_GAIN
    return "helps" if gains and p_value is not None and p_value <= SIGNIFICANT_P else "no_gain"


def _followed(tried: Tried) -> float:
    found = tried.cell("following").found
    return 0.0 if found is None else found.value


def _cell(
    name: CellName, questions: Questions, values: Values, before: Values | None, seed: int
) -> Cell:
    if name in questions.missing:
        return Cell(name=name, missing=questions.missing[name])
    keys = _keys(name, values, values)
    if not keys:
        return Cell(name=name, missing="refused")
    asked = len({(q.trial, q.text) for q in questions.asked if q.cell == name})
    found = mean_interval(
        np.array([values[key] for key in keys]),
        _clusters(questions, keys),
        seed=seed,
        left_out=asked - len(keys),
    )
    shared = [] if before is None else _keys(name, values, before)
    if before is None or not shared:
        return Cell(name=name, found=found)
    differences = np.array([values[key] - before[key] for key in shared])
    change = mean_interval(differences, _clusters(questions, shared), seed=seed)
    return Cell(name=name, found=found, change=change)


def _keys(name: CellName, one: Values, two: Values) -> list[Key]:
    return [key for key in one if key[0] == name and key in two]


def _clusters(questions: Questions, keys: Sequence[Key]) -> list[str]:
    return [questions.trials[number].cluster for _, number, _ in keys]
