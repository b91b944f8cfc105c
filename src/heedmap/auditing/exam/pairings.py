"""Which instructions of a data set stand with which frames, by what the frames look like.

An instruction is a *trained* pairing of a frame where it stands with a frame that looks like it,
and an *untrained* one where all of its frames look different. How far apart frames of one
instruction are, in mean colours on a grid, says from which distance frames look different.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from heedmap.auditing.needed import Features, pooled_pixels
from heedmap.data.trials import Trial

APART = 1.5
"""Times that distance from which they look different: random frames are about equally far apart."""


@dataclass(frozen=True)
class Pairings:
    """Texts beside the own ones: those trained with each frame's look, and those not."""

    trained: tuple[tuple[str, ...], ...]
    untrained: tuple[tuple[str, ...], ...]
    reach: float | None
    """Distance up to which frames look alike; None where no two episodes share an instruction."""


def stands_with(trial: Trial) -> tuple[str, ...]:
    """Texts that the data set itself puts beside the frame: recorded, or with an action known."""
    named = trial.instructions
    if trial.recorded is None:
        return tuple(named.values())
    return tuple(text for name, text in named.items() if _is_of(trial, name))


def _is_of(trial: Trial, name: str) -> bool:
    return name == trial.recorded or name in trial.expected


def own_name(trial: Trial) -> str:
    """The instruction whose changes are examined: the recorded one, or the first."""
    return trial.recorded or next(iter(trial.instructions))


def looks_of(trials: Sequence[Trial]) -> Features:
    """What each frame looks like; frames are read one by one, since they may be many and large."""
    return np.concatenate([pooled_pixels([trial.observation.frame]) for trial in trials])


def pair(trials: Sequence[Trial], looks: Features) -> Pairings:
    """The pairings of every frame; `looks` as `looks_of` gives them."""
    texts = [stands_with(trial) for trial in trials]
    apart = np.stack([np.linalg.norm(looks - own, axis=1) for own in looks])
    reach = _reach(apart, texts, [trial.cluster for trial in trials])
    every = list(dict.fromkeys(text for each in texts for text in each))
    trained: list[tuple[str, ...]] = []
    untrained: list[tuple[str, ...]] = []
    for number, trial in enumerate(trials):
        own = trial.instructions[own_name(trial)]
        beside = list(texts[number])
        if reach is not None:
            alike = [texts[other] for other in np.flatnonzero(apart[number] <= reach)]
            beside += [text for each in alike for text in each]
        trained.append(tuple(text for text in dict.fromkeys(beside) if text != own))
        others = [] if reach is None else [text for text in every if text not in {own, *beside}]
        untrained.append(tuple(others))
    return Pairings(tuple(trained), tuple(untrained), reach)


def _reach(
    apart: Float[np.ndarray, "frame frame"],
    texts: Sequence[Sequence[str]],
    clusters: Sequence[str],
) -> float | None:
    """How far apart frames of one instruction are; frames of one episode always look alike."""
    nearest: list[float] = []
    for number, own in enumerate(texts):
        sharing = [
            apart[number, other]
            for other in range(len(texts))
            if clusters[other] != clusters[number] and set(own) & set(texts[other])
        ]
        nearest += [float(min(sharing))] if sharing else []
    return APART * max(nearest) if nearest else None
