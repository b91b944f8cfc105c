"""How often the action is the expected one.

An expectation is the action expected under an instruction; an action meets it or not.
The measures here give one number an observation, for `stats.mean_interval` to average over
observations with their clusters. None of them says anything without its chance level: a
policy that always drives forward follows every instruction to drive forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from heedmap.errors import InstructionError, PolicyError
from heedmap.ladder.thresholds import SWAPPED_SHARE

Met = Bool[np.ndarray, "_"]
"""True where an action meets its expectation; arrays may differ in length."""
Confusion = Int[np.ndarray, "expected chosen"]
"""Counts of cases by the expected class (row) and the one chosen (column)."""

_SIGN_OF_DIMENSION = re.compile(r"dim([0-9]{1,6})\s*:\s*([+-])", re.IGNORECASE)


@final
@dataclass(frozen=True)
class Expectation:
    """The expected action: a class by name, or the sign of one dimension."""

    text: str
    """The class's name as the policy spells it, or such as "dim1:+"."""
    index: int
    """Of the class among the scores, or of the dimension in the action."""
    sign: Literal[1, -1] | None
    """Of the dimension; None where a class is expected."""
    classes: int | None
    """How many classes the head chooses between; None where a sign is expected."""

    @property
    def chance(self) -> float:
        """How often an action drawn evenly meets it: 1 / classes, or 1/2 for a sign."""
        return 0.5 if self.classes is None else 1 / self.classes

    def is_met(self, scores: Float[np.ndarray, " action"]) -> bool:
        """Whether the action does it: its class scores best, or its dimension has the sign.

        Of equal scores the first is best; a dimension at exactly 0 has neither sign. Of a
        flattened chunk, dimensions count from its first step.

        Raises InstructionError for a dimension that the action does not have, and PolicyError
        when the scores are NaN or not one a class.
        """
        if np.isnan(scores).any():
            raise PolicyError("The action scores hold NaN; check the checkpoint's weights.")
        if self.sign is None:
            if len(scores) != self.classes:
                raise PolicyError(
                    "The policy names {classes} actions, but gave {count} scores; name every one "
                    "of them.",
                    classes=self.classes,
                    count=len(scores),
                )
            return int(scores.argmax()) == self.index
        if self.index >= len(scores):
            raise InstructionError(
                "The expectation '{text}' asks for dimension {index}, but the action has {count}, "
                "counted from 0; use dim0 to dim{last}.",
                text=self.text,
                index=self.index,
                count=len(scores),
                last=len(scores) - 1,
            )
        return bool(scores[self.index] * self.sign > 0)


def parse_expectation(text: str, action_names: tuple[str, ...] | None) -> Expectation:
    """Read an expected action.

    With `action_names`, the name of a class, in any case ("left" for LEFT); without them (a
    continuous head), the sign of a dimension counted from 0: "dim1:+" or "dim0:-".

    Raises InstructionError, in one sentence, for any other text.
    """
    asked = text.strip()
    if not asked:
        raise InstructionError(
            "The expected action is empty; write the name of a class, as LEFT, or the sign of a "
            "dimension, as dim1:+."
        )
    if action_names is None:
        return _sign_of_dimension(asked)
    return _class_named(asked, action_names)


def followed(
    scores: Float[np.ndarray, "observation action"], expectations: Sequence[Expectation]
) -> Bool[np.ndarray, " observation"]:
    """Whether each action is the one expected; its mean is the rate of following.

    Chance level: the mean of the expectations' `chance`. The stricter level, for what can be
    reached while ignoring the instruction, is that of the best fixed action.

    Raises ValueError unless there is one expectation for each action.
    """
    _check_as_many(len(scores), len(expectations), "actions", "expectations")
    return np.array(
        [wanted.is_met(row) for row, wanted in zip(scores, expectations, strict=True)], dtype=bool
    )


def counterfactual_accuracy(
    met_by_frame: Sequence[Met],
) -> Float[np.ndarray, " frame"]:
    """Per frame, 1.0 where all of its instructions are followed, and 0.0 elsewhere.

    An array of `met_by_frame` says for one frame whether each instruction put to it is met.
    It is the contrast consistency of Gardner et al. 2020 ("Evaluating Models' Local Decision
    Boundaries via Contrast Sets"), with a frame and its instructions as the contrast set.
    Chance level: 0 for any policy that ignores the instruction, where they ask for different
    things; the product of their `chance` for one that acts at random.

    Raises ValueError for a frame with fewer than two instructions: nothing is contrasted
    there, so leave it out.
    """
    for met in met_by_frame:
        if len(met) < 2:
            raise ValueError(
                f"Counterfactual accuracy needs at least two instructions a frame; got "
                f"{len(met)}. Leave such frames out."
            )
    return np.array([float(met.all()) for met in met_by_frame], dtype=np.float64)


def paraphrase_drop(
    met_as_given: Bool[np.ndarray, " instruction"], met_paraphrased: Sequence[Met]
) -> Float[np.ndarray, " instruction"]:
    """Per instruction: followed as given (1 or 0), less the share of its paraphrases followed.

    -1..1; 1 where only the given wording works, 0 where the wording does not matter, which is
    also the chance level. Its mean is the drop in success under paraphrase, which LIBERO-Para
    (arXiv 2603.28301) reports in percentage points.

    Raises ValueError for an instruction without paraphrases, or when the two do not match.
    """
    _check_as_many(len(met_as_given), len(met_paraphrased), "instructions", "sets of paraphrases")
    if any(len(met) == 0 for met in met_paraphrased):
        raise ValueError("An instruction has no paraphrases; leave it out.")
    shares = np.array([met.mean() for met in met_paraphrased], dtype=np.float64)
    return met_as_given - shares


