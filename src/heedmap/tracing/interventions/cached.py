"""Knockouts the cheapest way that was shown to be exact.

In a causal decoder nothing depends on the action row but the action, so a knockout on it is
one step of one row over keys and values that stay as they were; and a cut at layer l starts
at layer l. Where the rows that a cut touches are not seen by the others, few rows are run
for many knockouts together (`heedmap.tracing.shared_prefix.branches`). Where they are, or the
policy's own code does not take it, every knockout is a forward pass of its own. Which way it
was, and why, is recorded: it is decided by running some both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from heedmap.data.observation import Observation
from heedmap.ladder.evidence import KnockoutPath
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import BatchSize, in_batches
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.interventions.knockout import Edges, Knockout, KnockoutRun, act_under
from heedmap.tracing.shared_prefix.attend import Together
from heedmap.tracing.shared_prefix.branches import run_branches
from heedmap.tracing.shared_prefix.kept import KeptTrunks
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError
from heedmap.tracing.shared_prefix.trunk import Trunk, record_trunk, tolerance
from heedmap.tracing.shared_prefix.trunks import SharedTrunks

ROWS_AT_ONCE = 8_192
"""Rows of all branches that run together."""
COPIES_AT_ONCE = 64
"""Branches that run together where the policy has to be called on copies."""
MOST_ROWS_SHARE = 0.5
"""Of the sequence: where more rows would have to be run, whole passes are as good."""
FEWEST_CUTS = 2
"""On one example and the same rows: below, whole passes are as good."""

_NOT_CAUSAL = "most positions depend on the rows that are cut, as where attention is not causal"
_Place = tuple[str, int, tuple[int, ...]]
_Example = tuple[int, str]


@dataclass
class Knockouts:
    """Runs knockouts on one policy; what it learned of a stack holds for all frames."""

    policy: Policy
    batch: int | BatchSize | Callable[[], BatchSize]
    """Examples that may run together in whole passes."""
    together: Together | None = None
    """Makes the passes of several instructions on one frame at once."""
    known: Callable[[Observation, str], np.ndarray | None] = lambda observation, text: None
    """Scores of plain runs that were made before, which those made at once are compared with."""
    kept: KeptTrunks | None = None
    """Trunks of such runs."""
    paths: dict[_Place, KnockoutPath] = field(default_factory=dict)
    """How knockouts are run, by the stack's pattern and length and the rows they touch."""

    def scores(
        self, stack: Stack, action_rows: Sequence[int], visible: Edges, runs: Sequence[KnockoutRun]
    ) -> ActionScores:
        """The action's scores of every run, on the CPU, float32; all sequences one length.

        `visible` are the edges that some layer's mask lets through.
        """
        found: dict[int, torch.Tensor] = {}
        by_frame: dict[int, dict[str, list[int]]] = {}
        for number, run in enumerate(runs):
            by_text = by_frame.setdefault(id(run.observation), {})
            by_text.setdefault(run.instruction, []).append(number)
        for by_text in by_frame.values():
            observation = runs[next(iter(by_text.values()))[0]].observation
            trunks = _Trunks(self, stack, observation, list(by_text))
            for text, numbers in by_text.items():
                by_rows: dict[tuple[int, ...], list[int]] = {}
                for number in numbers:
                    if (cut := runs[number].knockout) is not None:
                        touched = rows_touched(cut.edges, action_rows, visible)
                        by_rows.setdefault(touched, []).append(number)
                plain = [number for number in numbers if runs[number].knockout is None]
                found |= self._cached(trunks, text, by_rows, runs, plain)
        left = [number for number in range(len(runs)) if number not in found]
        if left:
            batch = self.batch() if callable(self.batch) else self.batch
            rest = act_under(self.policy, stack, [runs[n] for n in left], batch=batch)
            found |= dict(zip(left, rest, strict=True))
        return torch.stack([found[number] for number in range(len(runs))])

    def path(self, rows: Sequence[int] | None = None) -> KnockoutPath:
        """How those that touch just `rows` were run, or all; the first reason against caching."""
        own = [path for (_, _, touched), path in self.paths.items() if touched == rows]
        used = own or list(self.paths.values())
        against = [path for path in used if path.kind == "forward passes"]
        return (against or used or [KnockoutPath(kind="forward passes", why="nothing was cut")])[0]

    def _cached(
        self,
        trunks: _Trunks,
        text: str,
        by_rows: Mapping[tuple[int, ...], list[int]],
        runs: Sequence[KnockoutRun],
        plain: Sequence[int],
    ) -> dict[int, torch.Tensor]:
        """Scores of those runs, all under one text, that need not be whole passes.

        The `plain` ones lose no edge, as the pass whose rows are kept.
        """
        found: dict[int, torch.Tensor] = {}
        trunk: Trunk | None = None
        stack = trunks.stack
        if self.together is None:
            by_rows = _joined(by_rows, int(MOST_ROWS_SHARE * stack.length))
        for rows, numbers in by_rows.items():
            place = (stack.pattern, stack.length, rows)
            path = self.paths.get(place)
            if len(rows) > MOST_ROWS_SHARE * stack.length:
                self.paths.setdefault(place, KnockoutPath(kind="forward passes", why=_NOT_CAUSAL))
            elif (path is None or path.kind == "cached rows") and len(numbers) >= FEWEST_CUTS:
                chosen = [runs[number] for number in numbers]
                cuts = [run.knockout for run in chosen if run.knockout is not None]
                try:
                    trunk = trunk or trunks.of(text)
                    copies = path.copies if path else self._agrees(trunk, rows, chosen[0])
                    scores = _in_chunks(self.policy, trunk, rows, cuts, copies)
                except NotShareableError as error:
                    why = str(error)
                    self.paths[place] = KnockoutPath(kind="forward passes", why=why)
                    continue
                self.paths[place] = KnockoutPath(kind="cached rows", copies=copies)
                found |= dict(zip(numbers, scores, strict=True))
        if trunk is not None:
            found |= dict.fromkeys(plain, trunk.scores[0].float().cpu())
        return found

    def _agrees(self, trunk: Trunk, rows: Sequence[int], run: KnockoutRun) -> bool:
        """Make one run with a cut both ways. Gives whether copies of the example are needed.

        Raises NotShareableError where neither way gives what a whole pass gives.
        """
        assert run.knockout is not None
        expected = act_under(self.policy, trunk.stack, [run], batch=1)
        reasons: list[str] = []
        for copies in (False, True):
            try:
                got = _in_chunks(self.policy, trunk, rows, [run.knockout], copies)
            except NotShareableError as error:
                reasons.append(str(error))
                continue
            if (got - expected).abs().max() <= tolerance(trunk.scores):
                return copies
            reasons.append("rows alone give other scores than whole passes")
        raise NotShareableError(reasons[-1])


