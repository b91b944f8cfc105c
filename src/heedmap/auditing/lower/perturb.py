"""Which positions entering the transformer move when pixels, words or state are changed.

Every variant is a forward pass of its own with a batch of one (or one of a batch that was shown
to give the same, see `at_once`), so that an unchanged position is equal bit for bit and no
tolerance has to be chosen. Instructions are only compared at equal length: a shift of positions
is never taken for meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import torch

from heedmap.auditing.lower.at_once import Variant, VariantBatches, variant_of
from heedmap.auditing.variants import (
    MADE_UP_WORDS,
    observation_variants,
    state_variants,
    with_word,
    word_variants,
)
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, PolicyRunError
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.stages import stage
from heedmap.record.record import WordPositions
from heedmap.tracing.capture.inputs import SequenceLengthError
from heedmap.tracing.capture.trace import EditEmbedding
from heedmap.tracing.observe import Entered, Pass, enter, observe

CANDIDATES_PER_WORD = 4
"""Replacements tried before a word is said to move nothing (two words may share an id)."""


@dataclass(frozen=True)
class Movement:
    """Positions that each camera, each word, the state, and the prompt's words move."""

    by_camera: Mapping[str, tuple[int, ...]]
    by_instruction: tuple[int, ...]
    by_word: tuple[WordPositions, ...]
    instruction_measured: bool
    """False where no variant of equal length exists: nothing was learned."""
    by_state: tuple[int, ...] = ()
    words_in_ids: frozenset[int] = frozenset()
    """Places of words whose exchange for a made-up one was seen to change the ids."""

    @property
    def by_frame(self) -> tuple[int, ...]:
        """Positions that any camera moves."""
        return tuple(sorted({p for positions in self.by_camera.values() for p in positions}))


@dataclass
class Subject:
    """What is being perturbed, and how it was before."""

    policy: Policy
    observation: Observation
    instruction: str
    base: Pass
    text_modules: set[str] = field(default_factory=set)
    """Embeddings whose ids were seen to change with the instruction."""
    other_ids: set[str] = field(default_factory=set)
    """Instructions that were seen to become other ids."""
    entered: Mapping[Variant, Entered] = field(default_factory=dict)
    """What entered of variants that ran already."""
    scores: dict[str, ActionScores] = field(default_factory=dict)
    """Of whole passes under other instructions on this frame."""

    def run(
        self,
        observation: Observation | None = None,
        instruction: str | None = None,
        *,
        keep_leaving: bool = False,
    ) -> Pass:
        """A pass with something changed, whose sequence is as long as before."""
        text = self.instruction if instruction is None else instruction
        found = observe(
            self.policy,
            self.base.stack.pattern,
            observation or self.observation,
            text,
            like=self.base.stack,
            keep_leaving=keep_leaving,
        )
        # Of the instruction itself they are known; what runs anew may run with weights shuffled.
        if instruction is not None and observation is None and not found.took_apart:
            self.scores[text] = found.scores
        return found

    def enter(
        self,
        observation: Observation | None = None,
        instruction: str | None = None,
        edit_embedding: EditEmbedding | None = None,
    ) -> Entered:
        """As `run`, as far as the transformer's first layer only."""
        text = self.instruction if instruction is None else instruction
        seen = observation or self.observation
        if edit_embedding is None and (known := self.entered.get(variant_of(seen, text))):
            return known
        return enter(self.policy, self.base, seen, text, edit_embedding=edit_embedding)

    @cached_property
    def _length(self) -> int | None:
        return self.policy.token_count(self.instruction)

    def same_length(self, instruction: str) -> bool:
        """Equal token counts; where the policy cannot count them, equal numbers of words."""
        try:
            mine, theirs = self._length, self.policy.token_count(instruction)
        except InstructionError:
            return False  # too long for this policy
        if mine is None or theirs is None:
            return len(self.instruction.split()) == len(instruction.split())
        return mine == theirs

    def moved_by_text(self, instruction: str) -> set[int] | None:
        """Positions that another instruction moves; None where it is refused, or not as long.

        So it is where the policy fails on it twice in a row: it need not take any word.
        """
        try:
            other = attempt(lambda: self.enter(instruction=instruction))
        except (SequenceLengthError, InstructionError):
            return None
        if isinstance(other, PolicyRunError):
            return None
        for one, two in zip(self.base.embeddings, other.embeddings, strict=False):
            if one.module_name == two.module_name and not torch.equal(one.ids, two.ids):
                self.text_modules.add(one.module_name)
                self.other_ids.add(instruction)
        return moved(self.base, other)


