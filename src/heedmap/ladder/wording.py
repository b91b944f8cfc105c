"""The ladder's sentence: what was found and what to do, in English or Korean."""

from __future__ import annotations

import re

from heedmap.evidence import Estimate
from heedmap.ladder.texts import LadderTexts
from heedmap.ladder.texts_en import ENGLISH
from heedmap.ladder.texts_ko import KOREAN
from heedmap.ladder.upper import is_effect
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
    details = _Dashed(details_in(verdict, language))
    swapped = verdict.details.get("swapped")
    details["swapped"] = texts.swapped.format(swapped=swapped) if swapped else ""
    parts = [cause_text.sentence]
    is_too_small = "change" in verdict.details
    if verdict.cause == "not_measured" and is_too_small:
        parts, cause_text = [texts.too_small.sentence.lstrip()], texts.too_small
    elif verdict.cause in _WITHOUT_FAULT:
        parts += _upper(verdict, texts)
    elif verdict.bypass.status == "found":
        heeds = verdict.rungs["obeyed"].status == "holds"
        parts.append(texts.heeds_by_bypass if heeds else texts.bypassed)
    return "".join(part.format_map(details) for part in parts), cause_text.fix


def details_in(verdict: Verdict, language: Language) -> dict[str, str]:
    """A verdict's details as a sentence in this language says them."""
    if language == "en":
        return dict(verdict.details)
    return {name: _in_korean(text) for name, text in verdict.details.items()}


def _in_korean(text: str) -> str:
    """Intervals and units; names and words stay as they are."""
    text = re.sub(r"^([\d.]+) bits$", r"\1비트", text)
    text = re.sub(r"^([\d.]+) scale units$", r"\1 척도 단위", text)
    return re.sub(r"\((\d+) to (\d+)\)$", r"(\1~\2)", text)


def _upper(verdict: Verdict, texts: LadderTexts) -> list[str]:
    """What is known of use and obedience where no rung fails but over a bypass."""
    used, obeyed = verdict.rungs["used"].status, verdict.rungs["obeyed"].status
    if used == "fails" and obeyed == "holds":
        return [texts.heeds_by_bypass]
    parts = [texts.used] if used == "holds" else []
    if is_over_others(verdict):
        parts.append(texts.used_over_others)
    if obeyed == "holds":
        return [*parts, texts.obeyed]
    if "change" in verdict.details:
        return [texts.too_small.sentence]
    return [*parts, texts.right_way_unknown] if parts else [texts.upper_not_measured]


def is_over_others(verdict: Verdict) -> bool:
    """Whether the instruction is used, but not over the action rows' own edges (two hops)."""
    evidence = verdict.rungs["used"].evidence
    if verdict.rungs["used"].status != "holds":
        return False
    if "mediated_directly" not in evidence:  # told by exchange alone: no road is known
        return False
    directly = Estimate.model_validate(evidence["mediated_directly"])
    return not is_effect(directly, evidence["unit"])


class _Dashed(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"
