"""The ladder's texts in Korean."""

from __future__ import annotations

from heedmap.ladder.texts import CauseText, LadderTexts
from heedmap.verdict import Cause

_CAUSES: dict[Cause, CauseText] = {
    "none": CauseText(
        "명령은 토큰이 되어 위치 {positions}에서 트랜스포머에 들어가고, 액션 행이 이를 "
        "보고 읽습니다.",
        "이 단계들에서는 고칠 것이 없습니다.",
    ),
    "empty_instruction": CauseText(
        "명령이 무엇이든 같은 몇 개의 토큰 id만 모델에 도달합니다: 프롬프트에 명령이 없습니다.",
        "명령을 프롬프트나 프로세서에 전달하는 키를 확인하십시오.",
    ),
    "stale_instruction": CauseText(
        "명령이 무엇이든 같은 토큰 id가 모델에 도달합니다: 이전 명령의 것입니다.",
        "토큰화된 명령의 캐시를 호출마다 비우거나 명령별로 저장하십시오.",
    ),
    "truncated": CauseText(
        "명령이 잘렸습니다: 단어 {lost_words}은(는) 어떤 토큰 id도 바꾸지 않습니다.",
        "토크나이저의 max_length를 늘리거나 명령 앞의 프롬프트를 줄이십시오.",
    ),
    "unknown_words": CauseText(
        "단어 {lost_words}은(는) 토크나이저가 모르는 단어입니다: 바꾸어도 토큰 id가 그대로입니다.",
        "정책을 학습한 토크나이저를 쓰거나 토크나이저가 아는 단어를 쓰십시오.",
    ),
    "same_ids": CauseText(
        "다음 명령들이 같은 토큰 id가 됩니다: {pairs}.",
        "토크나이저가 무엇을 버리는지(대소문자, 문장 부호 등) 확인하십시오.",
    ),
    "overwritten": CauseText(
        "명령이 시퀀스에 없습니다: 단어가 있던 위치 {overwritten}에 이미지 임베딩이 있습니다.",
        "이미지 임베딩을 덮어쓰지 말고 토큰 사이에 끼워 넣으십시오.",
    ),
    "length_leak": CauseText(
        "명령이 시퀀스에 없습니다. 토큰 수만 마스크를 바꾸고, 그래서 액션을 바꿉니다.",
        "이미지 임베딩을 토큰 사이에 끼워 넣고, 합쳐진 시퀀스에 맞는 마스크를 만드십시오.",
    ),
    "absent": CauseText(
        "명령이 시퀀스에 없습니다: 레이어 0에 들어가는 어떤 위치도 명령에 따라 변하지 않습니다.",
        "임베딩 레이어에서 트랜스포머 입력까지 단어 임베딩을 따라가 보십시오.",
    ),
    "shifted_by_padding": CauseText(
        "명령의 자리가 길이에 따라 달라집니다: 앞에 패딩이 있고 위치가 패딩까지 셉니다.",
        "반대쪽에 패딩하거나 어텐션 마스크에서 위치를 계산하십시오.",
    ),
    "masked": CauseText(
        "명령은 위치 {positions}에 있지만, 마스크가 모든 레이어에서 액션 행으로부터 가립니다.",
        "이미지와 텍스트가 합쳐진 시퀀스에 맞는 어텐션 마스크를 만드십시오.",
    ),
    "action_before_instruction": CauseText(
        "명령은 액션 행 뒤 위치 {positions}에 있어, 인과적 트랜스포머에서는 액션 행이 볼 수 "
        "없습니다.",
        "액션 토큰을 명령 뒤에 두십시오.",
    ),
    "image_masked": CauseText(
        "명령은 보이지만 이미지 토큰 {image_total}개가 모두 가려져 있습니다: 정책은 보지 못합니다.",
        "이미지와 텍스트가 합쳐진 시퀀스에 맞는 어텐션 마스크를 만드십시오.",
    ),
    "values_zero": CauseText(
        "액션 행이 명령에 주의를 두지만({share}), 거기서 읽는 값은 모든 레이어에서 0입니다.",
        "값 투영을 확인하십시오(0이 된 어댑터, 값에 걸린 잘못된 마스크).",
    ),
    "unattended": CauseText(
        "명령은 위치 {positions}에서 보이지만, 어떤 레이어에서도 어텐션이 닿지 않습니다.",
        "단어 임베딩의 위치와 크기를 학습 때와 비교하십시오.",
    ),
    "unused": CauseText(
        "명령은 액션 행에 도달하고 주의도 받지만({share}), 액션은 명령에 의존하지 않습니다: 명령을 "
        "바꾸면 액션이 {swap}만큼만 움직입니다.",
        "학습 데이터를 보십시오: 명령이 액션에 맞고, 거기서 의미가 있습니까? `heedmap needed "
        "DATASET`으로 확인할 수 있습니다.",
    ),
    "confounded": CauseText(
        "액션은 명령이 아니라 프레임을 따릅니다: 프레임 자체의 명령에서 {competent} 맞고, 다른 "
        "명령의 {anyway}에서도 같은 액션을 합니다.",
        "같은 프레임에 다른 명령과 다른 액션을 넣어 학습하십시오. `heedmap needed DATASET`은 "
        "프레임만으로 액션을 얼마나 예측할 수 있는지 알려 줍니다.",
    ),
    "disobeyed": CauseText(
        "명령이 사용되지만 지켜지지 않습니다: 액션의 {rate}만 명령대로입니다(우연 수준 "
        "{chance}).{swapped}",
        "액션 라벨과 그 순서, 부호를 학습 때와 비교하십시오.",
    ),
    "not_competent": CauseText(
        "여기서는 능력이 부족합니다: 프레임 자체의 명령에서도 액션이 {competent}만 맞으므로 "
        "준수 여부를 판단할 수 없습니다.",
        "학습 때와 비슷한 프레임으로 감사하거나 더 학습하십시오.",
    ),
    "not_needed": CauseText(
        "이 프레임들에서는 명령이 필요하지 않습니다: 모든 명령이 같은 액션을 요구하므로, 명령을 "
        "사용하고 지키는지 드러나지 않습니다.",
        "서로 다른 액션을 요구하는 프레임과 명령을 주십시오.",
    ),
    "indirect_only": CauseText(
        "위치 {positions}의 명령은 다른 위치를 거쳐서만({hops}단계) 액션 행에 도달합니다. "
        "직접 어텐션 0 %는 아무것도 증명하지 않습니다.",
        "의도한 것이라면 고칠 것이 없습니다. 어텐션이 아니라 차단 실험으로 확인하십시오.",
    ),
    "bypass": CauseText(
        "명령은 시퀀스가 아닌 '{module}'을(를) 통해 액션에 도달합니다. 어텐션으로는 그 "
        "경로를 볼 수 없습니다.",
        "의도한 것이라면 고칠 것이 없습니다. 명령을 바꾸어 정책을 판단하십시오.",
    ),
    "not_measured": CauseText(
        "명령이 어떻게 되는지 측정하지 못했습니다: 길이가 같은 다른 명령을 찾지 못했습니다.",
        "토큰 수가 같은 명령들을 주거나 정책의 token_count를 주십시오.",
    ),
}

