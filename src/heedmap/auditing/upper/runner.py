"""Many examples through a policy, several at once where it gives the same that way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from heedmap.auditing.upper.known import KnownRuns, given
from heedmap.auditing.upper.responses import Scores
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, NonFiniteError, PolicyRunError
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.batches import BatchSize, in_batches, is_large, size_that_fits
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.shared_prefix.attend import Together

Example = tuple[Observation, str]

BATCH = 32
FEWEST_TOGETHER = 3
"""Instructions on one frame from which they are run together."""
BATCH_TOLERANCE = 1e-4
"""Of the largest score: a batch that differs by more is not used."""


def length_key(policy: Policy, instruction: str) -> int:
    """Examples with equal keys go into one batch: tokens, or words where nobody counts those."""
    count = policy.token_count(instruction)
    return len(instruction.split()) if count is None else count


@dataclass
class UntriedBatch:
    """How many examples run at once: tried when it is first needed, on examples of these."""

    policy: Policy
    examples: Sequence[Example]
    most: int | None
    known: KnownRuns
    noise: float = 0.0
    """How far scores of two together were from those one by one."""
    _found: BatchSize | None = None

    @property
    def size(self) -> BatchSize:
        """One, unless two examples give the same together as one by one."""
        if self._found is None:
            self._found = BatchSize(self._tried())
        return self._found

    @stage(Phrase("trying whether examples give the same together as one by one"))
    def _tried(self) -> int:
        policy, most = self.policy, self.most
        alike, singly = self._singly()
        if not alike:
            return 1
        tried, several = BatchSize(len(alike)), list[Scores]()

        def run() -> None:
            found = in_batches(alike, tried, lambda some: policy(*_columns(some)))
            several[:] = [scores.double().cpu().numpy() for scores in found]

        if most is None:
            most = size_that_fits(policy.module, BATCH, run, len(alike))
        elif most > 1:
            run()
        if tried.value == 1 or most == 1 or not agree(singly, several):
            return 1
        self.noise = _apart(singly, several)
        return most

    def _singly(self) -> tuple[Sequence[Example], list[Scores]]:
        """Two examples of one length that the policy takes, and their scores; else nothing."""
        for number in range(len(self.examples)):
            alike = _of_one_length(self.policy, self.examples[number:])
            with suppress(InstructionError):
                return alike, [self._known_or_run(*each) for each in alike]
        return (), []

    def _known_or_run(self, observation: Observation, text: str) -> Scores:
        known = self.known.of(observation, text)
        if known is not None:
            return known
        return self.policy([observation], [text])[0].double().cpu().numpy()


@dataclass(frozen=True)
class Runner:
    """A policy and how many examples it is run on at once."""

    policy: Policy
    at_once: BatchSize | UntriedBatch
    together: Together | None = None
    """Runs many instructions on one frame together, where the network is large."""
    known: KnownRuns = field(default_factory=KnownRuns)
    """Scores of runs that were made before."""

    @classmethod
    def of(
        cls,
        policy: Policy,
        examples: Sequence[Example],
        stack: Stack | None = None,
        most: int | None = None,
        known: KnownRuns | None = None,
    ) -> Runner:
        """Batches where these examples give the same together as one by one; otherwise singles.

        A policy with pinned noise is run singly: in a batch each example has other noise. So is
        one that fails whenever it is given several (see `heedmap.tracing.batches`).
        `stack` is the transformer in which instructions on one frame may share what they can.
        `most` examples run together, whatever memory is free: the last digits of a score may
        depend on how many there are, so that runs with equal `most` agree bit for bit.
        """
        known = known or KnownRuns()
        if policy.noise_seed is not None:
            return cls(policy, BatchSize(1), known=known)
        together = Together(policy, stack) if stack and is_large(policy.module) else None
        return cls(policy, UntriedBatch(policy, examples, most, known), together, known)

    def batch(self) -> BatchSize:
        """How many examples run at once."""
        return self.at_once if isinstance(self.at_once, BatchSize) else self.at_once.size

    @property
    def noise(self) -> float:
        """How far scores in a batch are from those one by one, as far as that was tried."""
        return self.at_once.noise if isinstance(self.at_once, UntriedBatch) else 0.0

    def controls(self, examples: Sequence[Example]) -> list[Scores | None]:
        """As `scores`, for what a policy need not take: also None where it fails twice in a row.

        Such as no words at all, or a frame of noise. Raises the PolicyRunError of a failure that
        does not come again.
        """
        found = attempt(lambda: self.scores(examples))
        if isinstance(found, PolicyRunError):
            return [self._control(example) for example in examples]
        return found

    def _control(self, example: Example) -> Scores | None:
        found = attempt(lambda: self.scores([example]))
        return None if isinstance(found, PolicyRunError) else found[0]

    def scores(self, examples: Sequence[Example]) -> list[Scores | None]:
        """Scores in the order of the examples; None where the policy refuses an instruction.

        It does so by an InstructionError. Raises PolicyRunError for any other exception.
        """
        found: dict[int, Scores | None] = {}
        for number, example in enumerate(examples):
            if (known := self.known.of(*example)) is not None:
                found[number] = known
        found |= self._by_frame(examples, found)
        for numbers in self._of_equal_length(examples, found):
            size = self.batch() if len(numbers) > 1 else 1
            chosen = in_batches([examples[number] for number in numbers], size, self._run)
            found |= dict(zip(numbers, chosen, strict=True))
        return [found[number] for number in range(len(examples))]

    def again(self, example: Example) -> Scores | None:
        """Scores of one example, run alone and anew; None where the policy refuses it."""
        known = self.known.again.get(given(*example)) if self.known.again else None
        return self._run([example])[0] if known is None else known

    def _by_frame(
        self, examples: Sequence[Example], known: Mapping[int, Scores | None]
    ) -> dict[int, Scores | None]:
        """Scores of those that share a frame with enough others to run together."""
        found: dict[int, Scores | None] = {}
        if self.together is None:
            return found
        by_frame: dict[int, list[int]] = {}
        for number, (observation, text) in enumerate(examples):
            if number not in known and self._key(text) is not None:
                by_frame.setdefault(id(observation), []).append(number)
        for numbers in by_frame.values():
            if len(numbers) < FEWEST_TOGETHER or self.together.why_alone is not None:
                continue
            texts = list(dict.fromkeys(examples[number][1] for number in numbers))
            observation = examples[numbers[0]][0]
            trunk = self.known.trunks and self.known.trunks.of_frame(observation)
            if trunk is not None:
                texts = [trunk.instruction, *(text for text in texts if text != trunk.instruction)]
            try:
                got = self.together.attend(observation, texts, (-1,), trunk).scores
            except (InstructionError, CaptureError, NonFiniteError):
                continue  # one is refused, or cannot be watched: one by one shows which
            rows = dict(zip(texts, got.double().cpu().numpy(), strict=True))
            found |= {number: rows[examples[number][1]] for number in numbers}
        return found

    def _of_equal_length(
        self, examples: Sequence[Example], found: dict[int, Scores | None]
    ) -> list[list[int]]:
        """Numbers of the examples that are left, by length; what is too long is None at once."""
        by_key: dict[int, list[int]] = {}
        for number, (_, text) in enumerate(examples):
            if number not in found:
                key = self._key(text)
                if key is None:
                    found[number] = None
                else:
                    by_key.setdefault(key, []).append(number)
        return list(by_key.values())

    def _key(self, text: str) -> int | None:
        try:
            return length_key(self.policy, text)
        except InstructionError:
            return None  # too long for this policy

    def _run(self, examples: Sequence[Example]) -> Sequence[Scores | None]:
        try:
            return list(self.policy(*_columns(examples)).double().cpu().numpy())
        except InstructionError:
            if len(examples) == 1:
                return [None]
            return [scores for example in examples for scores in self._run([example])]


def _of_one_length(policy: Policy, examples: Sequence[Example]) -> list[Example]:
    """The first example and another one that is as long; itself, where no other is."""
    key = length_key(policy, examples[0][1])
    others = (example for example in examples[1:] if length_key(policy, example[1]) == key)
    return [examples[0], next(others, examples[0])]


def agree(singly: Sequence[Scores], several: Sequence[Scores]) -> bool:
    """Whether scores of a batch are those of single runs, but for rounding."""
    largest = max(float(np.abs(one).max(initial=0.0)) for one in singly)
    return _apart(singly, several) <= BATCH_TOLERANCE * max(largest, 1.0)


def _apart(singly: Sequence[Scores], several: Sequence[Scores]) -> float:
    """The largest difference; infinite where there are other numbers of scores."""
    one, two = np.stack(list(singly)), np.stack(list(several))
    return float(np.abs(one - two).max(initial=0.0)) if one.shape == two.shape else np.inf


def _columns(examples: Sequence[Example]) -> tuple[list[Observation], list[str]]:
    return [observation for observation, _ in examples], [text for _, text in examples]
