"""One forward pass of a policy, observed: its scores, its transformer's sequence and attention."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch

from heedmap.capture.inputs import EditSequence, capture_entering
from heedmap.capture.stacks import Stack, stacks_of, unseen_attention
from heedmap.capture.trace import EditEmbedding, EmbeddingCall, Trace, trace
from heedmap.errors import CaptureError
from heedmap.inputs.observation import Observation
from heedmap.policies.base import ActionScores, Policy
from heedmap.record import ActionResult
from heedmap.types import ActionAttention, Embeddings, VisibleByLayer, VisiblePositions


@dataclass(frozen=True)
class Pass:
    """What one forward pass of a batch of one showed.

    Positions are those of `sequence`, which entered the transformer's first layer.
    """

    scores: ActionScores
    stack: Stack
    sequence: Embeddings
    embeddings: tuple[EmbeddingCall, ...]

    def attention(self, rows: tuple[int, ...]) -> ActionAttention:
        """Attention weights of these rows in every layer.

        Raises CaptureError where they are not numbers.
        """
        weights = torch.stack([call.row_weights(rows)[0] for call in self.stack.calls])
        if weights.isnan().any():
            raise CaptureError(
                "The attention of an action row is not a number: it may see no key at all, or "
                "the weights or inputs hold NaN; check the checkpoint and the mask."
            )
        return weights.cpu().numpy()

    def visible(self, rows: tuple[int, ...]) -> VisibleByLayer:
        """Whether any of these rows may see a position, layer by layer."""
        seen = [call.visibility()[0, list(rows)].any(dim=0) for call in self.stack.calls]
        return torch.stack(seen).cpu().numpy()

    def visible_anywhere(self, rows: tuple[int, ...]) -> VisiblePositions:
        """Whether any of these rows may see a position in at least one layer."""
        return np.asarray(self.visible(rows).any(axis=0))


def observe(
    policy: Policy,
    pattern: str,
    observation: Observation,
    instruction: str,
    *,
    like: Stack | None = None,
    edit_embedding: EditEmbedding | None = None,
    edit_sequence: EditSequence | None = None,
) -> Pass:
    """Run the policy once under watch.

    `pattern` names the stack that feeds the action. `like` is that stack from an earlier
    pass whose sequence is as long; left out, one more pass finds the length. The `edit_...`
    functions may change what embeddings give, or what enters the first layer.

    Raises CaptureError when the stack does not run, runs twice, or has another length.
    """
    if like is None:
        like = only_stack(traced(policy, observation, instruction), pattern)
    with ExitStack() as contexts:
        seen = contexts.enter_context(trace(policy.module, edit_embedding=edit_embedding))
        entering = contexts.enter_context(capture_entering(policy.module, like, edit_sequence))
        scores = policy([observation], [instruction])
    stack = only_stack(seen, pattern)
    return Pass(scores, stack, entering.only(), tuple(seen.embeddings))


def traced(policy: Policy, observation: Observation, instruction: str) -> Trace:
    """One forward pass, watched. Raises CaptureError when no attention can be seen at all."""
    with trace(policy.module) as seen:
        policy([observation], [instruction])
    if not seen.attention:
        hidden = unseen_attention(policy.module, seen)
        found = f"the module(s) {', '.join(hidden[:3])} ran" if hidden else "no such module ran"
        raise CaptureError(
            f"No attention was seen in the policy '{policy.name}' ({found}): it does not run "
            f"through torch's attention or softmax. Set attn_implementation='sdpa', switch "
            f"torch.compile and fused kernels such as flash-attn off, and check that the module "
            f"given is the one that the policy runs."
        )
    return seen


def only_stack(seen: Trace, pattern: str) -> Stack:
    """The stack of that name. Raises CaptureError when it did not run exactly once."""
    stack = next((stack for stack in stacks_of(seen) if stack.pattern == pattern), None)
    if stack is None:
        raise CaptureError(f"The transformer '{pattern}' did not run under this instruction.")
    stack.check_runs_once()
    return stack


def describe_action(scores: ActionScores, names: tuple[str, ...] | None) -> ActionResult:
    """The action that one row of scores stands for: the likeliest, or the values."""
    values = tuple(float(value) for value in scores[0])
    if names is None:
        return ActionResult(name=None, values=values)
    probabilities = torch.softmax(scores[0].double(), dim=0).tolist()
    return ActionResult(
        name=names[int(np.argmax(values))],
        values=values,
        probabilities=dict(zip(names, probabilities, strict=True)),
    )
