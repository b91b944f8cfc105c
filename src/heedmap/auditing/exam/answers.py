"""The questions of an exam put to a policy: what it does under each, and its own noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np

from heedmap.auditing.exam.answered import Answer, Answers
from heedmap.auditing.exam.sheet import Question, Sheet
from heedmap.auditing.preparation import evaluating
from heedmap.auditing.upper.responses import Request, Responses, Scores
from heedmap.auditing.upper.runner import Example, Runner
from heedmap.errors import InstructionError
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage

REPEATED_FRAMES = 4
"""Frames on which the own instruction is run a second time; all of them where noise is seen."""

Progress = Callable[[str, int, int], None]


@stage(Phrase("putting the variants of an exam to the policy"))
def ask(policy: Policy, sheet: Sheet, on_progress: Progress | None = None) -> Answers:
    """Answers to every question that the policy takes; the others are counted as refused.

    Raises InstructionError where it takes no frame's own instruction, PolicyRunError when it
    fails on one, FrameError when it cannot take a frame.
    """
    for trial in sheet.trials:
        policy.check_observation(trial.observation)
    with evaluating(policy):
        return _ask(policy, sheet, on_progress or _quietly)


def _ask(policy: Policy, sheet: Sheet, report: Progress) -> Answers:
    examples = [(sheet.trials[q.frame].observation, q.text) for q in sheet.own]
    runner = Runner.of(policy, examples)
    own = runner.scores(examples)
    taken = [(e, scores) for e, scores in zip(examples, own, strict=True) if scores is not None]
    if not taken:
        raise InstructionError(
            "The policy '{policy}' refuses the instructions of the data set, such as "
            "'{example}'; give shorter ones.",
            policy=policy.name,
            example=examples[0][1],
        )
    noise = _noise(runner, taken)
    found: list[Answer] = []
    for done, (frame, questions) in enumerate(_by_frame(sheet.variants), 1):
        scores = own[frame]
        if scores is not None:
            found += _of_frame(runner, sheet, frame, questions, scores)
        report(policy.name, done, len(sheet.own))
    answered = [(q, s) for q, s in zip(sheet.own, own, strict=True) if s is not None]
    return Answers(
        sheet=sheet,
        own={question.frame: scores for question, scores in answered},
        found=tuple(found),
        noise=tuple(noise),
        metric=_responses(sheet, answered, found).metric(policy.action_names),
        action_names=policy.action_names,
    )


def _noise(runner: Runner, taken: Sequence[tuple[Example, Scores]]) -> list[tuple[Scores, Scores]]:
    """Two runs of the same, on a few frames; on all where these show noise: its maximum counts."""
    found: list[tuple[Scores, Scores]] = []
    for number, (example, scores) in enumerate(taken):
        if number == REPEATED_FRAMES and all(np.allclose(one, two) for one, two in found):
            break
        if (again := runner.again(example)) is not None and again.shape == scores.shape:
            found.append((scores, again))
    return found


def _of_frame(
    runner: Runner, sheet: Sheet, frame: int, questions: Sequence[Question], own: Scores
) -> Iterator[Answer]:
    """Answers of one frame; equal texts of two kinds run once, and the own one not again."""
    texts = list(dict.fromkeys(q.text for q in questions))
    seen = sheet.trials[frame].observation
    scores = dict(zip(texts, runner.controls([(seen, text) for text in texts]), strict=True))
    for question in questions:
        got = scores[question.text]
        if got is not None and got.shape == own.shape:
            yield Answer(question, got)


def _by_frame(questions: Sequence[Question]) -> Iterator[tuple[int, list[Question]]]:
    for frame, of_frame in groupby(questions, key=lambda q: q.frame):
        yield frame, list(of_frame)


def _responses(
    sheet: Sheet, own: Sequence[tuple[Question, Scores]], found: Sequence[Answer]
) -> Responses:
    """As the distance's scale takes them: actions of several frames under one text."""
    every = [*own, *((answer.question, answer.scores) for answer in found)]
    return Responses(
        sheet.trials, tuple((Request(q.frame, "asked", q.text, q.text), s) for q, s in every)
    )


def _quietly(label: str, done: int, total: int) -> None:
    pass