@stage(Phrase("measuring which positions move with image, words and state"))
def measure_movement(
    subject: Subject, others: Sequence[str], seed: int, batches: VariantBatches | None = None
) -> Movement:
    """Change pixels, words and state in turn and see what enters the transformer differently.

    `others` are further instructions, whose words serve as replacements; with `batches` they run
    together where that is exact. Raises CaptureError when the same input gives another sequence,
    since nothing could be concluded.
    """
    policy, observation = subject.policy, subject.observation
    instruction, base = subject.instruction, subject.base
    words = instruction.split()
    made_up = [with_word(words, at, MADE_UP_WORDS[0]) for at in range(len(words))]
    by_place = [
        # A made-up one first: where it moves something, the word is also known to become an id.
        (word, [made_up[at], *texts])
        for at, (word, texts) in enumerate(word_variants(instruction, others))
    ]
    alike = [other for other in others if subject.same_length(other)]
    cameras, states = observation_variants(observation, seed), state_variants(observation)
    if batches is not None:
        firsts = (next(filter(subject.same_length, texts), None) for _, texts in by_place)
        texts = [*(text for text in firsts if text is not None), *alike]
        _enter_at_once(subject, batches, texts, [*chain(*cameras.values()), *states])
    if not torch.equal(base.sequence, subject.enter().sequence):
        raise CaptureError(
            "the same frame and instruction gave two different sequences in '{policy}': it rounds "
            "otherwise where it is watched",
            policy=policy.name,
        )
    by_camera = {camera: _moved_by_any(subject, seen) for camera, seen in cameras.items()}
    by_word, by_instruction, measured = [], set[int](), False
    for word, texts in by_place:
        positions, tried = _moved_by_word(subject, texts)
        measured = measured or tried
        by_instruction.update(positions)
        if tried:
            by_word.append(WordPositions(word=word, positions=tuple(sorted(positions))))
    for other in alike:
        moved_by_other = subject.moved_by_text(other)
        measured = measured or moved_by_other is not None
        by_instruction.update(moved_by_other or ())
    moved_by_state = _moved_by_any(subject, states)
    # Ids of the changed observations may be those of others once these are gone.
    own = id(observation)
    subject.entered = {key: each for key, each in subject.entered.items() if key[0] == own}
    return Movement(
        by_camera=by_camera,
        by_instruction=tuple(sorted(by_instruction)),
        by_word=tuple(by_word),
        instruction_measured=measured,
        by_state=moved_by_state,
        words_in_ids=frozenset(at for at, text in enumerate(made_up) if text in subject.other_ids),
    )


def _enter_at_once(
    subject: Subject,
    batches: VariantBatches,
    texts: Sequence[str],
    observations: Sequence[Observation],
) -> None:
    """Keep what enters under these texts, and with these in the place of the observation."""
    variants = [(subject.observation, text) for text in texts]
    variants += [(other, subject.instruction) for other in observations]
    example = subject.observation, subject.instruction
    subject.entered = batches.entered(subject.base, example, variants)


def moved(base: Entered, other: Entered) -> set[int]:
    """Positions whose vectors differ. Raises SequenceLengthError when the lengths do."""
    if base.sequence.shape != other.sequence.shape:
        raise SequenceLengthError(
            "The sequence changed its length, from {before} to {after} positions, though its "
            "inputs kept theirs; heedmap cannot compare these positions.",
            before=base.sequence.shape[1],
            after=other.sequence.shape[1],
        )
    differs = (base.sequence != other.sequence).any(dim=-1)[0]
    return set(torch.nonzero(differs).flatten().tolist())


def _moved_by_any(subject: Subject, variants: Sequence[Observation]) -> tuple[int, ...]:
    return tuple(sorted({p for v in variants for p in moved(subject.base, subject.enter(v))}))


def _moved_by_word(subject: Subject, texts: Sequence[str]) -> tuple[set[int], bool]:
    """What replacing one word moves, and whether any variant had an equal length."""
    tried = 0
    for text in filter(subject.same_length, texts):
        positions = subject.moved_by_text(text)
        if positions is None:
            continue
        tried += 1
        if positions:
            return positions, True
        if tried == CANDIDATES_PER_WORD:
            break
    return set(), tried > 0
