"""Wiring corrected by intervention: what the same weights do when the words arrive.

`opened` lets every later position, and the action rows, see the words that a mask hides. `inserted`
writes the words' embeddings over padding behind the place where the image is written, and lets them
be seen. Which positions hold words or image is measured, by exchanging words and pixels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import nn

from heedmap.auditing.lower.discovery import action_rows, find_transformer
from heedmap.auditing.lower.perturb import Movement, Subject, measure_movement
from heedmap.auditing.measures.sinks import attention_sinks
from heedmap.auditing.upper.runner import length_key
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, RemedyError
from heedmap.policies.base import ActionScores, Policy
from heedmap.remedies.remedied import Remedied
from heedmap.tracing.interventions.knockout import visible_edges
from heedmap.tracing.interventions.opening import opened_edges
from heedmap.tracing.observe import observe


@dataclass(frozen=True)
class Plan:
    """What is done to instructions of one length."""

    modules: frozenset[str]
    """Attention modules."""
    edges: torch.Tensor
    words: int = 0
    """Tokens to be inserted; 0 where none are."""
    places: tuple[int, ...] = ()
    """Positions among the ids over which their embeddings are written."""
    added: torch.Tensor | None = None
    """Weights of edges, in nats."""


class Rewired(Remedied):
    """Runs instructions of one length together, each under the plan of that length."""

    def __init__(self, inner: Policy, doing: str, others: Sequence[str]) -> None:
        super().__init__(inner, doing)
        self._others = tuple(others)
        self._plans: dict[int, Plan] = {}

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """With gradients where the caller has them on."""
        by_length: dict[int, list[int]] = {}
        for number, text in enumerate(instructions):
            by_length.setdefault(length_key(self.inner, text), []).append(number)
        rows: dict[int, torch.Tensor] = {}
        for numbers in by_length.values():
            seen = [observations[n] for n in numbers]
            texts = [instructions[n] for n in numbers]
            plan = self.plan(seen[0], texts[0])
            with self._under(plan):
                rows.update(zip(numbers, self.inner.act_unchecked(seen, texts), strict=True))
        return torch.stack([rows[number] for number in range(len(instructions))])

    def plan(self, observation: Observation, text: str) -> Plan:
        """The plan for texts as long as this one, measured at the first.

        Raises RemedyError where the correction has no place.
        """
        key = length_key(self.inner, text)
        if key not in self._plans:
            try:
                with torch.no_grad():
                    self._plans[key] = self._measured(observation, text)
            except CaptureError as error:
                raise RemedyError(error.phrase) from error
        return self._plans[key]

    @abstractmethod
    def _measured(self, observation: Observation, text: str) -> Plan: ...

    @contextmanager
    def _under(self, plan: Plan) -> Iterator[None]:
        opened = opened_edges(self.module, plan.modules, plan.edges, plan.added)
        with _inserting(self.module, plan), opened:
            yield

    def _looked_at(self, observation: Observation, text: str) -> tuple[Subject, Movement]:
        found = find_transformer(self.inner, observation, text, 0)
        base = observe(self.inner, found.pattern, observation, text)
        subject = Subject(self.inner, observation, text, base)
        return subject, measure_movement(subject, self._others, 0)


@final
class Opened(Rewired):
    """Words that the mask hides are seen by the positions after them, and by the action rows."""

    def _measured(self, observation: Observation, text: str) -> Plan:
        subject, movement = self._looked_at(observation, text)
        if not movement.by_instruction:
            raise RemedyError("No position holds a word, so there is none to be made visible.")
        return _opening(subject, movement.by_instruction)


@final
class Inserted(Rewired):
    """Words that are overwritten or left out stand once more, over padding behind the image."""

    def _measured(self, observation: Observation, text: str) -> Plan:
        subject, movement = self._looked_at(observation, text)
        ids = self._ids(observation, text)
        tokens = [n for n, token in enumerate(ids) if token != ids[-1]]
        first = max((*movement.by_frame, *tokens), default=-1) + 1
        free = [n for n, token in enumerate(ids) if token == ids[-1] and n >= first]
        if not tokens or len(free) < len(tokens):
            raise RemedyError(
                "The words have {count} tokens, but only {free} places of padding are behind the "
                "image to write them to; correct the wiring in the policy's code.",
                count=len(tokens),
                free=len(free),
            )
        insertion = Plan(frozenset(), torch.zeros(0, 0), len(tokens), tuple(free[: len(tokens)]))
        with _inserting(self.module, insertion):
            moved = observe(self.inner, subject.base.stack.pattern, observation, text).sequence
        keys = (moved != subject.base.sequence).any(dim=-1)[0].nonzero().flatten().tolist()
        if not keys:
            raise RemedyError("Embeddings that are written over padding do not enter the network.")
        opened = _opening(subject, (*movement.by_frame, *keys))
        return Plan(opened.modules, opened.edges, insertion.words, insertion.places)

    def _ids(self, observation: Observation, text: str) -> list[int]:
        """Of the longest look-up of words; padding is what the last of them is."""
        seen: list[torch.Tensor] = []
        hooks = [
            module.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
            for module in self.module.modules()
            if isinstance(module, nn.Embedding)
        ]
        try:
            self.inner([observation], [text])
        finally:
            for hook in hooks:
                hook.remove()
        found = [ids[0] for ids in seen if ids.ndim == 2 and not ids.is_floating_point()]
        if not found:
            raise RemedyError("No table of embeddings looks the words up, so none can be inserted.")
        return max(found, key=len).tolist()


@final
class Reweighted(Rewired):
    """Attention of the action rows to words times `factor`, to sinks divided by it (IGAR).

    Instruction-guided attention rebalancing (arXiv 2603.06001) takes from positions that draw
    attention whatever they hold; here that is done before the softmax, in every layer and head.
    """

    def __init__(self, inner: Policy, factor: float, others: Sequence[str]) -> None:
        super().__init__(inner, f"attention to the words x{factor:g}", others)
        self._factor = factor

    def _measured(self, observation: Observation, text: str) -> Plan:
        subject, movement = self._looked_at(observation, text)
        if not movement.by_instruction:
            raise RemedyError("No position holds a word, so there is none to attend to.")
        stack = subject.base.stack
        rows = action_rows(self.inner, stack, observation, text, 0)
        content = {*movement.by_frame, *movement.by_instruction, *movement.by_state, *rows}
        sinks = attention_sinks(subject.base.attention(rows), content)
        added = torch.zeros(stack.length, stack.length)
        added[[[row] for row in rows], list(sinks)] -= 1
        added[[[row] for row in rows], list(movement.by_instruction)] += 1
        nothing = torch.zeros_like(added, dtype=torch.bool)
        return Plan(frozenset(stack.module_names), nothing, added=added * np.log(self._factor))


def _opening(subject: Subject, keys: Sequence[int]) -> Plan:
    """Later positions see these keys (all do, where nothing is causal), and the action rows."""
    stack = subject.base.stack
    length = stack.length
    rows = action_rows(subject.policy, stack, subject.observation, subject.instruction, 0)
    edges = torch.zeros(length, length, dtype=torch.bool)
    edges[:, list(keys)] = True
    if not visible_edges(stack)[~torch.ones(length, length, dtype=torch.bool).tril().numpy()].any():
        edges = edges.tril()
    edges[[[row] for row in rows], list(keys)] = True
    return Plan(frozenset(stack.module_names), edges)


@contextmanager
def _inserting(module: nn.Module, plan: Plan) -> Iterator[None]:
    """Inside, a table that looks so many ids up gives the first words once more at their places."""
    if not plan.words:
        yield
        return

    def write(_: nn.Module, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        if output.ndim != 3 or output.shape[1] <= max(plan.places):
            return output
        written = output.clone()
        written[:, list(plan.places)] = output[:, : plan.words]
        return written

    hooks = [
        table.register_forward_hook(write)
        for table in module.modules()
        if isinstance(table, nn.Embedding)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
