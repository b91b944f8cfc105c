"""A trial: one frame, its instructions, and their expected actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from heedmap.data.observation import NamedFrame, Observation
from heedmap.visible import whole_texts


@dataclass(frozen=True)
class Trial:
    """One frame with several instructions, keyed by their names."""

    name: str
    observation: Observation
    instructions: Mapping[str, str]
    expected: Mapping[str, str] = field(default_factory=dict)
    """Expected action of each, such as "LEFT" or "dim1:+", where known."""
    paraphrases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Other words for the same."""
    recorded: str | None = None
    """The instruction that the frame came with in its data set."""
    episode: str | None = None
    """Frames of one episode are not independent of each other."""

    def __post_init__(self) -> None:
        """Names of files need not be text: no table or JSON could hold them then."""
        for part in ("name", "episode"):
            object.__setattr__(self, part, whole_texts(getattr(self, part)))

    @property
    def cluster(self) -> str:
        """The episode, or the frame itself."""
        return self.episode or self.name

    @property
    def is_needed(self) -> bool | None:
        """Whether the instruction decides here; None where expected actions are unknown."""
        known = [self._asks(name) for name in self.instructions if name in self.expected]
        if len(set(known)) > 1:
            return True
        return False if len(known) == len(self.instructions) else None

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Instructions with different expected actions; any two where these are unknown."""
        for one, two in combinations(self.instructions, 2):
            both_known = one in self.expected and two in self.expected
            if self.is_needed is None or (both_known and self._asks(one) != self._asks(two)):
                yield one, two

    def _asks(self, name: str) -> str:
        return self.expected[name].strip().lower()


def trials_of(
    frames: Sequence[NamedFrame],
    instructions: Mapping[str, str],
    expected: Mapping[str, str],
    paraphrases: Mapping[str, Sequence[str]],
    recorded: str | None = None,
) -> list[Trial]:
    """Every frame with the same instructions."""
    return [
        Trial(frame.name, frame.observation, instructions, expected, paraphrases, recorded)
        for frame in frames
    ]
