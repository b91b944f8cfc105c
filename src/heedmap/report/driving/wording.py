"""What was measured by driving, in sentences; each says counts before it says what they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from heedmap.auditing.measures.rate import Rate
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import ABSENT, percent
from heedmap.ladder.thresholds import SIGNIFICANT_P
from heedmap.report.driving.rates import (
    THIRDS,
    Foretold,
    difference,
    foretold,
    mean_steps,
    phases,
    rate_of,
    same_actions,
    unequal_starts,
)
from heedmap.report.driving.result import Condition, Drive

SELDOM = 0.5
"""With the right instruction; below it a low rate with a wrong one says little."""
PHASES = ("before_turn", "after_turn", "before_grasp", "after_grasp", *THIRDS)
"""That have a name in both languages."""
MISSING = ("not_repeatable", "policy_not_repeatable")


def lead(drive: Drive, language: Language = "en") -> str:
    """Policy, environment, and how many episodes."""
    return say(
        "driving_lead",
        language,
        policy=drive.settings.policy,
        environment=drive.settings.environment,
        episodes=len(drive.episodes),
        steps=drive.settings.max_steps,
    )


def verdict(drive: Drive, language: Language = "en") -> str:
    """What happened under the right and a wrong instruction; only what was measured."""
    right, wrong = rate_of(drive, "right"), rate_of(drive, "wrong")
    if right is None:
        return say("driving_none", language)
    counts = {"right": right.successes, "n": right.n}
    if wrong is None:
        return say("driving_reaches_right", language, **counts)
    return say("driving_reaches", language, **counts, wrong=wrong.successes)


def notes(drive: Drive, language: Language = "en") -> Iterator[str]:
    """What else the rates show, and what was left out."""
    found, right = difference(drive, "wrong"), rate_of(drive, "right")
    if found is not None and right is not None:
        key = "driving_differs" if found.p_value < SIGNIFICANT_P else "driving_no_difference"
        points = _points(found.of)
        interval = _interval(points, language)
        value, p = points["value"], f"{found.p_value:.2g}"
        yield say(key, language, value=value, interval=interval, p=p)
        other, same = rate_of(drive, "wrong", "other"), same_actions(drive, "wrong")
        if other is not None:
            yield say("driving_names", language, other=other.successes, n=other.n)
        if same is not None and same.successes:
            yield say("driving_same", language, same=same.successes, n=same.n)
        if right.value < SELDOM:
            yield say("driving_seldom", language)
    if unequal := unequal_starts(drive):
        yield say("driving_unequal_starts", language, count=unequal, n=len(drive.episodes))
    if drive.passed_over:
        yield say("driving_passed_over", language, count=drive.passed_over)


def steering(drive: Drive, language: Language = "en") -> Iterator[str]:
    """One sentence a phase, how states were restored, and what forward passes alone tell."""
    for each in phases(drive):
        values = {
            "phase": phase_name(str(each.at), language),
            "reached": each.reached.successes,
            "kept": each.kept.successes,
            "n": each.reached.n,
        }
        if each.change.low is None or each.change.low == each.change.high:
            yield say("driving_steer_phase_bare", language, **values)
        else:
            yield say("driving_steer_phase", language, **values, **_points(each.change))
    how = Counter(each.how for each in drive.steered)
    if how["copied"] or how["replayed"]:
        counts = {"copied": how["copied"], "replayed": how["replayed"]}
        yield say("driving_steer_how", language, **counts)
    missing = Counter(each.missing for each in drive.steered if each.missing is not None)
    for code, count in missing.items():
        yield say(f"driving_missing_{code}", language, count=count)
    found = foretold(drive)
    if found is not None:
        yield foretold_text(found, language)


def foretold_text(found: Foretold, language: Language = "en") -> str:
    """The correlation with its interval, or why there is none."""
    if found.over_exchanges is None:
        return say("driving_foretold_none", language, exchanges=found.exchanges)
    values = {
        "rho": f"{found.over_exchanges:.2f}",
        "exchanges": found.exchanges,
        "episodes": ABSENT if found.over_episodes is None else f"{found.over_episodes:.2f}",
        "n": found.episodes,
    }
    if found.low is None or found.high is None:
        return say("driving_foretold_bare", language, **values)
    return say(
        "driving_foretold", language, **values, low=f"{found.low:.2f}", high=f"{found.high:.2f}"
    )


def phase_name(name: str, language: Language = "en") -> str:
    """In the language where it is one of `PHASES`; an environment's own name stays."""
    key = f"driving_phase_{name}"
    return say(key, language) if name in PHASES else name


def condition_name(condition: Condition, language: Language = "en") -> str:
    """Such as "right"."""
    return say(f"driving_condition_{condition}", language)


def rate_text(rate: Rate | None, language: Language = "en") -> str:
    """A rate with its interval; a dash where it was not measured."""
    if rate is None:
        return ABSENT
    low, high = f"{100 * rate.low:.0f}", f"{100 * rate.high:.0f}"
    share = percent(rate.value)
    counts = {"hits": rate.successes, "total": rate.n}
    return say("driving_rate", language, share=share, **counts, low=low, high=high)


def steps_text(drive: Drive, condition: Condition) -> str:
    """Mean steps to the target; a dash where it was never reached."""
    found = mean_steps(drive, condition)
    return ABSENT if found is None else f"{found:.1f}"


def _interval(points: dict[str, str], language: Language) -> str:
    """Empty where it has no width: the episodes are too few, or all alike."""
    low, high = points["low"], points["high"]
    return "" if low == high else say("driving_interval", language, low=low, high=high)


def _points(estimate: Estimate) -> dict[str, str]:
    """A difference of shares in points of a hundred."""
    ends = (estimate.low, estimate.high)
    low, high = (ABSENT if end is None else f"{100 * end:.0f}" for end in ends)
    return {"value": f"{100 * estimate.value:.0f}", "low": low, "high": high}
