"""One frame under one instruction, examined: run, perturbed, laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from heedmap.auditing.lower.at_once import VariantBatches
from heedmap.auditing.lower.discovery import Transformer, action_rows
from heedmap.auditing.lower.layout import measured_layout
from heedmap.auditing.lower.perturb import Movement, Subject, measure_movement
from heedmap.auditing.lower.prompt import overwritten_positions, prompt_positions
from heedmap.auditing.variants import word_variants
from heedmap.data.observation import Observation
from heedmap.errors import InstructionError
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.record.layout import Layout
from heedmap.tracing.capture.inputs import SequenceLengthError
from heedmap.tracing.capture.masks import Hops, hops_to
from heedmap.tracing.observe import Pass, Watch, observe, under_watch, unwatched_pass
from heedmap.tracing.shared_prefix.kept import KeptTrunks


@dataclass(frozen=True)
class Examined:
    """One frame under one instruction: what was observed, and what interventions showed."""

    subject: Subject
    rows: tuple[int, ...]
    hops: Hops
    movement: Movement
    layout: Layout
    overwritten: tuple[int, ...]

    @property
    def seen(self) -> Pass:
        """The plain pass."""
        return self.subject.base

    @property
    def instruction_positions(self) -> tuple[int, ...]:
        """Positions that the instruction moves, whether or not the frame moves them too."""
        rows = set(self.rows)
        return tuple(p for p in self.movement.by_instruction if p not in rows)


@stage(Phrase("running the frames under their instructions"))
def examine(
    policy: Policy,
    transformer: Transformer,
    observation: Observation,
    instruction: str,
    others: Sequence[str],
    seed: int,
    rows_by_length: dict[int, tuple[int, ...]] | None = None,
    seen: Pass | None = None,
    watch: Watch = unwatched_pass,
    batches: VariantBatches | None = None,
    trunks: KeptTrunks | None = None,
) -> Examined:
    """Run, find the action rows, and change pixels, words and state one by one.

    `rows_by_length` are rows found before, by the sequence's length; what is found is added.
    `seen` is the plain pass, where there was one; `watch` goes around it, where there was none.
    With `batches` variants run together where that is exact; in `trunks` what its layers were given
    in the plain pass is kept.
    """
    known = {} if rows_by_length is None else rows_by_length
    if seen is None:
        trunks = trunks or KeptTrunks(policy, is_wanted=False)
        seen = _plain_pass(policy, transformer, observation, instruction, watch, trunks)
    length = seen.stack.length
    if length not in known:
        known[length] = action_rows(
            policy, seen.stack, observation, instruction, seed, seen.final, seen.scores
        )
    rows = known[length]
    subject = Subject(policy, observation, instruction, seen)
    movement = measure_movement(subject, others, seed, batches)
    hops = hops_to(seen.stack, rows)
    layout = measured_layout(
        seen.sequence.shape[1],
        by_camera=movement.by_camera,
        by_instruction=movement.by_instruction,
        by_state=movement.by_state,
        prompt=prompt_positions(subject, seed),
        action_rows=rows,
        hops=hops,
    )
    overwritten: tuple[int, ...] = ()
    if movement.instruction_measured and not movement.by_instruction:
        overwritten = _overwritten(subject, movement, others, seed)
    return Examined(subject, rows, hops, movement, layout, overwritten)


def _plain_pass(
    policy: Policy,
    transformer: Transformer,
    observation: Observation,
    instruction: str,
    watch: Watch,
    trunks: KeptTrunks,
) -> Pass:
    def run() -> Pass:
        plain = partial(observe, policy, transformer.pattern, observation, instruction)
        return under_watch(watch, instruction, plain)

    seen, recorder = trunks.watched(transformer.layers, observation, run)
    if not seen.took_apart:
        trunks.keep(recorder, seen.stack, observation, instruction, seen.scores)
    return seen


TRIED_PARTNERS = 3
"""Instructions of equal length whose words are looked for under the image."""


@stage(Phrase("looking for the instruction's words under the image"))
def _overwritten(
    subject: Subject, movement: Movement, others: Sequence[str], seed: int
) -> tuple[int, ...]:
    variants = [text for _, texts in word_variants(subject.instruction, others) for text in texts]
    partners = [text for text in (*others, *variants) if subject.same_length(text)]
    for text in partners[:TRIED_PARTNERS]:
        try:
            partner = subject.enter(instruction=text)
        except (SequenceLengthError, InstructionError):
            continue
        if found := overwritten_positions(subject, partner, movement.by_frame, seed):
            return found
    return ()
