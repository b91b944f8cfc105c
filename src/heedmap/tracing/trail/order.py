"""Whether rows are computed one after the other, each from those before it: a scan or a loop."""

from __future__ import annotations

from collections.abc import Sequence, Set

from heedmap.tracing.trail import kinds
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.recording import Operator, Recording, Value, makers


def steps_before(
    words: Differences,
    operator: Operator,
    source: Value,
    rows: Sequence[int],
    positions: Sequence[int],
) -> Operator | None:
    """Where rows that come before those that differ are computed one by one; None where not.

    `operator` picks `rows` of `source`, which differs at `positions`. Either the rows that were
    made one by one are put together again before that, or each step picks its own row, and those of
    the words add to a state that the action was read from before.
    """
    if not rows or max(rows) >= min(positions):
        return None
    base = words.base
    for number in sorted(_made_by(base, source), reverse=True):
        made = base.operators[number]
        is_of_steps = made.short_name in ("stack", "cat")
        if is_of_steps and _is_of_states(base, made, max(rows), min(positions)):
            return made
    return _added_after(words, operator, source, max(rows))


def _is_of_states(base: Recording, together: Operator, row: int, later: int) -> bool:
    """Whether a later step takes what an earlier one, from the second on, first computed."""
    steps, row = together.inputs, max(row, 1)
    if not row < later < len(steps):
        return False
    before, at, after = (_made_by(base, steps[index]) for index in (row - 1, row, later))
    return bool((at - before) & after)


def _added_after(
    words: Differences, operator: Operator, source: Value, row: int
) -> Operator | None:
    """Where the words come into a state from which the action was read before.

    That is a loop over positions: each row up to the one that was read was picked for itself.
    """
    base = words.base
    ancestors = base.ancestors()
    picks = {
        number
        for number in ancestors
        if base.operators[number].short_name in kinds.PICKING
        and any(_is_same(each, source) for each in base.operators[number].inputs[:1])
    }
    if operator.number not in picks or len(picks) <= row:
        return None
    states = _resting_on(base, picks)
    for later in base.operators[operator.number + 1 :]:
        if later.number in ancestors:
            continue
        pairs = words.input_pairs(later.number)
        differing = [words.between(one, two).is_any for one, two in pairs]
        kept = [one for (one, _), differs in zip(pairs, differing, strict=True) if not differs]
        if any(differing) and any(states.intersection(each.made_by) for each in kept):
            return later
    return None


def _is_same(one: Value, two: Value) -> bool:
    """Whether these are one tensor, or views of it that are alike."""
    is_alike = one.place is not None and one.place == two.place
    return one is two or (is_alike and one.tensor.shape == two.tensor.shape)


def _resting_on(base: Recording, sources: Set[int]) -> set[int]:
    found = set(sources)
    for operator in base.operators:
        if any(number in found for value in operator.inputs for number in value.made_by):
            found.add(operator.number)
    return found


def _made_by(base: Recording, value: Value) -> set[int]:
    return {number for each in makers(base.operators, value) for number in each.made_by}
