"""Is the instruction needed in a data set, or does the frame alone predict the action?

Where it does, a policy can learn the data without reading its instruction (shortcut
learning). A linear probe on pooled image embeddings predicts the instruction, or the
action, of held-out episodes; its cross-entropy is an upper bound on H(target | frame), so
what it explains is a lower bound on what the frame predicts (Xu et al. 2020, "A Theory of
Usable Information under Computational Constraints").
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from PIL import Image
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heedmap.auditing.measures.stats import mean_interval
from heedmap.data.examples import Examples
from heedmap.data.pixels import Frame
from heedmap.errors import RecordError
from heedmap.frozen import Frozen
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import say
from heedmap.ladder.thresholds import FEWEST_EXAMPLES, FEWEST_OF_A_CLASS, PREDICTED_SHARE

Target = Literal["instruction", "action"]
Features = Float[np.ndarray, "frame feature"]
Embed = Callable[[Sequence[Frame]], Features]
Probabilities = Float[np.ndarray, "example class"]

FOLDS = 5
GRID_CELLS = 8
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse regularisation; chosen within the training folds."""
SMOOTHING = 0.01
"""Of the marginal mixed into the probe, so that no held-out class has probability 0."""


class Foretold(Frozen):
    """How far the frame alone predicts one target, on held-out episodes."""

    target: Target
    features: str
    examples: int
    left_out: int
    """Of classes too rare to be probed, or without a known target."""
    classes: int
    episodes: int
    entropy_bits: float
    """Cross-entropy of the target's frequencies: what one knows without the frame."""
    probe_bits: float
    """Cross-entropy of the probe: an upper bound on H(target | frame)."""
    foretold_bits: Estimate
    """The difference, with its interval over episodes; a lower bound on what is predicted."""
    foretold_share: float
    """Of the entropy; 0 where the probe is no better than the frequencies."""
    accuracy: float
    majority: float
    """Share of the most frequent class."""

    @property
    def is_foretold(self) -> bool:
        """Whether enough is predicted, and the interval excludes 0."""
        low = self.foretold_bits.low
        return self.foretold_share >= PREDICTED_SHARE and (low is None or low > 0)

    @property
    def sentence(self) -> str:
        """What it means, in one sentence."""
        return say(
            "needed_predicted" if self.is_foretold else "needed_not_predicted",
            target=say(f"needed_target_{self.target}"),
            gain=f"{max(self.foretold_bits.value, 0):.2f}",
            entropy=f"{self.entropy_bits:.2f}",
            share=f"{self.foretold_share:.0%}",
        )


def foretold(
    examples: Examples,
    target: Target,
    embed: Embed | None = None,
    *,
    features: str = "mean colours on a grid",
    seed: int = 0,
) -> Foretold:
    """Probe one target. `embed` gives one row of features a frame; left out, pooled pixels.

    Raises RecordError when there are too few examples or classes.
    """
    values = examples.instruction if target == "instruction" else examples.action
    counts = Counter(value for value in values if value is not None)
    common = {value for value, count in counts.items() if count >= FEWEST_OF_A_CLASS}
    kept = [n for n, value in enumerate(values) if value in common]
    classes = sorted(common)
    groups = [examples.episode[n] for n in kept]
    _check_enough(target, len(kept), classes, groups)
    inputs = (embed or pooled_pixels)(examples.frames)[[examples.frame[n] for n in kept]]
    labels = np.array([classes.index(str(values[n])) for n in kept])
    probed, marginal = _held_out(inputs, labels, groups, len(classes), seed)
    own = np.arange(len(labels)), labels
    gained = np.log2(probed[own]) - np.log2(marginal[own])
    entropy = float(-np.log2(marginal[own]).mean())
    found = mean_interval(gained, groups, seed=seed, left_out=len(values) - len(kept))
    return Foretold(
        target=target,
        features=features,
        examples=len(kept),
        left_out=len(values) - len(kept),
        classes=len(classes),
        episodes=len(set(groups)),
        entropy_bits=entropy,
        probe_bits=float(-np.log2(probed[own]).mean()),
        foretold_bits=found,
        foretold_share=float(np.clip(found.value / entropy, 0, 1)),
        accuracy=float((probed.argmax(axis=1) == labels).mean()),
        majority=float(np.bincount(labels).max() / len(labels)),
    )


