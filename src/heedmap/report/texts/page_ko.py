"""The words of the page around its figures in Korean."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "page_title": "정책은 명령을 따르는가?",
    "page_lead": "정책 {policies}개, 카메라 프레임 {frames}개, 명령 {instructions}개. 말에서 "
    "액션까지 각 단계를 들여다보기만 한 것이 아니라 직접 개입하여 확인했습니다.",
    "switch_language": "언어",
    "switch_theme": "밝게 또는 어둡게",
    "theme_auto": "시스템 설정",
    "theme_light": "밝게",
    "theme_dark": "어둡게",
    "print": "인쇄",
    "contents": "차례",
    "skip": "사다리로 건너뛰기",
    "given": "입력",
    "more_frames": "외 프레임 {count}개",
    "asks_for": "요구하는 액션",
    "ladder_heading": "사다리: 명령은 어디에서 사라지는가",
    "what_became": "명령은 어떻게 되었는가",
    "rule_heading": "“어텐션 0 %”만 보았다면",
    "holds": "성립",
    "fails": "실패",
    "unmeasured": "측정하지 않음",
    "head_heeds": "명령을 따릅니다",
    "head_heeds_bypass": "트랜스포머를 우회하여 명령을 따릅니다",
    "head_heeds_both": "명령을 따르며, 우회 경로도 있습니다",
    "head_no_fault": "측정한 범위에서는 문제가 없습니다",
    "head_lost": "{number}단계 ‘{rung}’에서 사라집니다",
    "head_open": "이 프레임들로는 판정할 수 없습니다",
    "rule_note": "heedmap의 출발점이 된 페이지의 규칙: 텍스트에 가는 어텐션이 거의 없으면(1 % "
    "미만) 정책이 명령을 무시한다고 봅니다.",
    "rule_says_ignores": "텍스트 {share}: “무시한다”",
    "rule_says_reads": "텍스트 {share}: “무시하지 않는다”",
    "rule_says_nothing": "말할 수 없음",
    "rule_right": "맞음",
    "rule_wrong": "틀림",
    "rule_unfounded": "근거 없음",
    "rule_open_mark": "미정",
    "rule_undeclared": "합산할 텍스트 위치가 선언되지 않았습니다.",
    "rule_obeys_by_bypass": "명령을 따릅니다({rate}). 경로는 {module}이며 트랜스포머의 어텐션 "
    "맵에는 나타나지 않습니다.",
    "rule_obeys": "명령을 따릅니다({rate}). 작은 비율도 액션을 결정할 수 있습니다.",
    "rule_absent": "이 수치는 위치 {positions}({composition})에서 읽은 것입니다. 단어는 그곳에 "
    "도달하지 않습니다. 듣지 못한 말을 무시할 수는 없습니다.",
    "rule_masked": "마스크가 단어를 가립니다. 무슨 말을 하든 비율은 0입니다.",
    "rule_used": "단어를 차단하면 액션이 달라집니다.",
    "rule_confirmed": "단어를 차단하고 교체해 보아도 그렇습니다.",
    "rule_reads_and_obeys": "실제로 명령을 따릅니다({rate}).",
    "rule_reads_absent": "이 비율은 위치 {positions}({composition})의 것입니다.",
    "rule_reads_in_vain": "단어를 보기는 하지만 단어가 액션을 결정하지는 않습니다.",
    "rule_open": "판단할 만큼 측정하지 못했습니다.",
    "figures": "그림",
    "figures_note": "정책마다 한 장입니다. 표시 위에 마우스를 올리면 수치가 보입니다.",
    "nothing_to_draw": "이 정책은 그릴 것이 없습니다: 액션만 볼 수 있었습니다.",
    "tables": "페이지의 표: 선언과 측정을 나란히",
    "summary_table": "요약",
    "layers_table": "레이어별",
    "layers_are_means": "프레임 {count}개의 평균입니다. 프레임별 값은 attention.parquet에 "
    "있습니다.",
    "differs": "≠는 선언된 값이 측정된 값과 0.5 %p 넘게 다르거나 시퀀스에 그 영역이 없음을 "
    "나타냅니다.",
    "filter": "행 필터",
    "rows_of": "전체 {total}행 중 {shown}행",
    "download_csv": "CSV 내려받기",
    "rung_figures": "위쪽 단계의 수치",
    "definitions": "용어",
    "define_share": "비율",
    "defined_share": "액션 행이 한 영역에 두는 어텐션을 그 영역의 위치에 대해 더하고 액션 행과 "
    "헤드에 대해 평균한 값. 한 레이아웃의 모든 영역을 더하면 100 %입니다.",
    "define_regions": "선언과 측정",
    "defined_regions": "선언된 영역은 스크립트가 가정한 것입니다. 측정된 영역은 개입으로 "
    "찾습니다. 프레임에 따라 변하면 이미지, 단어에 따라 변하면 명령입니다. 나머지 중 마스크 "
    "때문에 액션 행에 닿지 않는 위치는 패딩, 프롬프트의 단어는 템플릿, 그 밖은 특수 토큰입니다.",
    "define_lift": "리프트",
    "defined_lift": "보이는 위치당 비율을 균등 분포와 비교한 값(싱크 제외). 1이면 균등합니다.",
    "define_knockout": "차단",
    "defined_knockout": "소프트맥스 전에 쿼리에서 키로 가는 연결을 음의 무한대로 둡니다. 따로 "
    "밝히지 않으면 모든 레이어에서 차단하며, 같은 수의 무작위 연결과 비교합니다.",
    "define_distance": "거리",
    "defined_distance": "액션 사이의 거리. 범주형은 젠슨-섀넌 발산(비트, 0..1), 연속형은 각 "
    "차원의 퍼짐을 단위로 한 제곱평균제곱근.",
    "define_interval": "구간",
    "defined_interval": "에피소드(알 수 없으면 프레임)에 대한 95 % 부트스트랩. 하나뿐이면 "
    "구간이 없습니다.",
    "define_mediated": "매개",
    "defined_mediated": "단어를 차단할 때 명령 사이의 차이가 잃는 양에서 무작위 연결을 차단할 때 "
    "잃는 양을 뺀 값.",
    "limits": "한계",
    "limit_low": "어텐션이 낮아도 높아도 그것만으로는 아무것도 증명되지 않습니다. 차단과 교체만이 "
    "알려 줍니다.",
    "limit_frames": "여기서 말하는 것은 이 프레임과 명령에 대해서만 성립합니다.",
    "limit_map": "헤드별 지도, 단어별 효과, 패칭은 몇 개의 프레임에서 측정했으며 판정의 근거가 "
    "아닙니다.",
    "limit_length": "단어는 토큰 수가 같을 때만 교체합니다. 그런 교체가 없으면 “측정하지 "
    "않음”으로 나타냅니다.",
    "reproduce": "다시 실행하기",
    "data": "데이터",
    "data_inside": "이 페이지 안에 있음: {size}",
    "data_beside": "결과 폴더의 이 페이지 옆에 있음: {size}",
    "made_by": "heedmap {version}으로 만들었습니다.",
    "actions_of_frame": "{frame}에서 선택한 액션",
}