@dataclass
class _Trunks:
    """Trunks of some texts on one frame, all of one length; made when they are needed."""

    knockouts: Knockouts
    stack: Stack
    observation: Observation
    texts: Sequence[str]
    _first: Trunk | None = None
    _shared: SharedTrunks | None = None

    def of(self, text: str) -> Trunk:
        """Of one of the texts. Raises NotShareableError where branches cannot be run on it."""
        if self._first is None:
            self._first = self._recorded(text)
            others = [other for other in self.texts if other != text]
            together = self.knockouts.together
            if together is not None and others:
                self._shared = self._checked(together.trunks(self._first, others))
        if text == self._first.instruction:
            return self._first
        return self._recorded(text) if self._shared is None else self._shared.of(text)

    def _recorded(self, text: str) -> Trunk:
        kept = self.knockouts.kept
        trunk = None if kept is None else kept.of(self.observation, text)
        if trunk is not None and trunk.length == self.stack.length:
            return trunk
        return record_trunk(self.knockouts.policy, self.stack, self.observation, text)

    def _checked(self, shared: SharedTrunks | None) -> SharedTrunks | None:
        """None where plain runs, of which one is made where none is known, give other scores."""
        if shared is None:
            return None
        known = [self.knockouts.known(self.observation, text) for text in shared.instructions]
        if all(scores is None for scores in known[1:]):
            last = self.knockouts.policy([self.observation], [shared.instructions[-1]])
            known[-1] = last[0].double().cpu().numpy()
        most = tolerance(shared.scores)
        for mine, plain in zip(shared.scores.double().cpu().numpy(), known, strict=True):
            if plain is not None and np.abs(mine - plain).max(initial=0.0) > most:
                return None
        return shared


def _joined(
    by_rows: Mapping[tuple[int, ...], list[int]], most: int
) -> Mapping[tuple[int, ...], list[int]]:
    """All that touch few rows as one group, on the rows that any of them touches.

    In a small network another pass costs more than further rows do.
    """
    few = {rows: numbers for rows, numbers in by_rows.items() if len(rows) <= most}
    union = tuple(sorted(set[int]().union(*few)))
    if len(union) > most:
        return by_rows
    rest = {rows: numbers for rows, numbers in by_rows.items() if rows not in few}
    return {**rest, union: [n for numbers in few.values() for n in numbers]} if few else rest


def rows_touched(edges: Edges, action_rows: Sequence[int], visible: Edges) -> tuple[int, ...]:
    """Rows that a cut changes, directly or over rows that see them; the action rows too."""
    touched = np.flatnonzero((edges & visible).any(axis=1))
    rows = np.zeros(len(visible), dtype=bool)
    rows[touched] = True
    rows[list(action_rows)] = True
    while True:
        seeing = visible[:, rows].any(axis=1) | rows
        if (seeing == rows).all():
            return tuple(np.flatnonzero(rows).tolist())
        rows = seeing


def _in_chunks(
    policy: Policy, trunk: Trunk, rows: Sequence[int], cuts: Sequence[Knockout], copies: bool
) -> ActionScores:
    """Scores of every cut. Raises NotShareableError where the trunk does not come out again."""

    def together(chunk: Sequence[Knockout]) -> ActionScores:
        got = run_branches(policy, trunk, rows, chunk, copies=copies)
        if (got[0] - trunk.scores[0]).abs().max() > tolerance(trunk.scores):
            raise NotShareableError("rows alone give other scores than the whole sequence")
        return got[1:].float().cpu()

    at_once = COPIES_AT_ONCE if copies else max(1, ROWS_AT_ONCE // len(rows))
    return torch.stack(in_batches(cuts, at_once, together))
