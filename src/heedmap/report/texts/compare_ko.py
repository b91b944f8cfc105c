"""The words of comparisons in Korean."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "compare_title": "체크포인트 비교",
    "compare_lead": "결과 폴더 {runs}개의 정책 {policies}개. 차이는 {baseline} 기준입니다.",
    "compared_heading": "비교 대상",
    "compared_one_run": "모두 한 번의 실행에서 나왔습니다: 프레임, 명령, 시행이 같습니다.",
    "compared_same": "{run}: 프레임(픽셀 기준), 명령, 시행 {common}개가 {baseline}과(와) 같습니다.",
    "compared_instructions": "{run}: 명령이 {baseline}과(와) 다르므로({names}) 차이를 제시하지 "
    "않습니다.",
    "compared_frames": "{run}: 일부 프레임이 {baseline}과(와) 다릅니다({names}). 이 프레임은 "
    "짝짓지 않습니다.",
    "compared_trials_some": "{run}: 시행 {total}개 중 {common}개가 {baseline}에도 있습니다. 이 "
    "시행만 짝짓습니다.",
    "compared_trials_none": "{run}: {baseline}과(와) 공통인 시행이 없으므로 차이를 짝짓지 않으며 "
    "구간이 없습니다.",
    "compared_no_trials": "{run}: {names}에 시행별 값이 없어 {baseline}과(와)의 차이를 짝짓지 "
    "않으며 구간이 없습니다(스키마 3의 기록은 위쪽 단계를 측정했다면 시행별 값을 담습니다).",
    "compared_by_name": "이름이 같은 시행을 같은 시행으로 봅니다. 프레임에 들어 있지 않은 시행의 "
    "픽셀은 기록에 없습니다.",
    "difference_heading": "{baseline}과(와)의 차이",
    "difference_note": "짝지은 차이: 같은 시행에서 구한 차이의 평균과 에피소드에 대한 95 % "
    "부트스트랩 구간입니다. 두 수치보다 시행이 적을 수 있습니다. p: 부호 순열 양측 검정이며 "
    "여기에 제시한 차이의 수에 맞게 보정했습니다(벤야미니-호흐베르크). 구간이 0을 포함한다고 두 "
    "정책이 같다는 뜻은 아닙니다.",
    "difference_interval": "{difference} ({low}~{high})",
    "points": "%p",
    "baseline_column": "기준",
    "figure_column": "수치",
    "value_column": "값",
    "difference_column": "차이 (95 %)",
    "p_column": "보정 p",
    "pairs_column": "짝",
    "why_column": "비고",
    "figure_attended": "명령에 둔 어텐션",
    "figure_lift": "명령의 리프트",
    "figure_mediated": "사용: 매개",
    "figure_swap": "교체 거리",
    "figure_following": "명령대로 한 비율",
    "figure_counterfactual": "프레임의 모든 명령을 따른 비율",
    "figure_competent": "능력",
    "without": "차이를 구하지 못한 정책 {count}개: {why}",
    "why_instructions": "명령이 다름",
    "why_not_measured": "한쪽에서 측정하지 않음",
    "why_unit": "단위가 다름",
    "why_one_number": "구간 없음: 정책마다 값이 하나",
    "why_no_trials": "구간 없음: 시행별 값이 없음",
    "why_no_common": "구간 없음: 공통 시행이 없음",
    "why_one_cluster": "구간 없음: 에피소드 또는 프레임이 하나",
    "why_own_scale": "단위는 각 정책 자체의 퍼짐",
    "curves_title": "레이어에 따른 어텐션",
    "curves_caption": "측정된 영역, 헤드와 프레임의 평균이며 선 하나가 정책 하나입니다. 선이 "
    "없으면 시퀀스에 그런 위치가 없거나 어텐션을 볼 수 없었던 것입니다.",
    "curves_alt": "레이어에 따라 액션 행이 이미지와 명령에 둔 어텐션 비율. 선은 정책, 칸은 명령.",
    "depth_axis": "상대 깊이 (0: 첫 레이어, 1: 마지막)",
    "forest_title": "차이와 구간",
    "forest_caption": "점: {baseline}과(와)의 차이, 선: 95 % 구간. 속이 빈 점은 구간이 없습니다. "
    "비율의 차이는 %p입니다.",
    "forest_alt": "{baseline}과(와) 비교한 각 정책의 수치 차이와 구간",
    "axis_points": "%p",
    "axis_distance": "수치의 단위",
    "legend_beyond": "구간이 0의 한쪽에 있음",
    "legend_across": "구간이 0을 포함함",
    "legend_none": "구간 없음",
    "compared_summary": "페이지의 요약을 나란히",
}