def pooled_pixels(frames: Sequence[Frame]) -> Features:
    """Mean colours on a grid of 8 x 8 cells: what can be seen without any network."""
    size = (GRID_CELLS, GRID_CELLS)
    grids = [Image.fromarray(frame).resize(size, Image.Resampling.BOX) for frame in frames]
    return np.stack([np.asarray(grid, dtype=np.float64).ravel() / 255 for grid in grids])


def _held_out(
    inputs: Features,
    labels: Int[np.ndarray, " example"],
    groups: Sequence[str],
    classes: int,
    seed: int,
) -> tuple[Probabilities, Probabilities]:
    """Probabilities of held-out examples: the probe's, and the training frequencies'."""
    probed = np.zeros((len(labels), classes))
    marginal = np.zeros((len(labels), classes))
    folds = StratifiedGroupKFold(min(FOLDS, len(set(groups))), shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # rare classes are smoothed
        warnings.filterwarnings("ignore", "The least populated class in y")
        splits = list(folds.split(inputs, labels, groups))
    for train, test in splits:
        frequency = np.bincount(labels[train], minlength=classes) + 1.0
        frequency /= frequency.sum()
        marginal[test] = frequency
        probed[test] = frequency  # where the training folds hold one class only
        if len(set(labels[train])) > 1:
            own = [str(groups[index]) for index in train]
            probe: Any = _fitted(inputs[train], labels[train], own, seed)
            said = np.zeros((len(test), classes))
            said[:, probe.classes_] = probe.predict_proba(inputs[test])
            probed[test] = (1 - SMOOTHING) * said + SMOOTHING * frequency
    return probed, marginal


def _fitted(
    inputs: Features, labels: Int[np.ndarray, " example"], groups: Sequence[str], seed: int
) -> BaseEstimator:
    """A probe whose strength was chosen within the training folds, by episode as well."""
    inner = StratifiedGroupKFold(min(3, len(set(groups))), shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # folds that lack a class are left out
        warnings.filterwarnings("ignore", "The least populated class in y")
        folds = [
            (train, test)
            for train, test in inner.split(inputs, labels, groups)
            if len(set(labels[train])) == len(set(labels))
        ]
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    if not folds:
        return probe.set_params(logisticregression__C=STRENGTHS[0]).fit(inputs, labels)
    strengths = {"logisticregression__C": list(STRENGTHS)}
    search = GridSearchCV(probe, strengths, cv=folds, scoring=_mean_log_probability)
    return search.fit(inputs, labels).best_estimator_


def _mean_log_probability(
    probe: Any, inputs: Features, labels: Int[np.ndarray, " example"]
) -> float:
    """Of the right class; a small inner fold may lack a class."""
    places = np.searchsorted(probe.classes_, labels)
    own = probe.predict_proba(inputs)[np.arange(len(labels)), places]
    return float(np.log(np.maximum(own, np.finfo(float).tiny)).mean())


def _check_enough(
    target: Target, examples: int, classes: Sequence[str], groups: Sequence[str]
) -> None:
    if examples < FEWEST_EXAMPLES or len(classes) < 2 or len(set(groups)) < FOLDS:
        raise RecordError(
            "The data set is too small to probe the {target}: {examples} examples of {count} "
            "classes with {fewest} or more each, in {episodes} episodes; needed are "
            "{needed} examples, 2 classes and {folds} episodes.",
            target=target,
            examples=examples,
            count=len(classes),
            fewest=FEWEST_OF_A_CLASS,
            episodes=len(set(groups)),
            needed=FEWEST_EXAMPLES,
            folds=FOLDS,
        )
