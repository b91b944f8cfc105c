"""What is asked of a policy before and after a remedy, and whether its actions are as they should.

Labels are the expected actions of the trials. Frames whose instructions expect different actions
show whether the instruction is followed; frames that expect one action whatever is said (an
obstacle, a missing object) show whether the frame still wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric, per_dimension_scale
from heedmap.auditing.measures.following import Expectation, parse_expectation
from heedmap.auditing.upper.responses import Scores
from heedmap.auditing.upper.runner import Runner
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.thresholds import LEAST_EFFECT
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.remedies.result import CellName, Missing

BLANK = ""
STILL = "zero"
"""What `still` is written as where a continuous action stands still at 0 in every dimension."""
STILL_SHARE = 0.05
"""Of the largest |value| that the policy gave: up to it a value is 0."""


@dataclass(frozen=True)
class Question:
    """One text on one frame; without an expectation, actions are compared with each other."""

    cell: CellName
    trial: int
    text: str
    expected: Expectation | None = None


Key = tuple[CellName, int, str]
"""Cell, number of the trial, and the text as it was given."""
Values = Mapping[Key, float]
"""1 where the action is as it should be, 0 where it is not."""


@dataclass(frozen=True)
class Questions:
    """All that is asked on some trials, the same before and after every remedy."""

    trials: tuple[Trial, ...]
    asked: tuple[Question, ...]
    missing: Mapping[CellName, Missing]
    is_labelled: bool
    action_names: tuple[str, ...] | None
    still: str | None

    @property
    def chance(self) -> float | None:
        """What an action drawn evenly reaches in following; None without labels."""
        found = [q.expected.chance for q in self.asked if q.cell == "following" and q.expected]
        return float(np.mean(found)) if found else None

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """All instructions of the trials, each once."""
        found = (text for trial in self.trials for text in trial.instructions.values())
        return tuple(dict.fromkeys(found))


def questions_on(
    trials: Sequence[Trial], action_names: tuple[str, ...] | None, still: str | None = None
) -> Questions:
    """Questions on these trials; `still` is the action that stands still, for the blank cell.

    A class by name, or "zero" for a continuous action. Raises InstructionError without trials, or
    where an expected action or `still` does not fit the policy's actions.
    """
    if not trials:
        raise InstructionError("Remedies need at least one frame with two instructions; got none.")
    standing = None
    if still is not None and not (action_names is None and still == STILL):
        if action_names is None:
            raise InstructionError(
                "The action that stands still is '{still}', but this policy's action is "
                "continuous; write '{asked}', or leave it out.",
                still=still,
                asked=STILL,
            )
        standing = parse_expectation(still, action_names)
    is_labelled = any(trial.expected for trial in trials)
    asked = [
        each
        for number, trial in enumerate(trials)
        for each in (
            _of_labelled(number, trial, action_names)
            if is_labelled
            else _of_unlabelled(number, trial)
        )
    ]
    if still is not None:
        asked += [Question("blank", number, BLANK, standing) for number in range(len(trials))]
    cells = {question.cell for question in asked}
    reasons: dict[CellName, Missing] = {
        "following": "no_exchange",
        "competence": "no_label",
        "paraphrase": "no_paraphrase",
        "blank": "no_still",
        "frame_wins": "no_frame_wins" if is_labelled else "no_label",
    }
    missing: dict[CellName, Missing] = {c: why for c, why in reasons.items() if c not in cells}
    return Questions(tuple(trials), tuple(asked), missing, is_labelled, action_names, still)


def own_name(trial: Trial) -> str:
    """The instruction that the frame came with: the recorded one, or its first."""
    return trial.recorded or next(iter(trial.instructions))


def _of_labelled(
    number: int, trial: Trial, action_names: tuple[str, ...] | None
) -> Iterator[Question]:
    expected = {
        name: parse_expectation(text, action_names) for name, text in trial.expected.items()
    }
    own = own_name(trial)
    if trial.is_needed is False and len(trial.instructions) > 1:
        for name, text in trial.instructions.items():
            yield Question("frame_wins", number, text, expected[name])
        return
    for name, text in trial.instructions.items():
        if name == own and name in expected:
            yield Question("competence", number, text, expected[name])
        elif name in expected and own in expected and expected[name] != expected[own]:
            yield Question("following", number, text, expected[name])
        if name in expected:
            for other in trial.paraphrases.get(name, ()):
                yield Question("paraphrase", number, other, expected[name])


def _of_unlabelled(number: int, trial: Trial) -> Iterator[Question]:
    own = own_name(trial)
    for name, text in trial.instructions.items():
        if name != own:
            yield Question("following", number, text)
    for other in trial.paraphrases.get(own, ()):
        yield Question("paraphrase", number, other)


@stage(Phrase("asking before and after a remedy"))
def answer(policy: Policy, questions: Questions, metric: ActionMetric | None = None) -> Values:
    """Whether each action is as it should be; what the policy refuses is left out.

    `metric` is the distance for what has no label; left out, scaled by the policy's own actions.
    Raises PolicyRunError where the policy fails on an instruction of the trials.
    """
    scores = _scores(policy, questions)
    if metric is None:
        metric = metric_of(questions, scores)
    largest = max((float(np.abs(row).max()) for row in scores.values()), default=0.0)
    found: dict[Key, float] = {}
    for question in questions.asked:
        row = scores.get((question.trial, question.text))
        if row is None:
            continue
        value = (
            question.expected.is_met(row)
            if question.expected is not None
            else bool((np.abs(row) <= STILL_SHARE * largest).all())
            if question.cell == "blank"
            else _is_apart(question, questions.trials[question.trial], scores, metric)
        )
        if value is not None:
            found[question.cell, question.trial, question.text] = float(value)
    return found


def metric_of(questions: Questions, scores: Mapping[tuple[int, str], Scores]) -> ActionMetric:
    """Bits for a discrete head; otherwise scaled by all actions that were given."""
    if questions.action_names is not None:
        return ActionMetric.discrete()
    return ActionMetric.continuous(per_dimension_scale(np.stack(list(scores.values()))))


def _scores(policy: Policy, questions: Questions) -> dict[tuple[int, str], Scores]:
    """Of every text on its frame, that of the frame's own instruction too."""
    wanted: dict[tuple[int, str], None] = {}
    for number, trial in enumerate(questions.trials):
        wanted.update({(number, text): None for text in trial.instructions.values()})
    controls = [(q.trial, q.text) for q in questions.asked if (q.trial, q.text) not in wanted]
    trials = questions.trials
    examples = [(trials[number].observation, text) for number, text in wanted]
    others = list(dict.fromkeys(controls))
    runner = Runner.of(policy, examples)
    rows = [
        *runner.scores(examples),
        *runner.controls([(trials[number].observation, text) for number, text in others]),
    ]
    pairs = zip([*wanted, *others], rows, strict=True)
    return {key: row for key, row in pairs if row is not None}


def _is_apart(
    question: Question,
    trial: Trial,
    scores: Mapping[tuple[int, str], Scores],
    metric: ActionMetric,
) -> bool | None:
    """Of an exchange: beyond every paraphrase; of a paraphrase: nearer than every exchange."""
    own = scores.get((question.trial, trial.instructions[own_name(trial)]))
    if own is None:
        return None

    def apart(text: str) -> float | None:
        row = scores.get((question.trial, text))
        return None if row is None else float(metric.distances(row[None], own[None])[0])

    mine = apart(question.text)
    others = (
        trial.paraphrases.get(own_name(trial), ())
        if question.cell == "following"
        else [text for name, text in trial.instructions.items() if name != own_name(trial)]
    )
    limits = [distance for text in others if (distance := apart(text)) is not None]
    if mine is None or (question.cell == "paraphrase" and not limits):
        return None
    if question.cell == "paraphrase":
        return mine < min(limits)
    return mine > max([LEAST_EFFECT[metric.unit], *limits])
