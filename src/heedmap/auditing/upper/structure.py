"""Where image, template, instruction and action are, for all instructions of one length.

Found by intervention on one example of each length and checked on every further one: what
an exchange of instructions moves there must be what it moved before.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from heedmap.auditing.lower.discovery import Transformer
from heedmap.auditing.lower.examine import Examined, examine
from heedmap.auditing.lower.perturb import moved
from heedmap.auditing.upper.known import given
from heedmap.auditing.upper.runner import length_key
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import CaptureError
from heedmap.policies.base import Policy
from heedmap.record.regions import is_image
from heedmap.tracing.capture.inputs import SequenceLengthError, capture_entering, stopping_before
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.interventions.knockout import Edges, visible_edges
from heedmap.tracing.observe import Entered

MOST_EXAMINED = 6
"""Lengths of instructions that are examined beyond those of the cases; others are left out."""


@dataclass(frozen=True)
class Structure:
    """Positions by what they hold, and what the masks let through."""

    stack: Stack
    rows: tuple[int, ...]
    instruction: tuple[int, ...]
    template: tuple[int, ...]
    image: tuple[int, ...]
    visible: Edges


def structure_of(examined: Examined) -> Structure:
    """From one examined example."""
    regions = examined.layout.regions
    return Structure(
        stack=examined.seen.stack.without_tensors(),
        rows=examined.rows,
        instruction=examined.instruction_positions,
        template=regions.get("template", ()),
        image=tuple(p for name, held in regions.items() if is_image(name) for p in held),
        visible=visible_edges(examined.seen.stack),
    )


@dataclass
class Structures:
    """Structures by length, examined at first use."""

    policy: Policy
    transformer: Transformer
    seed: int
    _known: dict[int, Structure | None] = field(default_factory=dict)
    _more: int = MOST_EXAMINED
    _frame: Observation | None = None
    _firsts: dict[int, tuple[str, Entered]] = field(default_factory=dict)
    """The first instruction of every length on the frame that was examined last."""
    _moved: dict[Hashable, dict[str, frozenset[int]]] = field(default_factory=dict)
    """By frame and first instruction: what exchanging that for others of its length moves."""

    def learn(self, examined: Examined) -> None:
        """Take over what a case has shown."""
        subject = examined.subject
        key = length_key(self.policy, subject.instruction)
        if examined.instruction_positions and key not in self._known:
            self._known[key] = structure_of(examined)
        if self._frame is not subject.observation:
            self._frame, self._firsts = subject.observation, {}
        entered = Entered(examined.seen.sequence, ())
        text, first = self._firsts.setdefault(key, (subject.instruction, entered))
        if first.sequence.shape == entered.sequence.shape:
            by_text = self._moved.setdefault(given(subject.observation, text), {})
            by_text[subject.instruction] = frozenset(moved(first, entered))

    def of(self, trial: Trial, name: str) -> Structure | None:
        """The structure under this instruction; None where the instruction is absent."""
        text = trial.instructions[name]
        key = length_key(self.policy, text)
        if key not in self._known:
            self._known[key] = self._examined(trial, text)
        return self._known[key]

    def check(self, trial: Trial, names: Sequence[str]) -> bool:
        """Whether the instructions of equal length move no position but the known ones."""
        by_key: dict[int, list[str]] = {}
        for name in names:
            key = length_key(self.policy, trial.instructions[name])
            by_key.setdefault(key, []).append(name)
        for alike in by_key.values():
            structure = self.of(trial, alike[0])
            if structure is None:
                return False
            texts = [trial.instructions[name] for name in alike]
            others = self._moved_by_others(structure, trial.observation, texts)
            known = {*structure.instruction, *structure.rows}
            if others is None or any(not positions <= known for positions in others):
                return False
        return True

    def _moved_by_others(
        self, structure: Structure, observation: Observation, texts: Sequence[str]
    ) -> list[frozenset[int]] | None:
        """What exchanging the first of these texts for each other one moves; None: it cannot be."""
        noted = self._moved.get(given(observation, texts[0]), {})
        if all(text in noted for text in texts):
            return [noted[text] for text in texts[1:]]
        entering = [self._entering(structure, observation, text) for text in texts]
        kept = [one for one in entering if one is not None]
        if len(kept) < len(texts):
            return None
        return [frozenset(moved(kept[0], other)) for other in kept[1:]]

    def _entering(
        self, structure: Structure, observation: Observation, text: str
    ) -> Entered | None:
        """What enters the first layer; None at another length."""
        try:
            with (
                capture_entering(self.policy.module, structure.stack) as entering,
                stopping_before(self.policy.module, structure.stack.first_block),
            ):
                self.policy([observation], [text])
        except SequenceLengthError:
            return None
        return Entered(entering.only(), ())

    def _examined(self, trial: Trial, text: str) -> Structure | None:
        if self._more == 0:
            return None
        self._more -= 1
        others = [other for other in trial.instructions.values() if other != text]
        try:
            one = examine(self.policy, self.transformer, trial.observation, text, others, self.seed)
        except CaptureError:
            return None  # what runs under instructions of this length cannot be watched
        return structure_of(one) if one.instruction_positions else None
