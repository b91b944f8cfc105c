"""What variants of one example bring into the transformer, in one forward pass.

Run one by one, an unchanged position is equal bit for bit, and so it has to be here: a batch is
only believed where equal examples in it are all equal, to the last bit, to one that ran alone,
and where the first variants gave the same in a batch as one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
from heedmap.tracing.batches import is_large
from heedmap.tracing.observe import Entered, Pass, enter, enter_together

Example = tuple[Observation, str]
Variant = tuple[int, str]
"""An observation's id, and a text."""


def variant_of(observation: Observation, text: str) -> Variant:
    """What an example is found by, as long as its observation is there."""
    return id(observation), text


@dataclass
class VariantBatches:
    """Runs one policy's variants together, as long as that is seen to be exact.

    Not of a large network: there a pass that stops before the layers costs next to nothing.
    """

    policy: Policy
    is_exact: bool | None = None
    """Whether variants gave the same in a batch as one by one; None: not tried yet."""
    _shapes: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Whether equal examples are equal, by the sequence's length and the number of examples."""

    def __post_init__(self) -> None:
        if is_large(self.policy.module):
            self.is_exact = False

    def entered(
        self, base: Pass, example: Example, variants: Sequence[Example]
    ) -> dict[Variant, Entered]:
        """By variant, the example itself among them; empty where they have to be run one by one.

        `base` is the pass of the example, and the variants' sequences are as long as its own.
        """
        examples = list({variant_of(*each): each for each in (example, *variants)}.values())
        if self.is_exact is False or len(examples) == 1 or len(base.sequence) != 1:
            return {}
        shape = (base.stack.length, len(examples))
        if shape not in self._shapes:
            equal = self._run(base, [example] * len(examples))
            self._shapes[shape] = bool(equal) and all(_same(base, each) for each in equal)
        together = self._run(base, examples) if self._shapes[shape] else []
        if not together:
            return {}
        if self.is_exact is None:
            self.is_exact = self._is_as_alone(base, examples, together)
        # A policy that keeps something from one call to the next may change its mind.
        self.is_exact = self.is_exact and _same(base, together[0])
        if not self.is_exact:
            return {}
        return {variant_of(*each): found for each, found in zip(examples, together, strict=True)}

    def _run(self, base: Pass, examples: Sequence[Example]) -> list[Entered]:
        """Of every example; empty where the policy does not take them together."""
        observations = [observation for observation, _ in examples]
        texts = [text for _, text in examples]
        try:
            found = attempt(lambda: enter_together(self.policy, base, observations, texts))
        except (CaptureError, InstructionError):
            return []
        return [] if isinstance(found, PolicyRunError) else found

    def _is_as_alone(
        self, base: Pass, examples: Sequence[Example], together: list[Entered]
    ) -> bool:
        alone = (enter(self.policy, base, *example) for example in examples)
        return all(_same(one, other) for one, other in zip(alone, together, strict=True))


def _same(one: Entered, other: Entered) -> bool:
    """To the last bit, ids too."""
    return (
        torch.equal(one.sequence, other.sequence)
        and len(one.embeddings) == len(other.embeddings)
        and all(
            mine.module_name == theirs.module_name and torch.equal(mine.ids, theirs.ids)
            for mine, theirs in zip(one.embeddings, other.embeddings, strict=True)
        )
    )
