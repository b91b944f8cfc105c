"""From what was examined to the measurements that the ladder judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from heedmap.auditing.lower.attended import AttendedGatherer
from heedmap.auditing.lower.discovery import Transformer
from heedmap.auditing.lower.examine import Examined
from heedmap.auditing.lower.patches import patch_map
from heedmap.auditing.lower.prompt import shifts_with_length
from heedmap.auditing.lower.tokens import measure_tokens, token_ids
from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, measure_upper
from heedmap.auditing.upper.structure import Structures
from heedmap.auditing.variants import longer, observation_variants, word_variants
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.evidence import Bypass
from heedmap.ladder.measurements import Measurements, PresenceFacts, TokenFacts, VisibilityFacts
from heedmap.ladder.pooling import AttendedCase, worst_visibility
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.record.regions import is_image
from heedmap.tracing.capture.inputs import SequenceLengthError
from heedmap.tracing.capture.masks import blind_rows
from heedmap.tracing.interventions.bypass import find_bypass

TRIED_PARTNERS = 12
"""Instructions tried as the second one of a bypass test, until one is of equal length."""


@dataclass(frozen=True)
class CaseFacts:
    """What stays of one case."""

    presence: _Presence
    visibility: VisibilityFacts
    attended: AttendedCase | None
    instruction: str
    words_in_ids: frozenset[int]
    """Places of its words that were seen to become ids."""
    ids: Mapping[str, torch.Tensor]
    """What it became, by the embedding's module."""


class Diagnosis:
    """Gathers what the ladder is judged from, case by case; the first is kept whole.

    Of all others only small facts stay, so that many frames take no more memory than few.
    """

    def __init__(self, policy: Policy, transformer: Transformer, seed: int) -> None:
        self._policy = policy
        self._transformer = transformer
        self._seed = seed
        self._first: Examined | None = None
        self._cases: list[CaseFacts] = []
        self._attended = AttendedGatherer(seed)
        self._structures = Structures(policy, transformer, seed)
        self._tokens: dict[tuple[tuple[str, str], ...], TokenFacts] = {}

    @property
    def first(self) -> Examined:
        """The first case."""
        assert self._first is not None, "no case was added"
        return self._first

    @property
    def is_empty(self) -> bool:
        """Whether no case was added yet."""
        return self._first is None

    def add(self, examined: Examined) -> CaseFacts:
        """Take in one case."""
        if self._first is None:
            self._first = examined
        attended = self._attended.add(examined)
        facts = CaseFacts(
            _presence(examined),
            _visibility(examined),
            attended,
            examined.subject.instruction,
            examined.movement.words_in_ids,
            token_ids(examined.seen),
        )
        self._cases.append(facts)
        self._structures.learn(examined)
        return facts

    def upper(
        self,
        trials: Sequence[Trial],
        on_stage: Callable[[], None] = lambda: None,
        options: UpperOptions = UpperOptions(),  # noqa: B008 - immutable
        known: KnownRuns | None = None,
    ) -> UpperFacts:
        """Rungs 5 and 6 over the trials; without trials they are not measured.

        What is in `known` is not run again.
        """
        if not trials:
            return UpperFacts()
        stack = self.first.seen.stack
        return measure_upper(
            self._policy, self._structures, stack, trials, self._seed, on_stage, options, known
        )

    def measurements(self, instructions: Mapping[str, str], upper: UpperFacts) -> Measurements:
        """Rungs 1-4 over the cases, with the upper ones as they were found.

        `instructions` are those of the first case's frame.
        """
        first = self.first
        subject = first.subject
        others = [text for text in instructions.values() if text != subject.instruction]
        lower = self.lower(instructions)
        return lower.model_copy(
            update={
                "bypass": bypass_of(first, others, self._seed),
                "used": upper.used,
                "obeyed": upper.obeyed,
                "behaviour": upper.behaviour,
                "causal_map": upper.causal_map,
                "patches": tuple(
                    patch_map(subject, camera, positions)
                    for camera, positions in first.movement.by_camera.items()
                    if positions
                ),
            }
        )

    def lower(self, instructions: Mapping[str, str]) -> Measurements:
        """Rungs 1-4 over the cases so far, without a bypass."""
        return self._lower(self.first, self._cases, instructions)

    def of_frame(
        self, first: Examined, cases: Sequence[CaseFacts], instructions: Mapping[str, str]
    ) -> Measurements:
        """Rungs 1-4 on one frame alone, from its cases; `first` is the first of them."""
        return self._lower(first, cases, instructions)

    def _lower(
        self, first: Examined, cases: Sequence[CaseFacts], instructions: Mapping[str, str]
    ) -> Measurements:
        attended = [case.attended for case in cases if case.attended is not None]
        return Measurements(
            stacks=self._transformer.stacks,
            tokens=self._tokens_under(first, instructions, cases),
            presence=_presence_facts([case.presence for case in cases], first),
            visibility=worst_visibility([case.visibility for case in cases]),
            attended=self._attended.facts(attended),
            bypass=Bypass(status="not measured"),
        )

    def _tokens_under(
        self,
        first: Examined,
        instructions: Mapping[str, str],
        cases: Sequence[CaseFacts],
    ) -> TokenFacts:
        """Words become tokens without a look at the frame: measured once for equal words."""
        key = tuple(instructions.items())
        if key not in self._tokens:
            self._tokens[key] = measure_tokens(
                self._policy,
                first.subject.observation,
                instructions,
                first.seen,
                {case.instruction: case.words_in_ids for case in cases},
                {case.instruction: case.ids for case in cases},
            )
        return self._tokens[key]


