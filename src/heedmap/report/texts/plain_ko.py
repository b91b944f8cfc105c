"""The words of the terminal, of Markdown and of notebooks in Korean."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "given_counts": "프레임 {frames}개, 정책 {policies}개, 위쪽 단계의 시행 {trials}개.",
    "given_first": "첫 프레임: {frame}.",
    "no_trials": "0",
    "rule_short": "“어텐션 0 %” 규칙",
    "summary_beside": "액션 행의 어텐션(선언과 측정을 나란히)과 선택한 액션",
    "over_frames": "프레임 {frames}개의 평균이며 액션은 개수입니다.",
    "declared_last_image": "선언: 마지막 Img%",
    "declared_last_text": "선언: 마지막 Text%",
    "declared_mean_image": "선언: 평균 Img%",
    "declared_mean_text": "선언: 평균 Text%",
    "measured_mean_image": "측정: 평균 이미지%",
    "measured_mean_text": "측정: 평균 명령%",
    "chosen_action": "선택한 액션",
    "would_say": "“어텐션 0 %”만 보았다면",
    "regions_disagree": "정책 {total}개 중 {count}개에서 선언된 영역과 측정된 영역이 다릅니다.",
    "more_with_full": "모든 프레임, 레이어, 헤드, 구간을 보려면 --full을 붙이십시오.",
}
