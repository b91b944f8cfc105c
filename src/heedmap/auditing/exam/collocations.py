"""Which exchanged words go with those around them: nobody opens a plate, or puts "on bottom of".

An exchange that makes what nobody would say tests whether a policy knows odd sentences. What the
instruction itself says already is never held against a variant.
"""

from __future__ import annotations

import re

_DET = r"(?:the|a|an|this|that|its|your|each|every|both|another)"
_ADJECTIVES = r"(?:(?!of |on |in |and |from |with |to |into |or )[\w-]+ ){0,2}?"
_HEAD = r"\b(?! (?:drawer|door|lid|box|cabinet|rack|stand|holder|handle|compartment))"
_SMALL = "ball|key|block|cube|cylinder|sponge|towel|spoon|fork|knife|spatula"
_FOOD = "apple|banana|carrot|lemon|orange|tomato"
_FLAT = "shelf|table|chair|sofa|desk|plate"
_VESSEL = "cup|mug|bottle"
_ODD = (
    rf"\b(?:open|close|shut)(?:ing)? {_DET} {_ADJECTIVES}"
    rf"(?:{_SMALL}|{_FOOD}|{_FLAT}|basket|bowl|cup|mug|pan|bed){_HEAD}",
    rf"\b(?:in|into|inside)(?: of)? {_DET} {_ADJECTIVES}(?:{_SMALL}|{_FOOD}|{_FLAT}|door){_HEAD}",
    rf"\b(?:on|onto|on top of|atop) {_DET} {_ADJECTIVES}"
    rf"(?:{_VESSEL}|{_FOOD}|spoon|fork|knife|key|ball|door){_HEAD}",
    rf"\b(?:fold|unfold|hang|wring)(?:ing)? {_DET} {_ADJECTIVES}"
    rf"(?:block|cube|cylinder|sponge){_HEAD}",
    rf"\b(?:wip|clean|dry)\w* .* with {_DET} {_ADJECTIVES}(?:block|cube|cylinder){_HEAD}",
    rf"\bpour\w* .*\b(?:in|into|from) {_DET} {_ADJECTIVES}(?:plate){_HEAD}",
    r"\bon bottom of\b|\b(?:upper|right|left) of way\b",
    r"\b(?:put|plac|pour|insert|drop|pick|stack)\w* .* out of\b",
    r"\b(?:moka|coffee|flower) (?:cup|bowl|plate|mug|bottle|pan)\b",
)
_FIXED = (
    *("on top of", "in front of", "close to", "next to", "right now", "right away", "a second"),
    *("tomato sauce", "orange juice", "tomato soup", "apple juice", "put back", "at the back"),
)
"""Phrases whose words are not exchanged one by one."""
_CONTEXT = {
    "back": re.compile(r"\bthe back\b", re.I),
    "near": re.compile(r"\bthe near\b", re.I),
    "far": re.compile(r"\bthe far\b", re.I),
    "orange": re.compile(
        r"\borange (?!in\b|on\b|onto\b|and\b|or\b|to\b|from\b|into\b|with\b|next\b|out\b|near\b)\w",
        re.I,
    ),
}
"""Where a word is what its set says of it; "orange" is a colour, "back" a side."""
_OPENS = r"(?:을|를) (?:당겨 |밀어 )?(?:열|여|닫)"
_NO_DOORS = (
    "공|열쇠|선반|바구니|접시|그릇|컵|의자|책상|소파|침대|숟가락|포크|칼|"
    "사과|바나나|당근|레몬|토마토"
)
_PARTS = "전자레인지|냉장고|오븐|찬장|캐비닛|옷장|자동차|세탁기|서랍장"
_ODD_KO = (
    rf"(?:{_NO_DOORS}){_OPENS}",
    rf"(?:{_PARTS}) (?:공|상자|열쇠)",
    r"접시에 꽂|접시에 따르|접시에 따라",
)


def is_said(made: str, instruction: str, old: str, *, is_colour: bool = False) -> bool:
    """Whether a text is what somebody may say, where `old` was exchanged in the instruction."""
    patterns = (*_ODD, *_ODD_KO)
    is_odd = any(_count(each, made) > _count(each, instruction) for each in patterns)
    return not is_odd and keeps_phrases(made, instruction, old, is_colour=is_colour)


def keeps_phrases(made: str, instruction: str, old: str, *, is_colour: bool = False) -> bool:
    """Whether `old` stood on its own, and has the meaning that its set says of it."""
    word = old.lower()
    if word == "orange" and (_CONTEXT["orange"].search(instruction) is not None) != is_colour:
        return False
    if word in ("back", "near", "far") and not _CONTEXT[word].search(instruction):
        return False
    for phrase in _FIXED:
        if word in phrase.split() and phrase in instruction.lower() and phrase not in made.lower():
            return False
    return True


def is_another_order(one: str, two: str, instruction: str) -> bool:
    """Whether two words that change places then ask for something else.

    Of "yellow and white" and "the cup or the bowl" they do not, and "the cabinet of the drawer" is
    nothing that there is.
    """
    between = rf"{re.escape(one)}(?: and | or |, | of )(?:{_DET} )?{re.escape(two)}"
    back = rf"{re.escape(two)}(?: and | or |, | of )(?:{_DET} )?{re.escape(one)}"
    korean = rf"{re.escape(one)}[과와이]?(?:나|랑)? {re.escape(two)}"
    return not re.search(rf"\b(?:{between}|{back})\b|{korean}", instruction, re.I)


def _count(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text, re.I))