@dataclass(frozen=True)
class _Presence:
    """What moves in one case, and where the words went if nothing does."""

    measured: bool
    by_instruction: frozenset[int]
    by_frame: frozenset[int]
    overwritten: tuple[int, ...]


def _presence(one: Examined) -> _Presence:
    movement = one.movement
    return _Presence(
        measured=movement.instruction_measured,
        by_instruction=frozenset(movement.by_instruction),
        by_frame=frozenset(movement.by_frame),
        overwritten=one.overwritten,
    )


def _presence_facts(cases: Sequence[_Presence], first: Examined) -> PresenceFacts:
    """Over all cases: which positions move, and where the words went if none does."""
    text = first.subject.instruction
    moved = frozenset[int]().union(*(case.by_instruction for case in cases))
    mixed = frozenset[int]().union(*(case.by_instruction & case.by_frame for case in cases))
    return PresenceFacts(
        measured=any(case.measured for case in cases),
        positions=tuple(sorted(moved - mixed)),
        mixed_positions=tuple(sorted(mixed)),
        overwritten_positions=tuple(sorted({p for case in cases for p in case.overwritten})),
        length_changes_attention=None if moved else _length_changes_attention(first),
        shifts_with_length=_shifts(first, longer(text)) if moved else None,
    )


@stage(Phrase("looking for a bypass"))
def bypass_of(examined: Examined, others: Sequence[str], seed: int) -> Bypass:
    """Look for a bypass, with the first instruction of equal length."""
    subject = examined.subject
    candidates = [
        *others,
        *(text for _, texts in word_variants(subject.instruction, others) for text in texts),
    ]
    variants = next(iter(observation_variants(subject.observation, seed).values()))
    for other in candidates[:TRIED_PARTNERS]:
        if not subject.same_length(other):
            continue
        try:
            return find_bypass(
                subject.policy,
                subject.base,
                subject.observation,
                (subject.instruction, other),
                variants[0],
                examined.movement.by_frame,
            )
        except (SequenceLengthError, InstructionError):
            continue
    return Bypass(status="not measured")


@stage(Phrase("measuring what a longer instruction changes"))
def _length_changes_attention(examined: Examined) -> bool | None:
    """Whether one more word changes what the action rows attend to."""
    subject = examined.subject
    try:
        other = subject.run(instruction=longer(subject.instruction))
    except InstructionError:
        return None
    except SequenceLengthError:
        return True  # even the sequence's length follows the instruction's
    return not np.array_equal(
        other.attention(examined.rows), examined.seen.attention(examined.rows)
    )


@stage(Phrase("measuring what a longer instruction changes"))
def _shifts(examined: Examined, text: str) -> bool | None:
    try:
        return shifts_with_length(examined.subject, examined.movement, text)
    except InstructionError:
        return None


def _visibility(examined: Examined) -> VisibilityFacts:
    instruction = examined.instruction_positions
    images = [p for r, ps in examined.layout.regions.items() if is_image(r) for p in ps]
    hops = examined.hops
    reached = [int(hops[p]) for p in instruction if hops[p] > 0]
    rows = set(examined.rows)
    return VisibilityFacts(
        instruction_total=len(instruction),
        instruction_direct=sum(hop == 1 for hop in reached),
        instruction_reachable=len(reached),
        instruction_hops=min(reached, default=None),
        instruction_after_action=bool(instruction) and min(instruction) > max(rows, default=0),
        image_total=len(images),
        image_direct=int(sum(hops[p] == 1 for p in images)),
        image_reachable=int(sum(hops[p] > 0 for p in images)),
        blind_rows=blind_rows(examined.seen.stack),
    )
