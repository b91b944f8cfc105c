# 터미널, Markdown, 노트북의 문구와 영역 이름.

given_counts = 정책 { $policies }개. 프레임 수: 1–4단계 { $frames }, 5–6단계 { $trials }.
given_first = 첫 프레임: { $frame }.
no_trials = 0
rule_short = “어텐션 0 %” 규칙
summary_beside = 액션 토큰의 어텐션(선언된 영역과 측정된 영역)과 선택한 액션
summary_declared = 요약{ $frame }, 선언된 영역 ({ $note })
summary_measured = 요약{ $frame }, 측정된 영역
scope_measured = { $scope }{ $frame }, 측정된 영역 (합 100 %)
layers_declared = 레이어별{ $frame }, 선언된 영역
layers_measured = 레이어별{ $frame }, 측정된 영역 (합 100 %)
layers_of_policy_declared = 레이어별{ $frame }, 선언된 영역: { $policy }
layers_of_policy_measured = 레이어별{ $frame }, 측정된 영역: { $policy }
in_frame = , 프레임 { $frame }
over_frames = 프레임 { $frames }개의 평균이며, 액션은 횟수입니다.
declared_last_image = 선언: 마지막 이미지%
declared_last_text = 선언: 마지막 텍스트%
declared_mean_image = 선언: 평균 이미지%
declared_mean_text = 선언: 평균 텍스트%
measured_mean_image = 측정: 평균 이미지%
measured_mean_text = 측정: 평균 지시문%
chosen_action = 선택한 액션
would_say = “어텐션 0 %” 규칙의 판단
regions_disagree = 정책 { $total }개 중 { $count }개에서 선언된 영역과 측정된 영역이 다릅니다.
more_with_full = 모든 프레임, 레이어, 헤드, 구간을 보려면 --full을 사용하십시오.

## 영역 이름

region_image = 이미지
region_text = 텍스트
region_instruction = 지시문
region_template = 템플릿
region_state = 상태
region_mixed = 혼합
region_special = 특수 토큰
region_action = 액션
region_padding = 패딩
region_undeclared = 나머지

region_short_image = 이미지
region_short_text = 텍스트
region_short_instruction = 지시문
region_short_template = 템플릿
region_short_state = 상태
region_short_mixed = 혼합
region_short_special = 특수
region_short_action = 액션
region_short_padding = 패딩
region_short_undeclared = 나머지

## 데이터셋의 지시문 필요성과 학습 중 진단

needed_predicted = 프레임만으로 { $target } 예측이 가능합니다({ $entropy }비트 중 { $gain }, { $share }). 이 데이터에서는 정책이 지시문을 읽지 않아도 성능이 높을 수 있습니다.
needed_not_predicted = 선형 프로브로는 프레임만으로 { $target } 예측이 되지 않습니다({ $entropy }비트 중 { $gain }, { $share }). 이 데이터에는 지시문이 필요합니다.
training_step = heedmap: 스텝 { $step }: { $sentence }
training_bypassed = heedmap: 스텝 { $step }에서 지시문이 우회 경로로 액션에 도달하므로 학습을 계속합니다. { $sentence }
training_cost = heedmap: 측정 { $readings }회, { $seconds }초, 실행 시간의 { $share }
training_put_off = heedmap: 측정 한 번에 { $seconds }초가 걸립니다. 스텝 { $step }에서 측정하면 지난 측정 이후 시간의 { $share } 만큼이 됩니다. most_cost_share={ $most } 아래로 내려갈 때까지 측정을 미룹니다.
training_no_reading = heedmap: 스텝 { $step }에서 측정하지 못했습니다. 학습은 계속합니다. { $error }
training_stopped = heedmap: 스텝 { $step }에서 중지했습니다. { $sentence } 권장 조치: { $fix } { $about ->
    [text] 계속하면 텍스트 없이 학습하게 됩니다.
    [image] 계속하면 이미지 없이 학습하게 됩니다.
   *[fault] 계속하면 이 문제가 있는 채로 학습하게 됩니다.
  } 그대로 학습하려면 stop_when=()을 지정하십시오.

## 터미널 표의 열

column_last_image = 마지막 이미지%
column_last_text = 마지막 텍스트%
column_last_instruction = 마지막 지시문%
column_mean_image = 평균 이미지%
column_mean_text = 평균 텍스트%
column_mean_instruction = 평균 지시문%
column_measured = 측정
column_image = 이미지%
column_image_whole = 이미지%
column_text = 텍스트%
column_instruction = 지시문%
column_rest = 나머지%
column_sum = 합%
column_chosen = 선택
column_image_seen = 보이는 이미지
bypass_found = 있음
bypass_none = 없음
