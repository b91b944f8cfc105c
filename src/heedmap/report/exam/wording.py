"""The sentences of an exam, in either language, filled with no more than what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from heedmap.auditing.exam.kinds import KEEP, Kind
from heedmap.auditing.exam.result import (
    Exam,
    KindReading,
    kinds_with,
    lacking_kinds,
    partly_kinds,
    read_kinds,
    unasked_kinds,
)
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, Value, say
from heedmap.ladder.messages.numbers import ABSENT, amount, at_most, percent, rate
from heedmap.ladder.thresholds import FEWEST_FRAMES, PREDICTED_SHARE


def kind_name(kind: Kind, language: Language = "en") -> str:
    """Such as "colour"."""
    return say(f"exam_kind_{kind}", language)


def names(kinds: Sequence[Kind], language: Language) -> str:
    """Several kinds."""
    return ", ".join(kind_name(kind, language) for kind in kinds)


def policy_sentence(exam: Exam, language: Language = "en") -> str:
    """What the exam shows of the policy."""
    trained, untrained = exam.of("trained"), exam.of("untrained")
    values: dict[str, dict[str, Value]] = {
        "follows": {"read": names(kinds_with(exam.kinds, ("read",)), language)},
        "responds": {"kinds": names(read_kinds(exam.kinds), language)},
        "partial": {
            "reacts": _reacts(exam, language),
            "lacking": names(_unread(exam), language),
        },
        "memorised": {
            "trained": _rate(trained.as_it_should, language),
            "untrained": _rate(untrained.as_it_should, language),
            "stays": _rate(untrained.stays, language),
        },
        "swapped": {"pairs": ", ".join(" ↔ ".join(pair) for pair in exam.swapped)},
        "wording": {"kinds": names(_sensitive(exam), language)},
        "incompetent": {"rate": _rate(exam.own_right, language)},
        "no_effect": {"most": percent(_rounded_up(_most_changed(exam)))},
        "undecided": {"noise": at_most(exam.noise, exam.unit, language)},
        "misreads": {"kinds": names(kinds_with(exam.kinds, ("wrong",)), language)},
    }
    return say(_sentence_of(exam), language, **values.get(exam.verdict, {}))


def _rounded_up(share: float) -> float:
    """To whole percents: "more than 31 %" is false of 31.2 %."""
    return ceil(100 * share - 1e-9) / 100


def _most_changed(exam: Exam) -> float:
    """The largest share of a kind's variants that change the action, wording aside."""
    moved = [each.changed.value for each in exam.kinds if each.changed and each.purpose != "keep"]
    return max(moved, default=0.0)


def _sentence_of(exam: Exam) -> str:
    """Which sentence says the verdict, where there are several for one."""
    if exam.verdict == "partial":
        return _partial(exam)
    if exam.verdict == "no_effect" and _most_changed(exam) > 0:
        return "exam_policy_little_effect"
    if exam.verdict == "gate_only" and exam.of("nonsense").verdict == "still":
        return "exam_policy_gate_blank"
    if exam.verdict == "undecided" and exam.is_drowned:
        return "exam_policy_drowned"
    return f"exam_policy_{exam.verdict}"


def _partial(exam: Exam) -> str:
    is_known = any(each.right is not None for each in exam.kinds)
    if _unread(exam):
        return "exam_policy_partial" if is_known else "exam_policy_partial_change"
    return "exam_policy_partial_only" if is_known else "exam_policy_partial_change_only"


def notes(exam: Exam, language: Language = "en") -> list[str]:
    """What else is to be known, beside the verdict's sentence."""
    told = ("follows", "responds", "partial", "wording")
    kinds: dict[str, list[Kind]] = {"exam_misread": [], "exam_unasked": [], "exam_outside": []}
    if exam.verdict in told:
        kinds["exam_misread"] = kinds_with(exam.kinds, ("wrong",))
        kinds["exam_unasked"] = unasked_kinds(exam.kinds)
        unread: list[Kind] = kinds_with(exam.kinds, ("unread",))
        said = (*_unread(exam), *kinds["exam_unasked"])
        kinds["exam_outside"] = [kind for kind in unread if kind not in said]
    if exam.verdict == "follows":
        moved: list[Kind] = [k for k in read_kinds(exam.kinds) if exam.of(k).verdict != "read"]
        kinds = {"exam_moved": moved, **kinds}
    if exam.verdict != "wording":
        kinds["exam_wording"] = _sensitive(exam)
    kinds["exam_affected"] = [kind for kind in KEEP if exam.of(kind).verdict == "partly_kept"]
    found = [say(key, language, kinds=names(each, language)) for key, each in kinds.items() if each]
    if exam.verdict == "wording" and _unread(exam) and (reacts := _reacts(exam, language)):
        lacking = names(_unread(exam), language)
        found.insert(0, say(_partial(exam), language, reacts=reacts, lacking=lacking))
    refused = sum(each.refused for each in exam.kinds)
    if refused:
        found.append(say("exam_refused", language, refused=refused))
    if exam.answered is not None and exam.answered < exam.frames:
        answered, frames = exam.answered, exam.frames
        found.append(say("exam_answered", language, answered=answered, frames=frames))
    share = exam.foretold_share
    if share is not None and share >= PREDICTED_SHARE:
        found.append(say("exam_foretold", language, share=percent(share)))
    return found


