"""What a row holds, as a number: rows that attention gave, and sums and means of these.

Numbers grow as a run goes on: of whatever a state is made, that has a smaller one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int

NOTHING = 0
"""A weight, a constant, or an input that no attention has read yet."""

Parts = tuple[tuple[int, float], ...]
"""States, with their shares."""


class Given(NamedTuple):
    """A row of what one computation gave: numbers of the computation, the group and the row."""

    node: int
    group: int
    row: int


class States:
    """The states of one run; equal ones have one number."""

    def __init__(self) -> None:
        self._count = 1
        self._begins: list[int] = []
        self._shapes: list[tuple[int, int, int]] = []
        self._known: dict[tuple[object, ...], int] = {}
        self._owners: dict[int, tuple[Given, ...]] = {}
        self.parts: dict[int, Parts] = {}
        """What sums and means are made of."""
        self.starts: dict[int, tuple[Given, ...]] = {}
        """What these rows held before any attention."""
        self.chosen: dict[int, int] = {}
        """Looked up by a number that a policy chose (a token, a bin), which rests on this state."""
        self.lost: dict[int, str] = {}
        """Rows that are mixed in a way that is not followed; by module."""

    def __len__(self) -> int:
        return self._count

    def rows(self, node: int, groups: int, queries: int) -> Int[torch.Tensor, "group query"]:
        """New ones, for what the computation of this number gave."""
        self._begins.append(self._count)
        self._shapes.append((node, groups, queries))
        self._count += groups * queries
        return torch.arange(self._begins[-1], self._count).reshape(groups, queries)

    def blocks(self) -> list[tuple[int, int, tuple[int, int]]]:
        """Of each computation its number, its first state, and groups and rows."""
        shapes = zip(self._begins, self._shapes, strict=True)
        return [(node, begin, (groups, rows)) for begin, (node, groups, rows) in shapes]

    def given(self, state: int) -> tuple[Given, ...]:
        """Rows of one computation of which it is the mean over groups, or one; else none."""
        if state in self._owners:
            return self._owners[state]
        block = bisect_right(self._begins, state) - 1
        if block < 0:
            return ()
        node, groups, rows = self._shapes[block]
        place = state - self._begins[block]
        return (Given(node, *divmod(place, rows)),) if place < groups * rows else ()

    def summed(self, one: int, two: int) -> int:
        """Half of each; a state that is added to what holds it already changes nothing."""
        if NOTHING in (one, two) or one == two:
            return max(one, two)
        low, high = sorted((one, two))
        return high if self._holds(high, low) else self._of(((low, 0.5), (high, 0.5)), "sum")

    def mean(self, states: Iterable[int], shares: Iterable[float]) -> int:
        """By their shares; what is nothing does not count."""
        counted: dict[int, float] = {}
        for state, share in zip(states, shares, strict=True):
            if state != NOTHING:
                counted[state] = counted.get(state, 0.0) + share
        if len(counted) < 2:
            return next(iter(counted), NOTHING)
        total = sum(counted.values())
        parts = tuple((state, share / total) for state, share in sorted(counted.items()))
        made = self._of(parts, "mean")
        if made not in self._owners:
            found = [self.given(state) for state, _ in parts]
            places = {(each.node, each.row) for given in found for each in given}
            is_one = len(places) == 1 and all(found)
            self._owners[made] = tuple(g for given in found for g in given) if is_one else ()
        return made

    def start(self, state: int) -> int:
        """What the rows of `given(state)` held before any attention."""
        number = self._new("start", state)
        self.starts[number] = self.given(state)
        return number

    def choice(self, state: int) -> int:
        """What was looked up by a number that rests on this state."""
        if state in self.chosen or state == NOTHING:
            return state
        number = self._new("chosen", state)
        self.chosen[number] = state
        return number

    def unknown(self, module: str) -> int:
        """Rows are mixed in this module in a way that is not followed."""
        number = self._new("lost", module)
        self.lost[number] = module
        return number

    def _of(self, parts: Parts, kind: str) -> int:
        number = self._new(kind, parts)
        self.parts[number] = parts
        return number

    def _new(self, kind: str, of: object) -> int:
        if (kind, of) not in self._known:
            self._known[kind, of] = self._count
            self._count += 1
        return self._known[kind, of]

    def _holds(self, high: int, low: int) -> bool:
        """Whether one is a sum over the other, at first hand or by further sums."""
        left, seen = [high], set[int]()
        while left:
            state = left.pop()
            if state == low:
                return True
            if state > low and state not in seen:
                seen.add(state)
                left += [each for each, _ in self.parts.get(state, ()) if each >= low]
        return False


def table_of(pairs: Mapping[int, int], states: torch.Tensor) -> torch.Tensor:
    """Each state replaced by the one that `pairs` has for it, if any."""
    known = torch.tensor(sorted(pairs), dtype=states.dtype)
    if not len(known):
        return states
    others = torch.tensor([pairs[int(each)] for each in known], dtype=states.dtype)
    at = torch.searchsorted(known, states).clamp(max=len(known) - 1)
    return torch.where(known[at] == states, others[at], states)


def mean_along_last(states: States, held: torch.Tensor) -> torch.Tensor:
    """Of (row, entry) numbers the mean of each row, most of which hold one state all along."""
    if held.shape[1] == 0:
        return held.new_zeros(held.shape[0])
    changes = (held[:, 1:] != held[:, :-1]).any(dim=0)
    begins = torch.cat([torch.tensor([0]), torch.nonzero(changes).flatten() + 1])
    if len(begins) == 1:
        return held[:, 0]
    ends = torch.cat([begins[1:], torch.tensor([held.shape[1]])])
    shares = (ends - begins).tolist()
    rows, where = torch.unique(held[:, begins], dim=0, return_inverse=True)
    means = [states.mean(row, shares) for row in rows.tolist()]
    return torch.tensor(means, dtype=held.dtype)[where]


def paired(one: torch.Tensor, two: torch.Tensor, join: Callable[[int, int], int]) -> torch.Tensor:
    """`join(a, b)` where both hold something, and not the same; else what one of them holds."""
    found = torch.where(one == NOTHING, two, one)
    apart = (one != two) & (one != NOTHING) & (two != NOTHING)
    if not bool(apart.any()):
        return found
    pairs = torch.stack([one[apart], two[apart]], dim=1)
    unique, where = torch.unique(pairs, dim=0, return_inverse=True)
    joined = torch.tensor([join(a, b) for a, b in unique.tolist()], dtype=found.dtype)
    found[apart] = joined[where]
    return found


def distinct(held: Sequence[torch.Tensor]) -> list[int]:
    """States that are held anywhere."""
    if not held:
        return []
    found = torch.unique(torch.cat([each.reshape(-1) for each in held]))
    return [state for state in found.tolist() if state != NOTHING]
