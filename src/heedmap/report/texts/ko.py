"""Every word of the report in Korean."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "ladder": "사다리: 말에서 액션까지",
    "ladder_note": "✓ 성립, ✗ 실패, – 측정하지 않음. 처음 실패한 단계가 판정입니다. 우회: "
    "명령이 액션에 이르는 다른 경로.",
    "fix": "할 일",
    "cause": "원인",
    "bypass": "우회",
    "attended_title": "주목: 액션 행이 명령에서 읽는 것",
    "attended_share": "비율",
    "attended_last": "마지막",
    "attended_lift": "리프트",
    "attended_read": "읽은 양",
    "attended_rollout": "롤아웃",
    "attended_ivar": "IVAR",
    "attended_shuffled": "섞은 가중치",
    "attended_nonsense": "무의미",
    "attended_heads": "헤드",
    "attended_note": "전체 레이어의 비율, 마지막 레이어의 비율, 균등 대비 리프트, 읽은 값 "
    "노름의 비율, 롤아웃, 명령/(명령+이미지). 기준선: 가중치를 섞었을 때와 지어낸 "
    "단어일 때의 비율. 레이어별로 명령에 5 % 이상 어텐션을 두는 헤드 수.",
    "used_title": "사용: 명령을 차단하면 무엇이 사라지는가",
    "used_unit": "단위",
    "used_dependence": "차이",
    "used_after_cut": "차단",
    "used_after_random": "무작위 차단",
    "used_mediated": "매개 (95 %)",
    "used_direct": "직접",
    "used_p": "p",
    "used_frames": "프레임",
    "used_note": "서로 다른 명령의 액션이 얼마나 다른가: 정책 그대로, 명령을 차단했을 때, 같은 "
    "수의 무작위 연결을 차단했을 때. 매개: 뒤 두 값의 차이. 직접: 액션 행의 연결만 차단했을 때.",
    "obeyed_title": "준수: 명령을 바꾸면 무엇이 달라지는가",
    "obeyed_needed": "필요",
    "obeyed_competent": "능력",
    "obeyed_swap": "교체",
    "obeyed_paraphrase": "바꿔 말하기",
    "obeyed_followed": "명령대로 (95 %)",
    "obeyed_chance": "우연",
    "obeyed_all": "프레임 전체",
    "obeyed_grounding": "LGS",
    "obeyed_drop": "감소",
    "obeyed_note": "필요: 명령들이 서로 다른 액션을 요구하는 프레임. 능력: 프레임 자체의 명령에서 "
    "맞음. 틀린 프레임은 제외합니다. 교체와 바꿔 말하기: 액션 사이의 거리. LGS: 요구할 때 하는 "
    "비율에서 요구하지 않을 때 하는 비율을 뺀 값. 감소: 바꿔 말할 때 잃는 비율.",
    "random_weights": "체크포인트에 없어 무작위로 남은 가중치가 {count}개 있습니다(예: {first}). "
    "수치는 이 가중치에 대한 것이기도 합니다.",
    "architecture": "{family}, 레이어 {layers}개, 헤드 {heads}개: {transformer}",
    "chosen": "선택한 액션",
    "expected": "기대 액션: {action}",
    "is_right": "맞음",
    "is_wrong": "틀림",
    "warning": "선언된 영역과 측정된 영역이 다릅니다",
    "claim": "‘{region}’(으)로 선언된 위치 {positions} ({instructions}): 측정 결과는 "
    "{composition}. 액션 행에 보이는 위치는 {total}개 중 {visible}개입니다.",
    "part": "{region} {count}개",
    "all_part": "모두 {region}",
    "nothing": "없음",
    "frame": "프레임",
    "instruction": "명령",
    "text": "문장",
    "declared": "선언된 영역",
    "declared_note": "스크립트가 가정한 영역: {regions}",
    "measured": "측정된 영역",
    "measured_note": "프레임과 단어를 바꾸어 찾은 영역이며, 모든 영역의 합은 100 %입니다",
    "model": "모델",
    "seen": "보이는 이미지",
    "seen_of": "{total}개 중 {visible}개",
    "last_layer": "마지막 레이어",
    "mean_layers": "레이어 평균",
    "sum": "합계",
    "absent_note": "–는 시퀀스에 해당 종류의 위치가 없다는 뜻이며, 0 %가 아닙니다.",
    "region": "영역",
    "no_instruction": "명령 위치 없음",
    "layer": "레이어",
    "accuracy": "학습에 쓰지 않은 프레임에서의 정확도",
    "accuracy_note": "올바른 액션을 고른 프레임 케이스의 비율(%)입니다. 이번 실행이 아니라 "
    "학습 과정에서 얻은 수치입니다. 우연히 맞힐 확률은 명령당 33.3 %, 세 명령 모두는 "
    "3.7 %입니다.",
    "style": "명령 형식",
    "all_three": "세 명령 모두",
    "frame_cases": "프레임 케이스",
    "method": "방법과 가설",
    "method_text": "방법은 heedmap의 출발점이 된 페이지를 따릅니다. 정책에 동일한 이미지와 "
    "함께 왼쪽, 오른쪽, 전진 명령을 차례로 줍니다. 각 레이어에서 액션 토큰 행의 어텐션 "
    "가중치를 이미지 영역과 텍스트 영역별로 더한 뒤 헤드에 대해 평균합니다. 표에는 마지막 "
    "레이어, 레이어 평균, 레이어별 값을 싣습니다.",
    "hypothesis_text": "가설은 다음과 같습니다. 이미지 비율이 텍스트 비율보다 훨씬 크다면, "
    "정책이 명령을 무시하는 구조적 원인이 드러난 것이다.",
    "caution_title": "비율만으로는 이를 보일 수 없는 이유",
    "caution_regions": "영역은 측정해야 합니다. 비율의 의미는 어떤 위치를 더했는지에 달려 "
    "있습니다. 다른 구성 요소가 단어를 덮어썼거나 마스크가 단어를 가리고 있다면, 0 %는 명령이 "
    "무시되었다는 뜻이 아니라 그 자리에 없다는 뜻입니다. 그래서 heedmap은 프레임을 바꾸고 "
    "단어를 하나씩 바꾸면서, 레이어 0에 들어가는 위치 중 무엇이 변하는지 기록합니다.",
    "caution_low": "낮은 어텐션은 아무것도 증명하지 않습니다. 가중치가 작은 토큰 하나가 "
    "액션을 결정할 수 있고, 앞선 레이어에서 다른 토큰이 이미 명령의 정보를 모았을 수도 "
    "있습니다.",
    "caution_road": "명령은 다른 경로로 전달될 수 있습니다. 예를 들어 액션 헤드의 크로스 "
    "어텐션은 디코더 내부의 어텐션에 나타나지 않습니다. 액션 자체를 비교해야 합니다. 액션이 "
    "명령에 의존하는지는 명령에 직접 개입해 보아야만 알 수 있습니다.",
    "run": "실행 정보",
    "created": "실행 시각 (UTC)",
    "versions": "버전",
    "commit": "커밋",
    "seed": "변형에 쓴 시드",
    "arguments": "인자",
    "weights": "가중치 (SHA-256)",
    "implementation": "어텐션 구현",
    "not_measured": "측정하지 않음",
    "not_known": "알 수 없음",
}
