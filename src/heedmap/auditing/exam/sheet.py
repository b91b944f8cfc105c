"""The questions of an exam: on every frame, variants of its instruction by kind.

A variant is only asked where it can show something: one that should change the action is left out
where the data set expects the same action as under the frame's own instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from heedmap.auditing.exam.kinds import (
    CHANGE,
    EXCHANGES,
    KEEP,
    KINDS,
    Kind,
    Missing,
    purpose_of,
)
from heedmap.auditing.exam.pairings import Pairings, looks_of, own_name, pair
from heedmap.auditing.exam.variants import exchanged, reworded, without_meaning
from heedmap.auditing.needed import Features
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.thresholds import FEWEST_FRAMES

MOST_A_KIND = 2
"""Variants of one kind on one frame."""
MOST_PAIRINGS = 4
"""Trained pairings, and untrained ones; several show what a frame was trained with."""
_SAYS: Mapping[str, str] = {
    "left": r"\bleft\b|왼쪽|좌측|좌회전",
    "right": r"\bright\b|오른쪽|우측|우회전",
    "forward": r"\b(forwards?|straight|ahead)\b|앞으로|앞쪽|전진|직진",
    "backward": r"\bbackwards?\b|뒤로|뒤쪽|후진",
    "up": r"\b(up|upwards?)\b|위로|위쪽",
    "down": r"\b(down|downwards?)\b|아래로|아래쪽",
    "stop": r"\bstop\b|멈추|정지",
}
"""Words that name an action, where a policy's discrete actions are named like this."""


@dataclass(frozen=True)
class Question:
    """One text put to the policy on one frame."""

    frame: int
    """Number of the trial."""
    kind: Kind | None
    """None for the frame's own instruction."""
    text: str
    expected: str | None = None
    """The action expected under it, where the data set says so."""
    is_outside: bool = False
    """Whether it has words that no instruction of the data set has."""


@dataclass(frozen=True)
class Sheet:
    """Frames with their own instructions, variants of them, and why kinds have none."""

    trials: tuple[Trial, ...]
    own: tuple[Question, ...]
    variants: tuple[Question, ...]
    missing: Mapping[Kind, Missing]
    looks: Features
    """What the frames look like, one row a frame."""


def make_sheet(
    trials: Sequence[Trial],
    action_names: tuple[str, ...] | None = None,
    kinds: Sequence[Kind] = KINDS,
    seed: int = 0,
) -> Sheet:
    """All questions; `seed` draws the untrained pairings.

    Raises InstructionError where no frame has an instruction.
    """
    trials = [trial for trial in trials if trial.instructions[own_name(trial)].strip()]
    if not trials:
        raise InstructionError("No frame of the data set has an instruction; an exam changes them.")
    looks = looks_of(trials)
    writer = _Writer(trials, action_names, pair(trials, looks), np.random.default_rng(seed))
    own = [writer.own(number) for number in range(len(trials))]
    variants: list[Question] = []
    dropped: set[Kind] = set()
    for question in own:
        for kind, texts in writer.texts(question).items():
            if kind in kinds:
                asked = writer.chosen(question, kind, texts)
                variants += asked
                dropped |= set() if asked else {kind}
    variants = _known_words_first(variants)
    asked_kinds = {question.kind for question in variants}
    missing: dict[Kind, Missing] = {
        kind: writer.why_missing(kind, chosen=kind in kinds, was_dropped=kind in dropped)
        for kind in KINDS
        if kind not in asked_kinds
    }
    return Sheet(tuple(trials), tuple(own), tuple(variants), missing, looks)


def _known_words_first(variants: Sequence[Question]) -> list[Question]:
    """Without words that the data set does not have, where a kind does well without them."""
    inside: dict[Kind | None, set[int]] = {}
    for question in variants:
        if question.kind in EXCHANGES and not question.is_outside:
            inside.setdefault(question.kind, set()).add(question.frame)
    enough = {kind for kind, frames in inside.items() if len(frames) >= FEWEST_FRAMES}
    return [q for q in variants if not (q.is_outside and q.kind in enough)]


class _Writer:
    """What the questions of all frames share."""

    def __init__(
        self,
        trials: Sequence[Trial],
        action_names: tuple[str, ...] | None,
        pairings: Pairings,
        draw: np.random.Generator,
    ) -> None:
        self._trials = trials
        self._names = action_names
        self._pairings = pairings
        self._draw = draw
        every = [text for trial in trials for text in trial.instructions.values()]
        self._texts = frozenset(every)
        self._words = frozenset(word for text in every for word in _words(text))
        self._known = [
            {
                text: trial.expected[name]
                for name, text in trial.instructions.items()
                if name in trial.expected
            }
            for trial in trials
        ]

    def own(self, number: int) -> Question:
        """The frame's own instruction."""
        text = self._trials[number].instructions[own_name(self._trials[number])]
        return Question(number, None, text, self._expected(number, text, None))

    def texts(self, own: Question) -> dict[Kind, list[str]]:
        """Candidates by kind; empty lists for kinds of which the frame has none."""
        found: dict[Kind, list[str]] = {kind: [] for kind in KINDS}
        found |= exchanged(own.text, self._words)
        found |= reworded(own.text)
        found |= without_meaning(own.text)
        given = self._trials[own.frame].paraphrases.get(own_name(self._trials[own.frame]), ())
        found["paraphrase"] = [text for text in (*given, *found["paraphrase"]) if text != own.text]
        found["trained"] = list(self._pairings.trained[own.frame])
        untrained = self._pairings.untrained[own.frame]
        found["untrained"] = [untrained[n] for n in self._draw.permutation(len(untrained))]
        return {kind: texts for kind, texts in found.items() if texts}

    def chosen(self, own: Question, kind: Kind, texts: Sequence[str]) -> list[Question]:
        """The most telling ones: with a known action first, then those of the data set."""
        asked = [
            Question(
                own.frame,
                kind,
                text,
                self._expected(own.frame, text, kind),
                is_outside=not _words(text) <= self._words,
            )
            for text in dict.fromkeys(texts)
        ]
        if kind in CHANGE:
            asked = [q for q in asked if q.expected is None or not _same(q.expected, own.expected)]
            asked.sort(key=lambda q: (q.expected is None, q.text not in self._texts))
        elif kind in KEEP:
            asked = [replace(q, expected=own.expected) for q in asked]
        return asked[: MOST_PAIRINGS if kind in ("trained", "untrained") else MOST_A_KIND]

    def _expected(self, number: int, text: str, kind: Kind | None) -> str | None:
        """What the frame's data say, else the one action that the text names."""
        if kind is not None and purpose_of(kind) == "control":
            return None
        if (known := self._known[number].get(text)) is not None:
            return known
        if self._names is None or kind == "negation":
            return None
        named = [
            name
            for name in self._names
            if re.search(_SAYS.get(name.lower(), rf"\b{re.escape(name)}\b"), text, re.IGNORECASE)
        ]
        return named[0] if len(named) == 1 else None

    def why_missing(self, kind: Kind, *, chosen: bool, was_dropped: bool) -> Missing:
        """Why there is no variant of a kind."""
        if not chosen:
            return "not_chosen"
        if was_dropped:
            return "same_action"
        if kind == "untrained":
            return "looks_unknown" if self._pairings.reach is None else "all_alike"
        reasons: dict[Kind, Missing] = {
            "trained": "no_other",
            "paraphrase": "no_paraphrase",
            "case": "no_case",
        }
        return reasons.get(kind, "no_word")


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().lower() == other.strip().lower()


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
