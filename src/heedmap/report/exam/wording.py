"""The sentences of an exam, in either language, filled with no more than what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from heedmap.auditing.exam.kinds import KEEP, Kind
from heedmap.auditing.exam.result import Exam, KindReading, may_be_all
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, Value, say
from heedmap.ladder.messages.numbers import ABSENT, amount, percent, rate
from heedmap.ladder.thresholds import FEWEST_FRAMES, PREDICTED_SHARE

_READ = ("read", "changes")
_NOT_READ = ("unread", "wrong")


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
        "follows": {"read": names(_with(exam, ("read",)), language)},
        "responds": {"kinds": names(_read(exam), language)},
        "partial": {
            "reacts": _reacts(exam, language),
            "lacking": names(_lacking(exam), language),
        },
        "memorised": {
            "trained": _rate(trained.as_it_should, language),
            "untrained": _rate(untrained.as_it_should, language),
            "stays": _rate(untrained.stays, language),
        },
        "swapped": {"pairs": ", ".join(" ↔ ".join(pair) for pair in exam.swapped)},
        "wording": {"kinds": names(_sensitive(exam), language)},
        "incompetent": {"rate": _rate(exam.own_right, language)},
        "misreads": {"kinds": names(_with(exam, ("wrong",)), language)},
    }
    if exam.verdict == "partial" and not _lacking(exam):
        return say("exam_policy_partial_only", language, reacts=_reacts(exam, language))
    return say(f"exam_policy_{exam.verdict}", language, **values.get(exam.verdict, {}))


def notes(exam: Exam, language: Language = "en") -> list[str]:
    """What else is to be known: words outside of the data set, and frames that tell all."""
    found: list[str] = []
    moved: list[Kind] = [kind for kind in _read(exam) if exam.of(kind).verdict != "read"]
    if exam.verdict == "follows" and moved:
        found.append(say("exam_moved", language, kinds=names(moved, language)))
    outside: list[Kind] = [kind for kind in _with(exam, _NOT_READ) if exam.of(kind).is_outside]
    said = _lacking(exam) if exam.verdict == "partial" else []
    if exam.verdict in ("follows", "responds", "partial") and outside and outside != said:
        found.append(say("exam_outside", language, kinds=names(outside, language)))
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
    share = f"{100 * found.value:.0f} %"
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
    return say(
        "exam_scale",
        language,
        floor=amount(exam.floor, exam.unit, language),
        noise=amount(exam.noise, exam.unit, language),
        others=others,
        own=_rate(exam.own_right, language),
    )


def _read(exam: Exam) -> list[Kind]:
    """Kinds that are read, and those that change the action in part with nothing expected."""
    return [
        each.kind
        for each in exam.kinds
        if each.purpose == "change" and (each.verdict in _READ or may_be_all(each))
    ]


def _reacts(exam: Exam, language: Language) -> str:
    """Kinds that are read, then those that are read in part."""
    read = _read(exam)
    partly: list[Kind] = [kind for kind in _with(exam, ("partly",)) if kind not in read]
    in_part = [say("exam_in_part", language, kind=kind_name(kind, language)) for kind in partly]
    return ", ".join([*(kind_name(kind, language) for kind in read), *in_part])


def _lacking(exam: Exam) -> list[Kind]:
    """Kinds that are not read; words that the data set has not count where there are no others."""
    found = _with(exam, _NOT_READ)
    inside: list[Kind] = [kind for kind in found if not exam.of(kind).is_outside]
    reacts: list[Kind] = [*_read(exam), *_with(exam, ("partly",))]
    return inside if any(not exam.of(kind).is_outside for kind in reacts) else found


def _with(exam: Exam, verdicts: Sequence[str]) -> list[Kind]:
    return [e.kind for e in exam.kinds if e.purpose == "change" and e.verdict in verdicts]


def _sensitive(exam: Exam) -> list[Kind]:
    return [kind for kind in KEEP if exam.of(kind).verdict == "sensitive"]


def _rate(estimate: Estimate | None, language: Language) -> str:
    return ABSENT if estimate is None else rate(estimate, language, each=None)


def _amount(estimate: Estimate | None, exam: Exam, language: Language) -> str:
    return ABSENT if estimate is None else amount(estimate.value, exam.unit, language)


def _clusters(reading: KindReading) -> int:
    return 0 if reading.as_it_should is None else reading.as_it_should.clusters
