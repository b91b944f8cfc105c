"""English instructions: other verbs, negation, steps that change places, and what nobody says.

Verbs are looked for where a request has them, so that "the open drawer" and "close to" stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BEFORE = (
    r"(?:^|[,.;:!] |n.t |\b(?:and|then|please|not|never|to|now|also|you|should|must|can|could|"
    r"will|would) )(?:[a-z]+ly )?"
)
_STEP_ENDS = re.compile(r",|\band (?:then )?(?=[a-z]+ )|\bthen\b|\bbefore\b|\bafter\b|[.;!]", re.I)

OPPOSITES = (
    *(("turn on", "turn off"), ("switch on", "switch off"), ("plug in", "unplug")),
    *(("open", "close"), ("push", "pull"), ("lift", "lower"), ("raise", "lower")),
    *(("fold", "unfold"), ("fill", "empty"), ("approach", "avoid"), ("grasp", "release")),
    *(("go to", "move away from"), ("navigate to", "move away from"), ("lock", "unlock")),
    *(("walk to", "move away from"), ("drive to", "move away from"), ("screw", "unscrew")),
    *(("wrap", "unwrap"), ("cover", "uncover"), ("tie", "untie")),
)
"""Each asks for the contrary of the other, whatever follows."""
_HOLD = ("pick up", "grasp", "grab", "take", "get", "lift")
_PUT = ("put", "place", "stack", "hang", "lay")
_ELSE: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = (
    (_HOLD, ("push", "put down")),
    (_PUT, ("pick up", "push")),
    (("push", "pull"), ("pick up",)),
    (("wipe", "clean", "scrub", "touch"), ("push",)),
    (("press",), ("pull",)),
    (("shut",), ("open",)),
    (("put down",), ("pick up",)),
)
"""Verbs for others that take the same object; not where the rest of the step says where to."""
_GOAL = re.compile(
    r"\b(?:to|into|onto|towards?|off|out|away|apart|together|upright|over|back|aside|forwards?|"
    r"backwards?|down|up|half)\b",
    re.I,
)
_PUT_AGAIN = re.compile(r"\b(?:put|place|drop|set|stack|lay|hang) (?:it|them)\b", re.I)
_PARTICLE = re.compile(r"(?:on|off|away|back|out|together|up|down|in) ", re.I)
_PRONOUN = re.compile(r"(?:it|them)\b", re.I)
_INSIDE = re.compile(r"\b(?:inside|in it|into it|in there)\b", re.I)
_UNLIKE = {
    "fold": re.compile(r"\b(?:half|from|over|into|twice)\b", re.I),
    "fill": re.compile(r"\bwith\b", re.I),
}
"""What of the rest does not go with the contrary, by the verb that was there."""


@dataclass(frozen=True)
class OtherVerb:
    """An instruction with one verb exchanged."""

    text: str
    old: str
    new: str


def other_verbs(instruction: str) -> Iterator[OtherVerb]:
    """Contraries first, and of equals the first verb of the instruction first."""
    places = list(_verbs(instruction))
    for is_contrary in (True, False):
        for old, start, end in places:
            rest, later = _rest_of_step(instruction, end)
            others = _contraries(old) if is_contrary else _others(old)
            for new in others:
                if _goes_with(old, new, rest, later, is_contrary=is_contrary):
                    form = new[0].upper() + new[1:] if instruction[start].isupper() else new
                    text = instruction[:start] + form + instruction[end:]
                    yield OtherVerb(text, old, new)
    yield from _parted(instruction)


def _verbs(text: str) -> Iterator[tuple[str, int, int]]:
    for match in re.finditer(rf"(?P<before>{_BEFORE})(?P<verb>{_KNOWN})(?![\w-])", text, re.I):
        yield match["verb"].lower(), match.start("verb"), match.end("verb")


def _parted(text: str) -> Iterator[OtherVerb]:
    """Of verbs with their particle behind: "turn the stove on"."""
    pattern = (
        r"(\b(?P<verb>turn|switch) (?:the|that|this) [\w ]+? )(?P<way>on|off)(?=$|[.,!]| and )"
    )
    for match in re.finditer(pattern, text, re.I):
        verb, way = match["verb"].lower(), match["way"].lower()
        other = "off" if way == "on" else "on"
        made = text[: match.start("way")] + other + text[match.end("way") :]
        yield OtherVerb(made, f"{verb} {way}", f"{verb} {other}")


def _contraries(verb: str) -> list[str]:
    return [two if verb == one else one for one, two in OPPOSITES if verb in (one, two)]


def _others(verb: str) -> list[str]:
    return [new for old, others in _ELSE if verb in old for new in others if new != verb]


_KNOWN = "|".join(
    sorted(
        {verb for pair in OPPOSITES for verb in pair} | {verb for old, _ in _ELSE for verb in old},
        key=lambda verb: (-len(verb), verb),
    )
)


def _rest_of_step(text: str, end: int) -> tuple[str, str]:
    """What follows the verb up to the next step, and what follows that."""
    stop = _STEP_ENDS.search(text, end)
    at = stop.start() if stop else len(text)
    return text[end:at].strip(), text[at:]


def _goes_with(old: str, new: str, rest: str, later: str, *, is_contrary: bool) -> bool:
    """Whether the rest of the instruction can stand behind the other verb."""
    if not rest or re.search(rf"\b{new}\b", rest):
        return False
    if is_contrary:
        unlike = _UNLIKE.get(old)
        is_odd = unlike is not None and unlike.search(rest) is not None
        is_lost = new in ("release", "lower", "avoid") and _PUT_AGAIN.search(later) is not None
        is_shut = new == "close" and _INSIDE.search(later) is not None
        return not is_odd and not is_lost and not is_shut
    if _GOAL.search(rest) or _PARTICLE.match(f"{rest} ") or _PRONOUN.match(rest):
        return False
    if new == "put down":
        return " from " not in f" {rest} " and _PUT_AGAIN.search(later) is None
    return True


_STEPS = (
    re.compile(r"^(?P<one>.+?),? (?:and )?then (?P<two>.+)$", re.I),
    re.compile(r"^(?P<one>.+?) (?:before|after) (?P<two>\w+ing .+)$", re.I),
)
_NEGATED = re.compile(r"^(?P<please>please )?(?:do not|don.t|never) (?P<rest>.+)$", re.I | re.S)
_PLEASE = re.compile(r"^(?P<please>please )(?P<rest>.+)$", re.I | re.S)
_SAYS_WHO = re.compile(
    r"^(?:the|a|an|this|that|it|i|we|you|he|she|they|there|robot|can|could|would|will|is|are)\b|"
    r"^\w+ing\b",
    re.I,
)
"""How what is no plain request begins."""
_MODAL = re.compile(r"\b(?P<modal>should|must|will) (?P<not>not )?", re.I)
_SIGNS = re.compile(r"[.!?]+$")


def is_request(text: str) -> bool:
    """Whether "do not" and "please" can stand before it."""
    return _SAYS_WHO.match(text) is None


def steps_exchanged(instruction: str) -> list[str]:
    """Two steps in the other order."""
    end = _SIGNS.search(instruction)
    text, signs = (
        (instruction[: end.start()], end.group()) if end is not None else (instruction, "")
    )
    for pattern in _STEPS:
        if found := pattern.match(text):
            one, two = found["one"], found["two"]
            between = text[found.end("one") : found.start("two")]
            if pattern is _STEPS[1]:  # "wash it before drying it": the other word turns it round
                between = {"before": "after", "after": "before"}[between.strip().lower()]
                return [f"{one} {between} {two}{signs}"]
            first = capital_as(one, two)
            return [f"{first}{between}{small(one)}{signs}"]
    return []


def negated(instruction: str) -> list[str]:
    """The request not to do it, or to do it where it is not to be done."""
    if found := _NEGATED.match(instruction):
        return [capital_as(instruction, f"{found['please'] or ''}{found['rest']}")]
    if found := _PLEASE.match(instruction):
        return [f"{found['please']}do not {found['rest']}"]
    if is_request(instruction):
        return [capital_as(instruction, f"do not {small(instruction)}")]
    if found := _MODAL.search(instruction):
        said = f"{found['modal']} " if found["not"] else f"{found['modal']} not "
        return [instruction[: found.start()] + said + instruction[found.end() :]]
    return []


def small(text: str) -> str:
    """Without the capital of a sentence; an acronym keeps its own."""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def capital_as(like: str, text: str) -> str:
    """With a capital where the other sentence has one."""
    return text[0].upper() + text[1:] if like[0].isupper() else text