def language_grounding_score(
    done_when_asked: Bool[np.ndarray, " observation"],
    done_when_contradicted: Bool[np.ndarray, " observation"],
) -> Float[np.ndarray, " observation"]:
    """Per observation: action output when expected, minus output when contradicted.

    `done_when_contradicted` says whether the *same* action, the one that the right instruction
    expects, is taken although an instruction is given that contradicts it. The mean is the
    Linguistic Grounding Score (LGS) of ICBench (Zhang et al. 2026, arXiv 2603.06001): the rate
    of success under normal instructions less that under contradictory ones, there in percentage
    points over rollouts, here as a share (-1..1) over single actions. 1 where the instruction
    decides, 0 where it is ignored, which is the chance level; also 0 for a policy that never
    succeeds, so read it with the rate of following.

    The formula is taken from summaries of the paper, not from its text; they agree with the
    numbers quoted from its tables (success 95.8 and 76.4 give 19.4).

    Raises ValueError unless both say something of the same observations.
    """
    asked, contradicted = len(done_when_asked), len(done_when_contradicted)
    _check_as_many(asked, contradicted, "actions as asked", "contradicted ones")
    return done_when_asked.astype(np.float64) - done_when_contradicted.astype(np.float64)


def confusion(chosen: Sequence[str], expected: Sequence[str], names: Sequence[str]) -> Confusion:
    """Counts of cases, by the expected class (row) and the one chosen (column).

    Rows and columns in the order of `names`. Chance level: a policy that ignores the
    instruction has equal rows, but for how often each class is expected.

    Raises ValueError for lists of different lengths, a class without a name, or a name twice.
    """
    _check_as_many(len(chosen), len(expected), "chosen classes", "expected ones")
    if len(set(names)) != len(names):
        raise ValueError(f"Names of classes are different; got {', '.join(names)}.")
    unknown = sorted((set(chosen) | set(expected)) - set(names))
    if unknown:
        raise ValueError(f"No class is named {', '.join(unknown)}; known: {', '.join(names)}.")
    place = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for asked, done in zip(expected, chosen, strict=True):
        counts[place[asked], place[done]] += 1
    return counts


def swapped_pairs(
    counts: Confusion, names: Sequence[str], share: float = SWAPPED_SHARE
) -> tuple[tuple[str, str], ...]:
    """Pairs of classes, each of which is output when the other is expected.

    Of `confusion`'s counts: more than `share` of the cases that expect one give the other,
    and the other way round. A pair comes once, in the order of `names`. A class that is
    output under every instruction makes no pair.

    Raises ValueError unless the counts have a row and a column for every name.
    """
    if counts.shape != (len(names), len(names)):
        raise ValueError(f"{len(names)} names do not fit counts of shape {counts.shape}.")
    asked = counts.sum(axis=1, keepdims=True)
    instead = counts > share * asked  # a class never expected has 0 > 0: False
    both = instead & instead.T
    return tuple(
        (names[one], names[other]) for one, other in np.argwhere(np.triu(both, k=1)).tolist()
    )


def _class_named(asked: str, names: tuple[str, ...]) -> Expectation:
    if asked in names:
        matches = [names.index(asked)]
    else:
        matches = [i for i, name in enumerate(names) if name.casefold() == asked.casefold()]
    if len(matches) == 1:
        return Expectation(names[matches[0]], matches[0], None, len(names))
    known = ", ".join(names)
    if matches:
        raise InstructionError(
            "The expectation '{asked}' fits several classes of the policy, which knows {known}; "
            "write one as it is spelled there.",
            asked=asked,
            known=known,
        )
    if _SIGN_OF_DIMENSION.fullmatch(asked):
        raise InstructionError(
            "The expectation '{asked}' asks for the sign of a dimension, but the policy chooses "
            "between classes; write one of {known}.",
            asked=asked,
            known=known,
        )
    raise InstructionError(
        "The expectation '{asked}' is no class of the policy; write one of {known}.",
        asked=asked,
        known=known,
    )


def _sign_of_dimension(asked: str) -> Expectation:
    match = _SIGN_OF_DIMENSION.fullmatch(asked)
    if match is not None:
        dimension = int(match[1])
        sign = 1 if match[2] == "+" else -1
        return Expectation(f"dim{dimension}:{match[2]}", dimension, sign, None)
    if asked.casefold().startswith("dim"):
        raise InstructionError(
            "The expectation '{asked}' names no sign of a dimension; write dim, its number "
            "counted from 0, a colon, and + or -, as dim1:+.",
            asked=asked,
        )
    raise InstructionError(
        "The expectation '{asked}' names a class, but the policy's action is continuous and has "
        "none; write the sign of a dimension, as dim1:+, or give the policy names of actions.",
        asked=asked,
    )


def _check_as_many(first: int, second: int, what: str, other: str) -> None:
    if first != second:
        raise ValueError(f"There must be as many {what} as {other}; got {first} and {second}.")