KOREAN = LadderTexts(
    rung_names={
        "tokenised": "토큰화",
        "present": "존재",
        "visible": "가시",
        "attended": "주목",
        "used": "사용",
        "obeyed": "준수",
    },
    gate_names={"needed": "필요", "competent": "능력"},
    causes=_CAUSES,
    used=" 명령은 사용됩니다: 액션의 차이는 {dependence}이고, 명령을 차단하면 그중 "
    "{mediated}가 사라집니다.",
    used_over_others=" 명령은 다른 위치를 거쳐 전달됩니다: 액션 행의 연결만 차단하면 "
    "{directly}가 사라집니다.",
    obeyed=" 명령은 지켜집니다: 액션의 {rate}가 명령대로입니다(우연 수준 {chance}).",
    right_way_unknown=" 액션이 옳은지는 측정하지 않았습니다: 명령이 무엇을 요구하는지 주어지지 "
    "않았습니다(--expect).",
    upper_not_measured=" 명령이 사용되고 지켜지는지는 측정하지 않았습니다.",
    too_small=CauseText(
        " 명령이 사용되고 지켜지는지는 측정하지 않았습니다: 명령을 바꾼 효과가 액션 자체 크기의 "
        "{least_change}보다 작아({change}) 반올림 오차일 수 있습니다.",
        "분명히 다른 액션을 요구하는 프레임과 명령을 주십시오. 액션에 큰 상수 오프셋이 있으면 "
        "빼고 주십시오.",
    ),
    bypassed=" 그러나 액션은 다른 경로 '{module}'을(를) 통해 명령을 따릅니다.",
    heeds_by_bypass=" 그러나 정책은 백본이 아니라 '{module}'을(를) 통해 명령을 따릅니다: 액션의 "
    "{rate}가 명령대로입니다(우연 수준 {chance}).",
    swapped=" 서로 뒤바뀐 액션: {swapped}.",
)
