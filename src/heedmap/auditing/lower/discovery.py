"""Find the transformer that feeds the action, and the rows that are decoded into it.

Nothing is assumed of a policy but that it can be called and has a torch module. Of the
stacks that ran, the one is taken that attends to itself, whose first layer's input moves
with frame or instruction, and whose final states the action depends on; of several, the
last to run.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from heedmap.auditing.alike import check_acts_alike, is_same
from heedmap.auditing.variants import observation_variants, word_variants
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, PolicyRunError
from heedmap.ladder.measurements import StackInfo
from heedmap.phrase import Phrase, in_a_row
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.stages import stage
from heedmap.tracing.capture.inputs import SequenceLengthError, edit_leaving
from heedmap.tracing.capture.stacks import Stack, stacks_of, towers_of
from heedmap.tracing.capture.towers import Memories, remembering
from heedmap.tracing.observe import (
    Final,
    FirstPass,
    Pass,
    Watch,
    enter,
    first_pass,
    under_watch,
    unwatched_pass,
)
from heedmap.tracing.shared_prefix.kept import KeptTrunks
from heedmap.tracing.shared_prefix.trunk import numbered_modules
from heedmap.types import Embeddings


@dataclass(frozen=True)
class Transformer:
    """The stack that was taken, and what was found of the others."""

    pattern: str
    stacks: tuple[StackInfo, ...]
    towers: tuple[str, ...] = ()
    """Modules that run before it and are the same for every instruction: vision towers."""
    memories: Memories = field(default_factory=dict)
    """What was remembered of the towers while it was looked for."""
    first_scores: ActionScores | None = None
    """What the policy gave in the pass in which it was found."""
    first_pass: Pass | None = None
    """The watched pass that showed its action rows."""
    first_rows: tuple[int, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of its layers, in order."""
        assert self.first_pass is not None
        return tuple(dict.fromkeys(self.first_pass.stack.block_names))


@stage(Phrase("looking for the transformer that feeds the action"))
def find_transformer(
    policy: Policy,
    observation: Observation,
    instruction: str,
    seed: int,
    watch: Watch = unwatched_pass,
    trunks: KeptTrunks | None = None,
) -> Transformer:
    """The transformer that feeds the action. `watch` goes around the first, plain pass.

    In `trunks` what its layers were given in it is kept.

    Raises CaptureError, naming what was found of every stack, when none fits.
    """
    trunks = trunks or KeptTrunks(policy, is_wanted=False)

    def run() -> FirstPass:
        plain = partial(first_pass, policy, observation, instruction)
        return under_watch(watch, instruction, plain)

    first, recorder = trunks.watched(numbered_modules(policy.module), observation, run)
    stacks = stacks_of(first.seen, policy.transformer_name)
    infos: list[StackInfo] = []
    taken: Transformer | None = None
    for stack in reversed(stacks):
        fits = False
        if taken is not None:
            reason = Phrase("runs before {pattern}", pattern=taken.pattern)
        else:
            found = _candidate(policy, stack, first, observation, instruction, seed)
            fits = isinstance(found, Transformer)
            reason = _FITS if isinstance(found, Transformer) else found
            taken = found if isinstance(found, Transformer) else None
        infos.append(_info(stack, fits, reason))
    if taken is None:
        each = (in_a_row((info.pattern, info.reason), ": ") for info in infos)
        listed = in_a_row(each, "; ") or Phrase("none")
        raise CaptureError(
            "No transformer that feeds the action was found in '{policy}'. Attention seen in: "
            "{listed}. Name it: CallablePolicy(..., transformer=module).",
            policy=policy.name,
            listed=listed,
        )
    _refuse_cross_attention(policy, stacks, taken)
    if taken.first_pass is not None and not first.took_apart:
        trunks.keep(recorder, taken.first_pass.stack, observation, instruction, first.scores)
    return replace(taken, stacks=tuple(reversed(infos)), first_scores=first.scores)


def _refuse_cross_attention(policy: Policy, stacks: list[Stack], taken: Transformer) -> None:
    """Of an encoder whose every state is read by a decoder, no row is the action's."""
    patterns = [stack.pattern for stack in stacks]
    length = stacks[patterns.index(taken.pattern)].length
    later = stacks[patterns.index(taken.pattern) + 1 :]
    readers = [s for s in later if not s.attends_to_itself and s.calls[0].key_count == length]
    if readers and len(taken.first_rows) == length:
        raise CaptureError(
            "The policy '{policy}' is an encoder ({pattern}) whose {length} positions are all "
            "read by a decoder's cross-attention ({reader}): none of them is an action row, and "
            "heedmap does not describe attention across two stacks. Exchanges alone can be "
            "measured: put the policy behind a server (server:ws://HOST:PORT).",
            policy=policy.name,
            pattern=taken.pattern,
            length=length,
            reader=readers[0].pattern,
        )


CROSS_ATTENTION = "its queries and keys are not one sequence (cross-attention)"
_FITS = Phrase(
    "attends to itself, takes in the frame or words, and the action depends on its final states"
)