def kind_sentence(reading: KindReading, exam: Exam, language: Language = "en") -> str:
    """What one kind of change shows, or why it was not measured."""
    if reading.missing is not None:
        return say(f"exam_missing_{reading.missing}", language)
    key, values = f"exam_found_{reading.verdict}", dict[str, Value]()
    should = _rate(reading.as_it_should, language)
    if reading.verdict == "partly" and reading.right is None:
        key = "exam_found_partly_changes"
    if reading.verdict in ("read", "wrong") or key == "exam_found_partly":
        values["chance"] = percent(reading.chance)
    if reading.verdict in ("unread", "wrong"):
        values["changed"] = _rate(reading.changed, language)
    if reading.verdict == "few":
        values |= {"frames": _clusters(reading), "fewest": FEWEST_FRAMES}
    elif reading.verdict != "unread":
        values["rate"] = should
    if reading.verdict == "sensitive":
        values |= {"effect": _amount(reading.effect, exam, language)}
        others = ABSENT if exam.others is None else amount(exam.others, exam.unit, language)
        values["others"] = others
    return say(key, language, **values)


def should_text(reading: KindReading, language: Language = "en") -> str:
    """Whether this kind should change the action."""
    return say(f"exam_should_{reading.purpose}", language)


def share_text(reading: KindReading) -> str:
    """The share that does as it should, with its interval."""
    found = reading.as_it_should
    if found is None:
        return ABSENT
    share = percent(found.value)
    if found.low is None or found.high is None:
        return share
    return f"{share} ({100 * found.low:.0f}-{100 * found.high:.0f})"


def effect_text(reading: KindReading, exam: Exam) -> str:
    """The mean distance, without its unit."""
    return ABSENT if reading.effect is None else distance_text(reading.effect.value, exam.unit)


def distance_text(value: float, unit: str) -> str:
    """A distance between actions, without its unit."""
    return f"{value:.2g}" if unit == "raw units" else f"{value:.3f}"


def lead(exam: Exam, language: Language = "en") -> str:
    """What was asked of whom."""
    return say(
        "exam_lead",
        language,
        policy=exam.policy,
        dataset=exam.dataset,
        frames=exam.frames,
        episodes=exam.episodes,
        instructions=exam.instructions,
        variants=sum(each.variants for each in exam.kinds),
    )


def scale_text(exam: Exam, language: Language = "en") -> str:
    """The floor under the effects, the policy's noise, and what exchanges do."""
    others = ABSENT if exam.others is None else amount(exam.others, exam.unit, language)
    scale = say(
        "exam_scale",
        language,
        floor=amount(exam.floor, exam.unit, language),
        noise=at_most(exam.noise, exam.unit, language),
        others=others,
    )
    if exam.own_right is None:
        return scale
    return f"{scale} {say('exam_own_right', language, own=_rate(exam.own_right, language))}"


def _reacts(exam: Exam, language: Language) -> str:
    """Kinds that are read, then those that are read in part."""
    read = read_kinds(exam.kinds)
    partly = partly_kinds(exam.kinds)
    in_part = [say("exam_in_part", language, kind=kind_name(kind, language)) for kind in partly]
    return ", ".join([*(kind_name(kind, language) for kind in read), *in_part])


def _unread(exam: Exam) -> list[Kind]:
    """Kinds that lack, and do not change the action."""
    return [kind for kind in lacking_kinds(exam.kinds) if exam.of(kind).verdict == "unread"]


def _sensitive(exam: Exam) -> list[Kind]:
    return [kind for kind in KEEP if exam.of(kind).verdict == "sensitive"]


def _rate(estimate: Estimate | None, language: Language) -> str:
    """How often, counted: "84 % of cases (54 of 64; 95 % CI 77 to 91)"."""
    if estimate is None:
        return ABSENT
    low, high = estimate.low, estimate.high
    if low is None or high is None or low == high:
        hits = round(estimate.value * estimate.n)
        share = percent(estimate.value)
        return say("exam_rate_counted", language, rate=share, hits=hits, total=estimate.n)
    return rate(estimate, language)


def _amount(estimate: Estimate | None, exam: Exam, language: Language) -> str:
    return ABSENT if estimate is None else amount(estimate.value, exam.unit, language)


def _clusters(reading: KindReading) -> int:
    return 0 if reading.as_it_should is None else reading.as_it_should.clusters
