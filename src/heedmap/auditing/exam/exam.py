"""One policy's exam on one data set, from the questions to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heedmap.auditing.exam.answered import Answer, Answers
from heedmap.auditing.exam.answers import ask
from heedmap.auditing.exam.kinds import KINDS, Kind
from heedmap.auditing.exam.readings import Readings
from heedmap.auditing.exam.result import AnswerRow, Exam, Taken
from heedmap.auditing.exam.sheet import Sheet, make_sheet
from heedmap.auditing.exam.verdict import judge_policy, swapped_actions
from heedmap.auditing.measures.following import parse_expectation
from heedmap.auditing.needed import foretold
from heedmap.data.examples import Examples
from heedmap.data.trials import Trial
from heedmap.errors import RecordError
from heedmap.policies.base import Policy

Progress = Callable[[str, int, int], None]


def examine(
    policy: Policy,
    trials: Sequence[Trial],
    *,
    kinds: Sequence[Kind] = KINDS,
    dataset: str = "",
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Taken:
    """Put variants of every frame's instruction to the policy, and read what they change.

    The own instruction of a trial is the recorded one, or its first. `seed` draws the untrained
    pairings and the bootstrap. Frames should have different names.

    Raises InstructionError where there is nothing to ask, or an expected action does not fit the
    policy's; PolicyRunError when the policy fails.
    """
    sheet = make_sheet(trials, policy.action_names, kinds, seed)
    for question in (*sheet.own, *sheet.variants):  # before hours of running, not after
        if question.expected is not None:
            parse_expectation(question.expected, policy.action_names)
    answers = ask(policy, sheet, on_progress)
    readings = Readings(answers, seed)
    swapped = swapped_actions(answers)
    exam = Exam(
        policy=policy.name,
        dataset=dataset,
        seed=seed,
        frames=len(sheet.trials),
        answered=len(answers.own),
        episodes=len({trial.cluster for trial in sheet.trials}),
        instructions=len({question.text for question in sheet.own}),
        unit=answers.metric.unit,
        floor=answers.floor,
        noise=answers.noise_distance,
        is_drowned=answers.is_drowned,
        others=answers.spread,
        own_right=readings.own_right,
        foretold_share=_foretold_share(sheet, seed),
        swapped=swapped,
        verdict=judge_policy(readings.kinds, readings.own_right, swapped),
        kinds=readings.kinds,
    )
    seen = {trial.name: trial.observation for trial in sheet.trials}
    return Taken(exam, tuple(_rows(answers, readings)), seen)


def _rows(answers: Answers, readings: Readings) -> list[AnswerRow]:
    return [
        _row(answers, answer, apart, readings.is_as_it_should(answer, apart))
        for answer, apart in zip(answers.found, answers.distances, strict=True)
    ]


def _row(answers: Answers, answer: Answer, apart: float, is_as_it_should: bool | None) -> AnswerRow:
    question = answer.question
    assert question.kind is not None
    return AnswerRow(
        frame=answers.sheet.trials[question.frame].name,
        kind=question.kind,
        instruction=answers.sheet.own[question.frame].text,
        variant=question.text,
        expected=question.expected,
        own_action=answers.action(answers.own[question.frame]),
        action=answers.action(answer.scores),
        scores=tuple(answer.scores.tolist()),
        distance=apart,
        as_it_should=is_as_it_should,
    )


def _foretold_share(sheet: Sheet, seed: int) -> float | None:
    """How far the frame alone predicts the own instruction; None where frames are too few."""
    numbers = range(len(sheet.trials))
    examples = Examples(
        frames=(),
        frame=tuple(numbers),
        instruction=tuple(question.text for question in sheet.own),
        action=(None,) * len(numbers),
        episode=tuple(trial.cluster for trial in sheet.trials),
    )
    try:
        return foretold(examples, "instruction", lambda _: sheet.looks, seed=seed).foretold_share
    except RecordError:
        return None
