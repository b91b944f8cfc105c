"""What the verdict's sentences name: taken from the measurements, and as text of a language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import shorten

from heedmap.ladder.evidence import CausalMap, Estimate, FollowingFacts
from heedmap.ladder.measurements import Measurements, StackInfo
from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import ABSENT, amount, percent, ranges, rate
from heedmap.ladder.thresholds import (
    CARRIES_NOTHING,
    CARRIES_THE_INSTRUCTION,
    LEAST_ACTION_CHANGE_SHARE,
    NO_EFFECT_OF_A_CALL,
)
from heedmap.ladder.upper import (
    change_that_may_be_rounding,
    decided_frames,
    followed_and_not,
    leaves_some_frames,
)
from heedmap.ladder.verdict import Details

_LAST_NUMBER = re.compile(r"((?:.*\.)?)(\d+)((?:\.[^.\d][^.]*)*)")
ENCODED_TEXT_LETTERS = 120
"""Of a prompt that a sentence quotes."""


def details_of(measured: Measurements) -> Details:
    """Only what was measured."""
    taken = [stack for stack in measured.stacks if stack.taken]
    others = [stack for stack in measured.stacks if not stack.taken and stack.reads_words]
    is_unread = bool(others) and not any(stack.reads_words for stack in taken)
    partly = _read_in_some_calls([stack for stack in taken if stack.reads_words])
    presence, used, obeyed = measured.presence, measured.used, measured.obeyed
    following = None if obeyed is None else obeyed.following
    competent = None if obeyed is None else obeyed.competent
    either = used or obeyed
    trail = measured.trail
    behaviour = measured.behaviour
    unmoved = behaviour.unmoved if behaviour and leaves_some_frames(measured) else 0
    followed, ignored = ((), ()) if following is None else followed_and_not(following)
    return Details(
        positions=presence.positions or presence.mixed_positions,
        overwritten=presence.overwritten_positions,
        hops=measured.visibility.instruction_hops,
        image_total=measured.visibility.image_total,
        lost_words=_lost_words(measured),
        encoded_text=None if trail is None else trail.encoded_text,
        encoded_by=None if trail is None else trail.encoded_by,
        pairs=measured.tokens.identical_pairs,
        module=measured.bypass.module,
        share=None if measured.attended is None else measured.attended.share,
        unit=None if either is None else either.unit,
        dependence=None if used is None else used.dependence,
        mediated=None if used is None else used.mediated,
        left=None if used is None else used.after_cut,
        left_by_random=None if used is None else used.after_random_cut,
        directly=None if used is None else used.mediated_directly,
        swap=None if obeyed is None else obeyed.swap_distance,
        is_still=measured.behaviour is not None and not measured.behaviour.instruction_change,
        raw_change=_raw_change(measured),
        rate=None if following is None else following.rate,
        instructions=None if following is None else _instructions_of_each(following),
        chance=None if following is None else following.chance,
        swapped=() if following is None else following.swapped,
        competent=None if competent is None else competent.rate,
        anyway=None if obeyed is None else obeyed.own_action_anyway,
        module_at=None if trail is None else trail.module,
        operator_at=None if trail is None else trail.operator,
        leaves_torch=trail is not None and trail.how == "leaves torch",
        read_in=tuple(stack.pattern for stack in others) if is_unread else (),
        unread_in=tuple(stack.pattern for stack in taken) if is_unread else (),
        calls=partly[0].calls if partly else 1,
        calls_reading=partly[0].calls_reading if partly else (),
        reading=tuple(stack.pattern for stack in partly),
        calls_cut=0 if measured.causal_map is None else len(measured.causal_map.by_call),
        calls_used=_used_in_some_calls(measured.causal_map),
        carries_nothing=_carrying_nothing(measured.stacks),
        image_only=_image_only(taken),
        followed=followed,
        ignored=ignored,
        alike=() if measured.behaviour is None else measured.behaviour.alike,
        unmoved=unmoved,
        frames=decided_frames(obeyed) if obeyed and unmoved else 0,
        action_change=change_that_may_be_rounding(measured),
    )


def _read_in_some_calls(reading: Sequence[StackInfo]) -> Sequence[StackInfo]:
    """All of them, if they run equally often and read words in the same calls, but not in all."""
    kinds = {(stack.calls, stack.calls_reading) for stack in reading}
    is_partly = all(len(calls_reading) < calls for calls, calls_reading in kinds)
    return reading if len(kinds) == 1 and is_partly else ()


def _carrying_nothing(stacks: Sequence[StackInfo]) -> tuple[str, ...]:
    """Stacks that hold words and move the action by next to nothing, where another brings it over.

    Two that are both needed may each change nothing alone, and none of them brings it over.
    """
    if not any((stack.carried or 0.0) >= CARRIES_THE_INSTRUCTION for stack in stacks):
        return ()
    return tuple(
        stack.pattern
        for stack in stacks
        if stack.holds_words and stack.moved is not None and stack.moved <= CARRIES_NOTHING
    )


def _image_only(taken: Sequence[StackInfo]) -> tuple[str, ...]:
    """Of what the action is decoded from, where another part of it reads the instruction."""
    return (
        tuple(m for s in taken for m in s.image_only) if any(s.reads_words for s in taken) else ()
    )


def _used_in_some_calls(found: CausalMap | None) -> tuple[int, ...]:
    """Calls in which cutting the words changes the action, where in others it changes nothing."""
    by_call = () if found is None else found.by_call
    least = NO_EFFECT_OF_A_CALL * max((each.distance for each in by_call), default=0.0)
    used = tuple(each.call for each in by_call if each.distance > least)
    return used if len(used) < len(by_call) else ()


def _raw_change(measured: Measurements) -> float | None:
    """Where distances are in standard deviations, which say little if frames hardly differ."""
    obeyed, behaviour = measured.obeyed, measured.behaviour
    if obeyed is None or behaviour is None or obeyed.unit != "scale units":
        return None
    return behaviour.instruction_change


def _instructions_of_each(following: FollowingFacts) -> int | None:
    """How many instructions every frame was run under; None where frames differ in that."""
    counts = {rate.n for rate in following.by_instruction.values()}
    return len(following.by_instruction) if counts == {following.rate.n} else None


def _lost_words(measured: Measurements) -> tuple[str, ...]:
    """As the trail found them, or as single exchanges of words did."""
    trail = measured.trail
    return trail.lost_words if trail and trail.lost_words else telling_lost_words(measured)


def telling_lost_words(measured: Measurements) -> tuple[str, ...]:
    """Lost words in which the instructions differ: not those that all of them have and lose."""
    lost = measured.tokens.lost_words
    names = list(measured.tokens.ids)
    everywhere = set.intersection(*(set(lost.get(name, ())) for name in names)) if names else set()
    if measured.tokens.identical_pairs or not measured.tokens.grows_with_instruction:
        everywhere = set()
    return tuple(sorted({w for words in lost.values() for w in words} - everywhere))


def detail_texts(details: Details | dict[str, str], language: Language | None) -> dict[str, str]:
    """Every detail as text; what was not measured is a dash.

    Records of schema 1 to 3 hold English text instead of values: it is shown as it is.
    """
    if isinstance(details, dict):
        texts = dict.fromkeys(Details.model_fields, ABSENT) | details
        return texts | {"removed": _removed(texts["mediated"], texts["dependence"], language)}

    def amount_text(estimate: Estimate | None) -> str:
        return "" if estimate is None else amount(estimate.value, details.unit or "", language)

    def rate_text(estimate: Estimate | None, each: int | None = 1) -> str:
        return "" if estimate is None else rate(estimate, language, each=each)

    texts = {
        "positions": ranges(details.positions),
        "overwritten": ranges(details.overwritten),
        "hops": "" if details.hops is None else str(details.hops),
        "image_total": "" if details.image_total is None else str(details.image_total),
        "lost_words": ", ".join(f"'{word}'" for word in details.lost_words),
        "encoded_text": _encoded(details.encoded_text, language),
        "encoded_by": details.encoded_by or "",
        "pairs": ", ".join(f"{a} = {b}" for a, b in details.pairs),
        "module": say("own_code", language) if details.module == "" else details.module or "",
        "share": percent(details.share),
        "unit": details.unit or "",
        "dependence": amount_text(details.dependence),
        "mediated": amount_text(details.mediated),
        "directly": amount_text(details.directly),
        "removed": "",
        "left": amount_text(details.left),
        "random": amount_text(details.left_by_random),
        "swap": _with_raw(amount_text(details.swap), details.raw_change, language),
        "rate": rate_text(details.rate, details.instructions),
        "chance": percent(details.chance),
        "swapped": ", ".join(f"{a} <-> {b}" for a, b in details.swapped),
        "competent": rate_text(details.competent),
        "anyway": percent(None if details.anyway is None else details.anyway.value),
        "where": _where(details, language),
        "read_in": ", ".join(details.read_in),
        "unread_in": ", ".join(details.unread_in),
        "calls": str(details.calls),
        "calls_reading": ranges(details.calls_reading),
        "reading": ", ".join(details.reading),
        "carries_nothing": ", ".join(details.carries_nothing),
        "carries_at_most": percent(CARRIES_NOTHING),
        "image_only": ", ".join(_numbered(details.image_only)),
        "calls_cut": str(details.calls_cut),
        "calls_used": ranges(details.calls_used),
        "followed": ", ".join(details.followed),
        "ignored": ", ".join(details.ignored),
        "alike": ", ".join(f"{a} = {b}" for a, b in details.alike),
        "unmoved": str(details.unmoved),
        "frames": str(details.frames),
    }
    if details.action_change is not None:
        texts["change"] = f"{100 * details.action_change:.1g} %"
        texts["least_change"] = f"{100 * LEAST_ACTION_CHANGE_SHARE:g} %"
    if details.mediated is not None:
        figure = f"{details.mediated.value:.2f}"
        texts["removed"] = _removed(figure, texts["dependence"], language)
    return {name: text or ABSENT for name, text in texts.items()}


def _numbered(modules: Sequence[str]) -> list[str]:
    """Like modules in one: "blocks.[0, 2].attn" for blocks.0.attn and blocks.2.attn."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for module in modules:
        found = _LAST_NUMBER.fullmatch(module)
        before, number, after = found.groups() if found else (module, None, "")
        held = numbers.setdefault((before, after), [])
        held += [] if number is None else [int(number)]
    return [
        f"{before}{f'[{ranges(held)}]' if len(held) > 1 else ranges(held)}{after}"
        for (before, after), held in numbers.items()
    ]


def _encoded(text: str | None, language: Language | None) -> str:
    if text == "":
        return say("empty_text", language)
    return shorten(text or "", ENCODED_TEXT_LETTERS)


def _with_raw(text: str, change: float | None, language: Language | None) -> str:
    """A distance in standard deviations, with what it is in the action's own units."""
    if not text or not change:
        return text
    return say("amount_with_raw", language, amount=text, raw=f"{change:.2g}")


def _where(details: Details, language: Language | None) -> str:
    """Where the trail ends: "decoder.layers.0.attn (index_put_)"."""
    if details.operator_at is None:
        return ""
    operator = details.operator_at.removeprefix("aten::")
    if details.module_at:
        return say("where_operator", language, module=details.module_at, operator=operator)
    return say("where_outermost", language, operator=operator)


def _removed(mediated: str, dependence: str, language: Language | None) -> str:
    """How much of the difference between actions knockout removes: "0.99 of 1.00 bits"."""
    return say("removed", language, mediated=mediated, dependence=dependence)
