"""One forward pass of a policy, observed: its scores, its transformer's sequence and attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, NoAttentionError, NonFiniteError
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.stages import current_stage
from heedmap.record.record import ActionResult
from heedmap.tracing.capture.inputs import (
    Boundary,
    EditSequence,
    capture_entering,
    stopping_before,
    watch_boundaries,
)
from heedmap.tracing.capture.instead import instead_of
from heedmap.tracing.capture.running import names_of_modules
from heedmap.tracing.capture.stacks import Stack, block_of, pattern_of, stacks_of, unseen_attention
from heedmap.tracing.capture.towers import CallsOfModules, keeping_calls
from heedmap.tracing.capture.trace import EditEmbedding, EmbeddingCall, Trace, trace
from heedmap.types import ActionAttention, Sequences, VisibleByLayer, VisiblePositions


@dataclass(frozen=True)
class Final:
    """What the last layer gave in one pass, in its own form."""

    output: Any

    @contextmanager
    def instead_of_layers(self, module: nn.Module, stack: Stack) -> Iterator[None]:
        """Inside, no layer of `stack` runs: each gives this, so that only the head works."""

        def give(*_: Any, **__: Any) -> Any:
            return self.output

        with ExitStack() as contexts:
            for name in dict.fromkeys(stack.block_names):
                contexts.enter_context(instead_of(module.get_submodule(name), give))
            yield


@dataclass(frozen=True)
class Entered:
    """What reached the transformer in one forward pass of a batch of one.

    Positions are those of `sequence`, which entered the transformer's first layer.
    """

    sequence: Sequences
    embeddings: tuple[EmbeddingCall, ...]
    """Look-ups by id, in order; those inside vision towers are left out."""


@dataclass(frozen=True)
class Pass(Entered):
    """What one whole forward pass of a batch of one showed."""

    scores: ActionScores
    stack: Stack
    took_apart: bool
    """Whether it may round otherwise than unwatched (see `heedmap.tracing.capture.trace.Trace`)."""
    looks_up_later: bool
    """Whether ids are looked up after the transformer began, as by a head that reads words."""
    final: Final
    leaving: tuple[Sequences, ...] = ()
    """States that left every layer, where requested."""

    def attention(self, rows: tuple[int, ...]) -> ActionAttention:
        """Attention weights of these rows in every layer.

        Raises NonFiniteError where they are not numbers.
        """
        self.stack.check_one_sequence()
        weights = torch.stack([call.row_weights(rows)[0] for call in self.stack.calls])
        if weights.isnan().any():
            raise NonFiniteError(
                "The attention of an action row is not a number: it may see no key at all, or "
                "the weights or inputs hold NaN; check the checkpoint and the mask.",
                current_stage(),
            )
        return weights.cpu().numpy()

    def visible(self, rows: tuple[int, ...]) -> VisibleByLayer:
        """Whether any of these rows may see a position, layer by layer."""
        self.stack.check_one_sequence()
        seen = [call.visibility()[0, list(rows)].any(dim=0) for call in self.stack.calls]
        return torch.stack(seen).cpu().numpy()

    def visible_anywhere(self, rows: tuple[int, ...]) -> VisiblePositions:
        """Whether any of these rows may see a position in at least one layer."""
        return np.asarray(self.visible(rows).any(axis=0))


Watch = Callable[[str], AbstractContextManager[Callable[[ActionScores], None]]]
"""Goes around a plain pass under this instruction, and is given its scores afterwards."""


def unwatched_pass(instruction: str) -> AbstractContextManager[Callable[[ActionScores], None]]:
    """Keeps nothing of a pass."""
    return nullcontext(lambda scores: None)


Seen = TypeVar("Seen", "FirstPass", "Pass")


def under_watch(watch: Watch, instruction: str, run: Callable[[], Seen]) -> Seen:
    """What `run`, a plain pass under this instruction, shows.

    Its scores are given to `watch`, unless it may round otherwise than unwatched.
    """
    with watch(instruction) as keep:
        found = run()
    if not found.took_apart:
        keep(found.scores)
    return found


def observe(
    policy: Policy,
    pattern: str,
    observation: Observation,
    instruction: str,
    *,
    like: Stack | None = None,
    edit_embedding: EditEmbedding | None = None,
    edit_sequence: EditSequence | None = None,
    keep_leaving: bool = False,
) -> Pass:
    """Run the policy once under watch.

    `pattern` names the stack that feeds the action. `like` is that stack from an earlier
    pass whose sequence is as long; left out, any length is taken. The `edit_...` functions
    may change what embeddings give, or what enters the first layer (then `like` is needed).

    Raises CaptureError when the stack does not run, runs twice, or has another length.
    """
    module = policy.module
    attentions = [name for name in names_of_modules(module).values() if pattern_of(name) == pattern]
    blocks = list(dict.fromkeys(block_of(name) for name in attentions))
    with ExitStack() as contexts:
        seen = contexts.enter_context(trace(module, edit_embedding=edit_embedding))
        boundaries = contexts.enter_context(
            watch_boundaries(module, blocks, lambda: len(seen.embeddings), leaving=keep_leaving)
        )
        if edit_sequence is not None and like is not None:
            contexts.enter_context(capture_entering(module, like, edit_sequence))
        scores = policy([observation], [instruction])
    stack = only_stack(seen, pattern)
    length = stack.length if like is None else like.length
    return _pass(seen, stack, boundaries, length, scores, keep_leaving)


@dataclass(frozen=True)
class FirstPass:
    """A pass in which the stacks are not known yet: any of them can be requested."""

    seen: Trace
    scores: ActionScores
    boundaries: dict[str, Boundary]
    calls: CallsOfModules
    """Of the modules that are no layer of a stack, vision towers among them."""

    @property
    def took_apart(self) -> bool:
        """Whether it may round otherwise than unwatched."""
        return self.seen.took_apart

    def of(self, stack: Stack, towers: Sequence[str]) -> Pass:
        """The pass as `observe` shows it, of a stack and without look-ups inside towers.

        Raises CaptureError when the stack ran more than once.
        """
        stack.check_runs_once()
        found = _pass(self.seen, stack, self.boundaries, stack.length, self.scores, True)
        inside = tuple(f"{name}." for name in towers)
        calls = [not call.module_name.startswith(inside) for call in found.embeddings]
        kept = tuple(c for c, outside in zip(found.embeddings, calls, strict=True) if outside)
        before = self.boundaries[_blocks_pattern(stack)].at_begin or 0
        return replace(found, embeddings=kept, looks_up_later=any(calls[before:]))


def first_pass(policy: Policy, observation: Observation, instruction: str) -> FirstPass:
    """One forward pass, watched at every numbered module, so that no second one is needed.

    Raises CaptureError when no attention can be seen at all.
    """
    module = policy.module
    blocks = [name for name in names_of_modules(module).values() if block_of(name) == name]
    with (
        trace(module) as seen,
        keeping_calls(module, [name for name in blocks if pattern_of(name) == name]) as calls,
        watch_boundaries(module, blocks, lambda: len(seen.embeddings), leaving=True) as boundaries,
    ):
        scores = policy([observation], [instruction])
    check_attention_seen(policy, seen)
    return FirstPass(seen, scores, boundaries, calls)


def _pass(
    seen: Trace,
    stack: Stack,
    boundaries: dict[str, Boundary],
    length: int,
    scores: ActionScores,
    keep_leaving: bool,
) -> Pass:
    boundary = boundaries[_blocks_pattern(stack)]
    return Pass(
        sequence=boundary.entering(length),
        embeddings=tuple(seen.embeddings),
        scores=scores,
        stack=stack,
        took_apart=seen.took_apart,
        looks_up_later=len(seen.embeddings) > (boundary.at_begin or 0),
        final=Final(boundary.last_output),
        leaving=boundary.leaving(length) if keep_leaving else (),
    )


def _blocks_pattern(stack: Stack) -> str:
    return pattern_of(stack.first_block)


def enter(
    policy: Policy,
    like: Pass,
    observation: Observation,
    instruction: str,
    *,
    edit_embedding: EditEmbedding | None = None,
) -> Entered:
    """What reaches the transformer; the policy is stopped there, its layers do not run.

    `like` is a pass whose sequence is as long. Where it looked ids up behind the transformer
    too, the policy runs to its end, so that none is missed. Watched are only the modules that
    looked ids up in it, unless being watched makes it round otherwise.

    Raises SequenceLengthError when the sequence has another length.
    """
    sequence, embeddings = _entering(policy, like, [observation], [instruction], edit_embedding)
    return Entered(sequence, embeddings)


def enter_together(
    policy: Policy, like: Pass, observations: Sequence[Observation], instructions: Sequence[str]
) -> list[Entered]:
    """As `enter`, of several examples in one batch; each as if it had been alone.

    Raises CaptureError where rows of the sequence, or of ids, are not those of the examples.
    """
    sequence, embeddings = _entering(policy, like, observations, instructions)
    count = len(instructions)
    of_rows = [
        _rows(call, own, count) for call, own in zip(embeddings, like.embeddings, strict=False)
    ]
    if len(sequence) != count or len(embeddings) != len(like.embeddings) or None in of_rows:
        raise CaptureError(
            "The policy '{policy}' does not run a batch of {count} examples as so many rows.",
            policy=policy.name,
            count=count,
        )
    return [
        Entered(sequence[row : row + 1], tuple(calls[row] for calls in of_rows if calls))
        for row in range(count)
    ]


def _rows(call: EmbeddingCall, alone: EmbeddingCall, count: int) -> list[EmbeddingCall] | None:
    """A batch's look-up, row by row; None where it does not have the shape of one example's."""
    if call.ids.shape == alone.ids.shape:
        return [call] * count  # of all rows alike, as those of positions
    if len(alone.ids) != 1 or call.ids.shape != (count, *alone.ids.shape[1:]):
        return None
    return [replace(call, ids=call.ids[row : row + 1]) for row in range(count)]


def _entering(
    policy: Policy,
    like: Pass,
    observations: Sequence[Observation],
    instructions: Sequence[str],
    edit_embedding: EditEmbedding | None = None,
) -> tuple[Sequences, tuple[EmbeddingCall, ...]]:
    stack = like.stack
    within = None if like.took_apart else {call.module_name for call in like.embeddings}
    watched = trace(
        policy.module, batch=len(instructions), edit_embedding=edit_embedding, within=within
    )
    with watched as seen, ExitStack() as contexts:
        entering = contexts.enter_context(capture_entering(policy.module, stack))
        if not like.looks_up_later:
            contexts.enter_context(stopping_before(policy.module, stack.first_block))
        policy(observations, instructions)
    return entering.only(), tuple(seen.embeddings)


def traced(policy: Policy, observation: Observation, instruction: str) -> Trace:
    """One forward pass, watched. Raises CaptureError when no attention can be seen at all."""
    with trace(policy.module) as seen:
        policy([observation], [instruction])
    check_attention_seen(policy, seen)
    return seen


def check_attention_seen(policy: Policy, seen: Trace) -> None:
    """Raise CaptureError, naming what ran, when a pass showed no attention at all."""
    if not seen.attention:
        hidden = unseen_attention(policy.module, seen)
        found = f"the module(s) {', '.join(hidden[:3])} ran" if hidden else "no such module ran"
        kind = CaptureError if hidden else NoAttentionError
        raise kind(
            "No attention was seen in the policy '{policy}' ({found}): it runs none that is "
            "recognised, through torch's attention or a softmax. Set attn_implementation='sdpa', "
            "switch fused kernels such as flash-attn off, and check that the module given is the "
            "one that the policy runs.",
            policy=policy.name,
            found=found,
        )


def only_stack(seen: Trace, pattern: str) -> Stack:
    """The stack of that name. Raises CaptureError when it did not run exactly once."""
    stack = next((stack for stack in stacks_of(seen) if stack.pattern == pattern), None)
    if stack is None:
        raise CaptureError(
            "The transformer '{pattern}' did not run under this instruction.", pattern=pattern
        )
    stack.check_runs_once()
    return stack


def describe_action(scores: ActionScores, names: tuple[str, ...] | None) -> ActionResult:
    """The action of one row of scores: the likeliest, or the values."""
    values = tuple(float(value) for value in scores[0])
    if names is None:
        return ActionResult(name=None, values=values)
    probabilities = torch.softmax(scores[0].double(), dim=0).tolist()
    return ActionResult(
        name=names[int(np.argmax(values))],
        values=values,
        probabilities=dict(zip(names, probabilities, strict=True)),
    )
