"""One policy, its cause and its frames in; every remedy that could fit, before and after, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heedmap.auditing.preparation import evaluating
from heedmap.data.trials import Trial
from heedmap.errors import HeedmapError, RemedyError
from heedmap.ladder.causes import Cause
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.remedies.judge import (
    adjusted,
    cells_of,
    follows_already,
    gain_p_value,
    recommended,
    verdict_of,
)
from heedmap.remedies.questions import Questions, Values, answer, questions_on
from heedmap.remedies.remedy import Remedy, Setting, Shelf, shelf
from heedmap.remedies.result import Cell, Remedies, Tried, Verdict
from heedmap.remedies.watched import Kept

Progress = Callable[[str, int, int], None]


def try_remedies(
    policy: Policy,
    trials: Sequence[Trial],
    cause: Cause,
    *,
    names: Sequence[str] = (),
    still: str | None = None,
    source: str = "",
    seed: int = 0,
    remedies: Shelf | None = None,
    kept: Kept | None = None,
    on_progress: Progress | None = None,
) -> Remedies:
    """Try the remedies that fit a cause (or are named) on the same frames, before and after.

    `cause` is the verdict of an audit. `still` is the action that stands still ("zero" for a
    continuous one), for what happens without words. `kept` is what the policy held before its first
    call (`Kept.of(policy)`), for one that keeps an earlier instruction.

    Raises InstructionError where the trials cannot be used, RemedyError for an unknown name,
    PolicyRunError where the policy as it is fails.
    """
    questions = questions_on(trials, policy.action_names, still)
    chosen = (remedies or shelf()).chosen(cause, names)
    with evaluating(policy):
        values = answer(policy, questions)
        before = cells_of(questions, values, seed=seed)
        verdict = _without_trying(before, cause, chosen, names, questions)
        tried: tuple[Tried, ...] = ()
        if verdict is None:
            setting = Setting(policy, questions, kept)
            found: list[Tried] = []
            for done, remedy in enumerate(chosen, 1):
                found.append(_tried(remedy, setting, values, seed))
                if on_progress is not None:
                    on_progress(f"{remedy.name} {remedy.setting}", done, len(chosen))
            tried = adjusted(found)
    place = recommended(tried)
    return Remedies(
        policy=policy.name,
        cause=cause,
        source=source,
        seed=seed,
        frames=len(questions.trials),
        episodes=len({trial.cluster for trial in questions.trials}),
        is_labelled=questions.is_labelled,
        chance=questions.chance,
        before=before,
        tried=tried,
        verdict=verdict or verdict_of(tried, place),
        recommended=place,
    )


def _without_trying(
    before: Sequence[Cell],
    cause: Cause,
    chosen: Sequence[Remedy],
    names: Sequence[str],
    questions: Questions,
) -> Verdict | None:
    """The verdict where no remedy is to be tried; None where some are."""
    if "following" in questions.missing:
        return "no_following"
    if not names and follows_already(before, cause, is_labelled=questions.is_labelled):
        return "follows_already"
    return None if chosen else "nothing_fits"


def _tried(remedy: Remedy, setting: Setting, before: Values, seed: int) -> Tried:
    """One remedy, applied and asked; what keeps it from being applied is its sentence."""
    named = {
        "remedy": remedy.name,
        "setting": remedy.setting,
        "is_untrained": remedy.is_untrained,
    }
    try:
        policy = remedy.apply(setting)
        after = answer(policy, setting.questions)
        passes = _passes(policy, setting)
    except RemedyError as error:
        return Tried(**named, outcome="not_applied", why_not=error.phrase)
    except HeedmapError as error:
        return Tried(
            **named, outcome="not_applied", why_not=Phrase("It failed: {error}", error=error)
        )
    return Tried(
        **named,
        outcome="no_gain",
        cells=cells_of(setting.questions, after, before, seed),
        passes=passes,
        p_value=gain_p_value(setting.questions, after, before, seed),
        null_branch=setting.null[0] if remedy.name == "guidance" else None,
    )


def _passes(policy: Policy, setting: Setting) -> float:
    """Runs of the policy in one action, after what is measured once was measured."""
    trial = setting.questions.trials[0]
    runs = setting.policy.act_calls
    policy([trial.observation], [next(iter(trial.instructions.values()))])
    return float(setting.policy.act_calls - runs)
