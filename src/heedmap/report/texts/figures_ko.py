"""The words of the figures in Korean."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "actions_title": "명령별 액션",
    "actions_caption": "프레임 {frames}개의 평균. 선은 에피소드 또는 프레임 {clusters}개에 대한 "
    "95 % 구간입니다.",
    "actions_one_frame": "프레임 하나({frame})이므로 구간이 없습니다.",
    "actions_alt": "{policy}의 명령별 액션과 구간",
    "probability_axis": "평균 확률",
    "value_axis": "평균값",
    "asked_for": "명령이 요구한 액션",
    "not_asked_for": "요구하지 않았거나 알 수 없음",
    "shares_title": "레이어에 따른 어텐션",
    "shares_caption": "액션 행의 어텐션을 모든 영역에 나눈 것으로 합은 100 %입니다. 헤드 "
    "{heads}개와 프레임 {frames}개의 평균. 위는 선언된 영역, 아래는 측정된 영역입니다.",
    "shares_alt": "{policy}: 레이어에 따른 영역별 액션 행 어텐션 비율. 열은 명령, 윗줄은 "
    "선언된 영역, 아랫줄은 측정된 영역.",
    "sequence_title": "시퀀스의 위치별 어텐션",
    "sequence_caption": "띠: 각 위치에 들어 있는 것. 액션 행이 볼 수 없는 위치는 빗금. 높이: "
    "레이어 {layers}개와 헤드 {heads}개 평균 어텐션. 프레임 {frame}.",
    "sequence_alt": "{policy}의 시퀀스를 명령별로 나타낸 띠: 영역은 색, 마스크된 위치는 빗금, "
    "어텐션은 높이.",
    "position_axis": "시퀀스의 위치",
    "position": "위치",
    "is_visible": "액션 행에 보임",
    "is_masked": "마스크됨",
    "frame_title": "이미지 패치별 어텐션",
    "frame_caption": "프레임 {frame}, 레이어 {layers}개와 모든 헤드의 평균. 여러 패치를 담은 "
    "위치의 어텐션은 그 패치들에 나눕니다. 회색은 액션 행이 볼 수 없는 마스크된 패치입니다"
    "({hidden}. 전체 {total}개).",
    "frame_alt": "{policy}의 어텐션을 프레임의 패치 위에 명령별로 나타낸 그림. 마스크된 패치는 "
    "회색.",
    "patch": "패치",
    "patch_axis": "패치별 어텐션 비율",
    "words_title": "명령의 단어별 어텐션과 효과",
    "words_caption": "왼쪽: 각 위치에 둔 어텐션(레이어와 헤드 평균). 오른쪽: 다른 모든 위치가 "
    "그 단어를 보지 못할 때 액션이 움직이는 거리. 눈금: 같은 수의 무작위 연결을 차단했을 때. "
    "프레임 하나({frame}). 단어 없이도 하는 액션에는 단어가 필요하지 않습니다.",
    "words_alt": "{policy}의 명령 단어별 어텐션과 단어를 가렸을 때의 효과",
    "effect_axis": "차단 효과 ({unit})",
    "random_edges": "무작위 연결",
    "heads_title": "레이어와 헤드: 어텐션과 차단 효과",
    "heads_share": "명령에 둔 어텐션",
    "heads_effect": "차단 효과 ({unit})",
    "heads_caption": "칸 하나는 한 헤드에서 액션 행이 명령을 보는 연결입니다. 프레임 {frames}개의 "
    "평균이며 프레임마다 명령은 하나입니다. {how}",
    "heads_only_shares": "어텐션만 나타냅니다(프레임 {frames}개의 평균). 헤드별 차단은 하지 "
    "않았습니다.",
    "heads_alt": "{policy}의 레이어와 헤드별 지도: 명령에 둔 어텐션과 차단 효과",
    "knockouts_cached": "캐시된 행으로 차단했으며 전체 순전파와 대조했습니다.",
    "knockouts_whole": "전체 순전파로 차단했습니다.",
    "scatter_title": "어텐션은 명령이 쓰이는 곳을 알려 주는가",
    "scatter_caption": "점 하나가 헤드 하나이며 모두 {heads}개입니다. 프레임 {frames}개의 평균이며 "
    "프레임마다 명령은 하나입니다.",
    "scatter_alt": "{policy}의 헤드별 명령 어텐션과 차단 효과. {correlation}",
    "beyond_random": "무작위 연결보다 큼 (보정 p < 0.05)",
    "not_beyond_random": "무작위 연결보다 크지 않음",
    "ranked": "스피어만 순위 상관 {correlation}",
    "not_ranked": "순위 상관 없음: 효과가 모두 같음",
    "patching_title": "명령의 정보가 있는 곳",
    "patching_axis": "되살아난 비율",
    "patching_caption": "한 레이어에 들어가는 명령 위치의 상태를 다른 명령으로 실행한 것으로 "
    "바꿉니다. 100 %이면 그 명령의 액션, 0 %이면 원래 액션입니다.",
    "patching_alt": "{policy}에서 패칭으로 되살아난 다른 명령의 액션 비율(레이어별)",
    "share_axis": "어텐션 비율",
    "layer_axis": "레이어",
    "head_axis": "헤드",
}
