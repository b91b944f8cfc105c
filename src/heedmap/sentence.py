"""One sentence per policy on what became of the instruction, from measured facts only.

It reports presence, visibility and identity, in English or Korean. It never says that a
policy ignores its instruction: attention alone cannot tell, and an instruction that is
not in the decoder may still reach the action by another road.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from heedmap.verdict import Facts, InstructionPair

Language = Literal["en", "ko"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "black_box": "Nothing but its actions was seen: what becomes of the instruction inside was "
        "not measured",
        "unknown": "Whether the instruction is in the sequence was not measured: no other "
        "instruction of equal token count was found",
        "absent": "The instruction is not in the sequence: no position entering layer 0 moves "
        "with it",
        "present": "The instruction is in the sequence: positions {positions} move with it",
        "mixed": "positions {positions} move with both frame and instruction",
        "sees": "the action row sees image embeddings at positions {positions}",
        "all_seen": "all {total} image tokens are visible",
        "masked": "{masked} of {total} image tokens are masked",
        "no_image": "no position moves with the frame",
        "same_attention": "{names} give identical attention in all layers",
        "other_length": "only an instruction of another length changes it",
        "same_action": "{names} give identical action scores",
        "bypass": "yet the action scores differ between {names}, so the instruction reaches them "
        "outside the decoder",
        "moves_action": "the action scores differ between {names}",
        "and": " and ",
        "to": " to ",
    },
    "ko": {
        "black_box": "액션 외에는 아무것도 볼 수 없었습니다: 내부에서 명령이 어떻게 되는지는 "
        "측정하지 못했습니다",
        "unknown": "명령이 시퀀스에 있는지는 측정하지 못했습니다: 토큰 수가 같은 다른 명령을 "
        "찾지 못했습니다",
        "absent": "명령이 시퀀스에 없습니다: 레이어 0에 들어가는 어떤 위치도 명령에 따라 "
        "변하지 않습니다",
        "present": "명령이 시퀀스에 있습니다: 위치 {positions}이(가) 명령에 따라 변합니다",
        "mixed": "위치 {positions}은(는) 프레임과 명령 모두에 따라 변합니다",
        "sees": "액션 행은 위치 {positions}의 이미지 임베딩을 봅니다",
        "all_seen": "이미지 토큰 {total}개가 모두 보입니다",
        "masked": "이미지 토큰 {total}개 중 {masked}개가 마스크되어 있습니다",
        "no_image": "프레임에 따라 변하는 위치가 없습니다",
        "same_attention": "{names}은(는) 모든 레이어에서 어텐션이 동일합니다",
        "other_length": "길이가 다른 명령만 어텐션을 바꿉니다",
        "same_action": "{names}은(는) 액션 점수가 동일합니다",
        "bypass": "그러나 {names} 사이에서 액션 점수가 달라지므로 명령은 디코더 밖의 경로로 "
        "액션에 도달합니다",
        "moves_action": "{names} 사이에서 액션 점수가 달라집니다",
        "and": "와(과) ",
        "to": "~",
    },
}


def policy_sentence(facts: Facts, language: Language = "en") -> str:
    """The sentence for one policy's facts; clauses are joined with semicolons."""
    words = _WORDS[language]
    if facts.is_black_box:
        return words["black_box"] + "."
    clauses = [*_presence(facts, words), *_visibility(facts, words), *_pairs(facts, words)]
    return "; ".join(clauses) + "."


def ranges(positions: Iterable[int]) -> str:
    """Positions as text: (0, 1, 2, 5) is "0-2, 5"."""
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def _presence(facts: Facts, words: dict[str, str]) -> list[str]:
    clauses: list[str] = []
    if not facts.instruction_measured:
        clauses.append(words["unknown"])
    elif facts.instruction_positions:
        clauses.append(words["present"].format(positions=ranges(facts.instruction_positions)))
    elif not facts.mixed_positions:
        clauses.append(words["absent"])
    if facts.mixed_positions:
        clauses.append(words["mixed"].format(positions=ranges(facts.mixed_positions)))
    return clauses


def _visibility(facts: Facts, words: dict[str, str]) -> list[str]:
    if not facts.image_total:
        return [words["no_image"]]
    if facts.image_visible_min == facts.image_total:
        return [words["all_seen"].format(total=facts.image_total)]
    low = facts.image_total - facts.image_visible_max
    high = facts.image_total - facts.image_visible_min
    masked = f"{low}" if low == high else f"{low}{words['to']}{high}"
    seen = ranges(facts.seen_image_positions)
    clauses = [words["sees"].format(positions=seen)] if seen else []
    return [*clauses, words["masked"].format(masked=masked, total=facts.image_total)]


def _pairs(facts: Facts, words: dict[str, str]) -> list[str]:
    """What instructions of equal token count share, and what they do not."""

    def names(pair: InstructionPair) -> str:
        return f"{pair.first}{words['and']}{pair.second}"

    def joined(pairs: Sequence[InstructionPair]) -> str:
        return ", ".join(names(pair) for pair in pairs)

    clauses: list[str] = []
    same_attention = [pair for pair in facts.pairs if pair.attention_identical]
    if same_attention:
        clauses.append(words["same_attention"].format(names=joined(same_attention)))
        others = [pair for pair in facts.pairs if not pair.attention_identical]
        if others and all(pair.same_token_count is False for pair in others):
            clauses.append(words["other_length"])
    same_action = [pair for pair in facts.pairs if pair.action_identical]
    if same_action:
        clauses.append(words["same_action"].format(names=joined(same_action)))
    around = [pair for pair in same_attention if not pair.action_identical]
    if around:
        clauses.append(words["bypass"].format(names=joined(around)))
    elif not same_action and facts.pairs:
        clauses.append(words["moves_action"].format(names=joined(facts.pairs)))
    return clauses
