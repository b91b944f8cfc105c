"""Other words for the same: what costs nothing, or one run a wording.

`nearest` gives the known instruction (of the training) that is most like the text; `form` changes
case, full stop or prompt; `telling_words` keeps the words that not all instructions share, so that
they come before a cut; `agreement` runs several wordings and takes the action on which most agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from math import log
from typing import Literal, final

import torch

from heedmap.data.observation import Observation
from heedmap.errors import InstructionError
from heedmap.policies.base import ActionScores, Policy
from heedmap.remedies.remedied import Remedied

Form = Literal["plain", "sentence", "question"]
FORMS: dict[Form, Callable[[str], str]] = {
    "plain": lambda text: text.lower().rstrip(".!? "),
    "sentence": lambda text: f"{text[:1].upper()}{text[1:].rstrip('.!? ')}." if text else text,
    "question": lambda text: (
        f"What action should the robot take to {text.rstrip('.!? ')}?" if text else text
    ),
}
"""The last is the prompt of OpenVLA."""
WORDINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    FORMS["plain"],
    FORMS["sentence"],
    lambda text: f"please {text[:1].lower()}{text[1:]}" if text else text,
)
LIKE_SHARE = 0.5
"""Of the words of both (0..1), from which a known instruction is near enough to be put in place."""


@final
class Reworded(Remedied):
    """Gives the policy another text in place of each."""

    def __init__(self, inner: Policy, doing: str, rewrite: Callable[[str], str]) -> None:
        super().__init__(inner, doing)
        self._rewrite = rewrite

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One run."""
        return self.inner(observations, [self._rewrite(text) for text in instructions])

    def token_count(self, instruction: str) -> int | None:
        """Of the text that is given in its place."""
        return self.inner.token_count(self._rewrite(instruction))


@final
class Agreeing(Remedied):
    """Runs several wordings; a wording that the policy refuses does not count.

    Of a discrete head probabilities are averaged, as logarithms; of a continuous one the action
    nearest to all others is taken whole, so that no mean of two grasps is made.
    """

    def __init__(self, inner: Policy, wordings: Sequence[Callable[[str], str]]) -> None:
        super().__init__(inner, f"agreement of {len(wordings)}")
        self._wordings = tuple(wordings)

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One run a wording; all of them are run even where two give the same text."""
        found: list[ActionScores] = []
        refusal: InstructionError | None = None
        for wording in self._wordings:
            try:
                found.append(self.inner(observations, [wording(text) for text in instructions]))
            except InstructionError as error:
                refusal = error
        if not found:
            assert refusal is not None
            raise refusal
        scores = torch.stack(found)
        if self.action_names is not None:
            return scores.softmax(dim=-1).mean(dim=0).clamp(min=1e-12).log()
        apart = (scores[:, None] - scores[None]).norm(dim=-1).sum(dim=0)
        return scores[apart.argmin(dim=0), torch.arange(scores.shape[1], device=scores.device)]


def nearest(known: Sequence[str]) -> Callable[[str], str]:
    """From a text to the known one that shares most words; to itself where none shares enough.

    Words count by how few of the known instructions hold them, so that "left" outweighs "the".
    """
    words = {text: set(text.lower().split()) for text in known}
    holders = Counter(word for held in words.values() for word in held)

    def weight(some: Collection[str]) -> float:
        return sum(log(1 + len(words) / max(1, holders[word])) for word in some)

    def likeness(own: set[str], other: str) -> float:
        return 2 * weight(own & words[other]) / (weight(own) + weight(words[other]))

    def find(text: str) -> str:
        own = set(text.lower().split())
        if not own or text in words or not words:
            return text
        best = max(words, key=lambda other: likeness(own, other))
        return best if likeness(own, best) >= LIKE_SHARE else text

    return find


def telling_words(texts: Sequence[str]) -> Callable[[str], str]:
    """Keeps the words of a text that not all of these hold; all of them where none tells."""
    count = Counter(word for text in set(texts) for word in set(text.lower().split()))
    common = {word for word, held in count.items() if held == len(set(texts))}

    def keep(text: str) -> str:
        return " ".join(w for w in text.split() if w.lower() not in common) or text

    return keep
