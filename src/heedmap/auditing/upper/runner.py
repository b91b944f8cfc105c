"""Many examples through a policy, several at once where it gives the same that way."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from heedmap.auditing.upper.responses import Scores
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, NonFiniteError, PolicyRunError
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.batches import BatchSize, in_batches, size_that_fits
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.shared_prefix.attend import Together

Example = tuple[Observation, str]

BATCH = 32
FEWEST_TOGETHER = 3
"""Instructions on one frame from which they are run together."""
LARGE = 50_000_000
"""Parameters from which running together pays for its preparation."""
BATCH_TOLERANCE = 1e-4
"""Of the largest score: a batch that differs by more is not used."""


def length_key(policy: Policy, instruction: str) -> int:
    """Examples with equal keys go into one batch: tokens, or words where nobody counts those."""
    count = policy.token_count(instruction)
    return len(instruction.split()) if count is None else count


@dataclass(frozen=True)
class Runner:
    """A policy and how many examples it is run on at once."""

    policy: Policy
    batch: BatchSize
    together: Together | None = None
    """Runs many instructions on one frame together, where the network is large."""
    known: Mapping[Hashable, Scores] = field(default_factory=dict)
    """Scores of runs that were made before, by `given`."""
    repeated: Mapping[Hashable, Scores] = field(default_factory=dict)
    """As `known`, of runs that were made a second time."""

    @classmethod
    @stage(Phrase("trying whether examples give the same together as one by one"))
    def of(
        cls,
        policy: Policy,
        examples: Sequence[Example],
        stack: Stack | None = None,
        most: int | None = None,
    ) -> Runner:
        """Batches where these examples give the same together as one by one; otherwise singles.

        A policy with pinned noise is run singly: in a batch each example has other noise. So is
        one that fails whenever it is given several (see `heedmap.tracing.batches`).
        `stack` is the transformer in which instructions on one frame may share what they can.
        `most` examples run together, whatever memory is free: the last digits of a score may
        depend on how many there are, so that runs with equal `most` agree bit for bit.
        """
        if policy.noise_seed is not None:
            return cls(policy, BatchSize(1))
        together = Together(policy, stack) if stack and _is_large(policy) else None
        observation, text = examples[0]
        fits = most or size_that_fits(policy.module, BATCH, lambda: policy([observation], [text]))
        if fits == 1:
            return cls(policy, BatchSize(1), together)
        key = length_key(policy, text)
        alike = [example for example in examples if length_key(policy, example[1]) == key][:3]
        alike = (alike if len(alike) > 1 else [examples[0], examples[0]])[:fits]
        single = torch.cat([policy([observation], [text]) for observation, text in alike])
        batch = BatchSize(fits)
        several = torch.stack(in_batches(alike, batch, lambda some: policy(*_columns(some))))
        agrees = (single - several).abs().max() <= BATCH_TOLERANCE * single.abs().max().clamp(min=1)
        return cls(policy, batch if agrees else BatchSize(1), together)

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
        found: dict[int, Scores | None] = {
            number: self.known[key]
            for number, key in enumerate(given(*each) for each in examples if self.known)
            if key in self.known
        }
        found |= self._by_frame(examples, found)
        for numbers in self._of_equal_length(examples, found):
            chosen = in_batches([examples[number] for number in numbers], self.batch, self._run)
            found |= dict(zip(numbers, chosen, strict=True))
        return [found[number] for number in range(len(examples))]

    def again(self, example: Example) -> Scores | None:
        """Scores of one example, run alone and anew; None where the policy refuses it."""
        if self.repeated and (key := given(*example)) in self.repeated:
            return self.repeated[key]
        return self._run([example])[0]

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
            try:
                got = self.together.attend(examples[numbers[0]][0], texts, (-1,)).scores
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


def given(observation: Observation, text: str) -> Hashable:
    """The same for the same input."""
    return observation.sha256, text


def _is_large(policy: Policy) -> bool:
    return sum(parameter.numel() for parameter in policy.module.parameters()) >= LARGE


def _columns(examples: Sequence[Example]) -> tuple[list[Observation], list[str]]:
    return [observation for observation, _ in examples], [text for _, text in examples]
