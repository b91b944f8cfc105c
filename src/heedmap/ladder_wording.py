"""The ladder's sentences: what was found and what to do, in English and Korean.

One entry a cause; `{...}` are the verdict's details. docs/ladder.md lists the causes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from heedmap.sentence import Language
from heedmap.verdict import Cause, RungName

RUNG_NAMES: dict[Language, dict[RungName, str]] = {
    "en": {
        "tokenised": "tokenised",
        "present": "present",
        "visible": "visible",
        "attended": "attended",
        "used": "used",
        "obeyed": "obeyed",
    },
    "ko": {
        "tokenised": "토큰화",
        "present": "존재",
        "visible": "가시",
        "attended": "주의",
        "used": "사용",
        "obeyed": "준수",
    },
}


class _Text(NamedTuple):
    sentence: str
    fix: str


_UPPER_RUNGS: dict[Language, str] = {
    "en": " Whether it is used and obeyed was not measured.",
    "ko": " 명령이 사용되고 지켜지는지는 측정하지 않았습니다.",
}

_BYPASS: dict[Language, str] = {
    "en": " Yet the action follows the instruction by another road, through '{module}'.",
    "ko": " 그러나 액션은 다른 경로 '{module}'을(를) 통해 명령을 따릅니다.",
}

_TEXTS: dict[Language, dict[Cause, _Text]] = {
    "en": {
        "none": _Text(
            "The instruction becomes tokens, enters the transformer at positions {positions}, "
            "is visible to the action row and read by it.",
            "Nothing to mend on these rungs.",
        ),
        "empty_instruction": _Text(
            "The same few token ids reach the model whatever the instruction says: the prompt "
            "holds no instruction.",
            "Check the key under which the instruction is passed to the prompt or processor.",
        ),
        "stale_instruction": _Text(
            "The same token ids reach the model whatever the instruction says: they are those "
            "of an earlier one.",
            "Clear or key the cache of the tokenised instruction at every call.",
        ),
        "truncated": _Text(
            "The instruction is cut off: the words {lost_words} change no token id.",
            "Raise the tokenizer's max_length, or shorten the prompt before the instruction.",
        ),
        "unknown_words": _Text(
            "The words {lost_words} are unknown to the tokenizer: exchanging them changes no "
            "token id.",
            "Use the tokenizer that the policy was trained with, or words that it knows.",
        ),
        "same_ids": _Text(
            "Instructions become the same token ids: {pairs}.",
            "Look at what the tokenizer drops (case, punctuation, stop words).",
        ),
        "overwritten": _Text(
            "The instruction is not in the sequence: image embeddings stand at positions "
            "{overwritten}, where its words were written.",
            "Insert the image embeddings between the tokens instead of writing over them.",
        ),
        "length_leak": _Text(
            "The instruction is not in the sequence; only its number of tokens still shapes the "
            "mask, and so the action.",
            "Insert the image embeddings between the tokens, and build the mask for the merged "
            "sequence.",
        ),
        "absent": _Text(
            "The instruction is not in the sequence: no position entering layer 0 moves with it.",
            "Follow the word embeddings from the embedding layer to the transformer's input.",
        ),
        "shifted_by_padding": _Text(
            "The instruction's place depends on how long it is: padding stands before it, and "
            "positions count the padding.",
            "Pad on the other side, or derive the positions from the attention mask.",
        ),
        "masked": _Text(
            "The instruction is in the sequence at positions {positions}, but the mask hides it "
            "from the action row in every layer.",
            "Build the attention mask for the merged sequence, image and text.",
        ),
        "action_before_instruction": _Text(
            "The instruction stands at positions {positions}, behind the action row, which in a "
            "causal transformer cannot see it.",
            "Put the action token behind the instruction.",
        ),
        "image_masked": _Text(
            "The instruction is visible, but all {image_total} image tokens are masked: the "
            "policy cannot see.",
            "Build the attention mask for the merged sequence, image and text.",
        ),
        "values_zero": _Text(
            "The action row attends to the instruction ({share}), but what it reads there is "
            "zero in every layer.",
            "Look at the value projection (a zeroed adapter, a wrong mask on the values).",
        ),
        "unattended": _Text(
            "The instruction is visible at positions {positions}, but no attention reaches it in "
            "any layer.",
            "Check positions and scale of the word embeddings against those in training.",
        ),
        "indirect_only": _Text(
            "The instruction at positions {positions} reaches the action row only over other "
            "positions ({hops} hops); its direct attention of 0 % proves nothing.",
            "Nothing to mend, if it is meant so; test by cutting, not by reading attention.",
        ),
        "bypass": _Text(
            "The instruction reaches the action beside the sequence, through '{module}'; "
            "attention cannot show what goes there.",
            "Nothing to mend, if it is meant so; judge the policy by exchanging instructions.",
        ),
        "not_measured": _Text(
            "What becomes of the instruction could not be measured: no variant of equal length "
            "was found.",
            "Give instructions of equal token count, or the policy's token_count.",
        ),
    },
    "ko": {
        "none": _Text(
            "명령은 토큰이 되어 위치 {positions}에서 트랜스포머에 들어가고, 액션 행이 이를 "
            "보고 읽습니다.",
            "이 단계들에서는 고칠 것이 없습니다.",
        ),
        "empty_instruction": _Text(
            "명령이 무엇이든 같은 몇 개의 토큰 id만 모델에 도달합니다: 프롬프트에 명령이 없습니다.",
            "명령을 프롬프트나 프로세서에 전달하는 키를 확인하십시오.",
        ),
        "stale_instruction": _Text(
            "명령이 무엇이든 같은 토큰 id가 모델에 도달합니다: 이전 명령의 것입니다.",
            "토큰화된 명령의 캐시를 호출마다 비우거나 명령별로 저장하십시오.",
        ),
        "truncated": _Text(
            "명령이 잘렸습니다: 단어 {lost_words}은(는) 어떤 토큰 id도 바꾸지 않습니다.",
            "토크나이저의 max_length를 늘리거나 명령 앞의 프롬프트를 줄이십시오.",
        ),
        "unknown_words": _Text(
            "단어 {lost_words}은(는) 토크나이저가 모르는 단어입니다: 바꾸어도 토큰 id가 "
            "그대로입니다.",
            "정책을 학습한 토크나이저를 쓰거나 토크나이저가 아는 단어를 쓰십시오.",
        ),
        "same_ids": _Text(
            "다음 명령들이 같은 토큰 id가 됩니다: {pairs}.",
            "토크나이저가 무엇을 버리는지(대소문자, 문장 부호 등) 확인하십시오.",
        ),
        "overwritten": _Text(
            "명령이 시퀀스에 없습니다: 단어가 있던 위치 {overwritten}에 이미지 임베딩이 있습니다.",
            "이미지 임베딩을 덮어쓰지 말고 토큰 사이에 끼워 넣으십시오.",
        ),
        "length_leak": _Text(
            "명령이 시퀀스에 없습니다. 토큰 수만 마스크를 바꾸고, 그래서 액션을 바꿉니다.",
            "이미지 임베딩을 토큰 사이에 끼워 넣고, 합쳐진 시퀀스에 맞는 마스크를 만드십시오.",
        ),
        "absent": _Text(
            "명령이 시퀀스에 없습니다: 레이어 0에 들어가는 어떤 위치도 명령에 따라 변하지 "
            "않습니다.",
            "임베딩 레이어에서 트랜스포머 입력까지 단어 임베딩을 따라가 보십시오.",
        ),
        "shifted_by_padding": _Text(
            "명령의 자리가 길이에 따라 달라집니다: 앞에 패딩이 있고 위치가 패딩까지 셉니다.",
            "반대쪽에 패딩하거나 어텐션 마스크에서 위치를 계산하십시오.",
        ),
        "masked": _Text(
            "명령은 위치 {positions}에 있지만, 마스크가 모든 레이어에서 액션 행으로부터 가립니다.",
            "이미지와 텍스트가 합쳐진 시퀀스에 맞는 어텐션 마스크를 만드십시오.",
        ),
        "action_before_instruction": _Text(
            "명령은 액션 행 뒤 위치 {positions}에 있어, 인과적 트랜스포머에서는 액션 행이 볼 수 "
            "없습니다.",
            "액션 토큰을 명령 뒤에 두십시오.",
        ),
        "image_masked": _Text(
            "명령은 보이지만 이미지 토큰 {image_total}개가 모두 가려져 있습니다: 정책은 보지 "
            "못합니다.",
            "이미지와 텍스트가 합쳐진 시퀀스에 맞는 어텐션 마스크를 만드십시오.",
        ),
        "values_zero": _Text(
            "액션 행이 명령에 주의를 두지만({share}), 거기서 읽는 값은 모든 레이어에서 0입니다.",
            "값 투영을 확인하십시오(0이 된 어댑터, 값에 걸린 잘못된 마스크).",
        ),
        "unattended": _Text(
            "명령은 위치 {positions}에서 보이지만, 어떤 레이어에서도 어텐션이 닿지 않습니다.",
            "단어 임베딩의 위치와 크기를 학습 때와 비교하십시오.",
        ),
        "indirect_only": _Text(
            "위치 {positions}의 명령은 다른 위치를 거쳐서만({hops}단계) 액션 행에 도달합니다. "
            "직접 어텐션 0 %는 아무것도 증명하지 않습니다.",
            "의도한 것이라면 고칠 것이 없습니다. 어텐션이 아니라 차단 실험으로 확인하십시오.",
        ),
        "bypass": _Text(
            "명령은 시퀀스가 아닌 '{module}'을(를) 통해 액션에 도달합니다. 어텐션으로는 그 "
            "경로를 볼 수 없습니다.",
            "의도한 것이라면 고칠 것이 없습니다. 명령을 바꾸어 정책을 판단하십시오.",
        ),
        "not_measured": _Text(
            "명령이 어떻게 되는지 측정하지 못했습니다: 길이가 같은 다른 명령을 찾지 못했습니다.",
            "토큰 수가 같은 명령들을 주거나 정책의 token_count를 주십시오.",
        ),
    },
}

_COMPLETE: frozenset[Cause] = frozenset({"none", "indirect_only"})
"""Causes whose sentence must say that the upper rungs are not known yet."""


def verdict_text(
    cause: Cause, details: Mapping[str, str], *, bypassed: bool, language: Language = "en"
) -> tuple[str, str]:
    """The sentence and the fix for a cause. Missing details show as a dash."""
    text = _TEXTS[language][cause]
    filled = _Dashed(details)
    sentence = text.sentence.format_map(filled)
    if cause in _COMPLETE:
        sentence += _UPPER_RUNGS[language]
    if bypassed and cause != "bypass":
        sentence += _BYPASS[language].format_map(filled)
    return sentence, text.fix


class _Dashed(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"