@stage(Phrase("looking for the positions that are decoded into the action"))
def action_rows(
    policy: Policy,
    stack: Stack,
    observation: Observation,
    instruction: str,
    seed: int,
    final: Final | None = None,
    seen: ActionScores | None = None,
) -> tuple[int, ...]:
    """Positions on whose final state the action depends: by gradient, or by trying.

    Where no gradient flows (a policy that runs under `no_grad`, picks an index, or cannot run
    with gradients), noise is put on groups of final states, which are halved until single rows
    remain. With `final`, kept from an earlier pass, only what comes behind the layers is run
    for the gradient. Where that pass gave other scores than `seen`, the policy is asked twice.

    Raises PolicyError where it then acts otherwise: its noise is not pinned.
    """

    def ran(scores: ActionScores) -> None:
        if seen is not None and not is_same(scores.detach(), seen):
            check_acts_alike(policy, observation, [instruction])

    rows = _rows_by_gradient(policy, stack, observation, instruction, seed, final, ran)
    if rows is None:
        rows = _rows_by_trying(policy, stack, observation, instruction, seed, ran)
    return rows


def _candidate(
    policy: Policy,
    stack: Stack,
    first: FirstPass,
    observation: Observation,
    instruction: str,
    seed: int,
) -> Transformer | str:
    """The transformer that this stack is, or why it cannot be the one that feeds the action."""
    if not stack.attends_to_itself:
        return CROSS_ATTENTION
    towers = towers_of(policy.module, first.seen, stack)
    memories = first.calls.remembered(towers)
    try:
        base = first.of(stack, towers)
        with remembering(policy.module, towers, memories):
            if not _takes_in(policy, base, observation, instruction, seed):
                return "nothing entering its first layer moves with frame or instruction"
            rows = action_rows(
                policy, stack, observation, instruction, seed, base.final, base.scores
            )
    except CaptureError as error:
        return error.phrase
    if not rows:
        return "the action does not depend on its final states"
    return Transformer(stack.pattern, (), towers, memories, first_pass=base, first_rows=rows)


def _takes_in(
    policy: Policy, base: Pass, observation: Observation, instruction: str, seed: int
) -> bool:
    """Whether what enters the first layer moves with a word exchanged, or with any camera.

    Words first: for them no tower has to run.
    """
    texts = [text for _, texts in word_variants(instruction, []) for text in texts[:1]]
    exchanges = [(observation, text) for text in texts]
    cameras = observation_variants(observation, seed).values()
    exchanges += [(variant, instruction) for variants in cameras for variant in variants]
    for other_observation, other_instruction in exchanges:
        try:
            other = enter(policy, base, other_observation, other_instruction)
        except (SequenceLengthError, InstructionError):
            continue  # a word of more tokens; another one may fit
        if not torch.equal(base.sequence, other.sequence):
            return True
    return False


def _rows_by_gradient(
    policy: Policy,
    stack: Stack,
    observation: Observation,
    instruction: str,
    seed: int,
    final: Final | None,
    ran: Callable[[ActionScores], None],
) -> tuple[int, ...] | None:
    """None where no gradient flows from the action back to the final states."""

    def run() -> tuple[ActionScores, list[torch.Tensor]]:
        leaves: list[torch.Tensor] = []

        def as_leaf(states: Embeddings) -> Embeddings:
            leaves.append(states.detach().clone().requires_grad_())
            return leaves[-1]

        edited = edit_leaving(policy.module, stack, as_leaf)
        skipped = nullcontext() if final is None else final.instead_of_layers(policy.module, stack)
        with torch.enable_grad(), skipped, edited:
            return policy.act_unchecked([observation], [instruction]), leaves

    found = attempt(run)
    if isinstance(found, PolicyRunError):
        return None  # its code takes no tensors that need gradients
    scores, leaves = found
    ran(scores)
    if not scores.requires_grad:
        return None
    # Random weights, for the gradient of a plain sum vanishes behind a (log-)softmax.
    weights = torch.randn(scores.shape, generator=torch.Generator().manual_seed(seed))
    try:
        (gradient,) = torch.autograd.grad(scores, leaves, weights.to(scores), allow_unused=True)
    except RuntimeError:
        return None  # an operator without a derivative, or an inference tensor
    if gradient is None:
        return ()
    return tuple(torch.nonzero(gradient[0].abs().amax(dim=-1)).flatten().tolist())


def _rows_by_trying(
    policy: Policy,
    stack: Stack,
    observation: Observation,
    instruction: str,
    seed: int,
    ran: Callable[[ActionScores], None],
) -> tuple[int, ...]:
    base = policy([observation], [instruction])
    ran(base)

    def action_moves(start: int, stop: int) -> bool:
        def disturb(states: Embeddings) -> Embeddings:
            noise = torch.randn(states.shape, generator=torch.Generator().manual_seed(seed))
            disturbed = states.clone()
            disturbed[:, start:stop] += 10 * states.std() * noise[:, start:stop].to(states)
            return disturbed

        with edit_leaving(policy.module, stack, disturb):
            return not torch.equal(_raw(policy, observation, instruction), base)

    def rows_in(start: int, stop: int) -> list[int]:
        if not action_moves(start, stop):
            return []
        if stop - start == 1:
            return [start]
        middle = (start + stop) // 2
        return [*rows_in(start, middle), *rows_in(middle, stop)]

    return tuple(rows_in(0, stack.length))


def _raw(policy: Policy, observation: Observation, instruction: str) -> ActionScores:
    """Unchecked: under noise the scores need not be finite."""
    with torch.no_grad():
        return policy.act_unchecked([observation], [instruction])


def _info(stack: Stack, taken: bool, reason: str) -> StackInfo:
    return StackInfo(
        pattern=stack.pattern,
        layers=len(stack.calls),
        positions=stack.length,
        backend=stack.calls[0].backend,
        taken=taken,
        reason=reason,
    )
