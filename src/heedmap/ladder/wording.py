"""The ladder's sentence: what was found and what to do, in English or Korean."""

from __future__ import annotations

from heedmap.ladder.texts import LadderTexts
from heedmap.ladder.texts_en import ENGLISH
from heedmap.ladder.texts_ko import KOREAN
from heedmap.sentence import Language
from heedmap.verdict import Cause, RungName, Verdict

TEXTS: dict[Language, LadderTexts] = {"en": ENGLISH, "ko": KOREAN}
RUNG_NAMES: dict[Language, dict[RungName, str]] = {
    language: dict(texts.rung_names) for language, texts in TEXTS.items()
}

_WITHOUT_FAULT: frozenset[Cause] = frozenset({"none", "indirect_only", "bypass"})
"""Causes whose sentence goes on to say what is known of the upper rungs."""


def verdict_text(verdict: Verdict, language: Language = "en") -> tuple[str, str]:
    """The sentence and the fix of a verdict. Missing details show as a dash."""
    texts = TEXTS[language]
    cause_text = texts.causes[verdict.cause]
    details = _Dashed(verdict.details)
    swapped = verdict.details.get("swapped")
    details["swapped"] = texts.swapped.format(swapped=swapped) if swapped else ""
    parts = [cause_text.sentence]
    if verdict.cause in _WITHOUT_FAULT:
        parts += _upper(verdict, texts)
    elif verdict.bypass.status == "found":
        heeds = verdict.rungs["obeyed"].status == "holds"
        parts.append(texts.heeds_by_bypass if heeds else texts.bypassed)
    return "".join(part.format_map(details) for part in parts), cause_text.fix


def _upper(verdict: Verdict, texts: LadderTexts) -> list[str]:
    """What is known of use and obedience where no rung fails but over a bypass."""
    used, obeyed = verdict.rungs["used"].status, verdict.rungs["obeyed"].status
    if used == "fails" and obeyed == "holds":
        return [texts.heeds_by_bypass]
    parts = [texts.used] if used == "holds" else []
    if obeyed == "holds":
        return [*parts, texts.obeyed]
    return [*parts, texts.right_way_unknown] if parts else [texts.upper_not_measured]


class _Dashed(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"
