# 보고서를 출력하지 않는 명령의 문구와 표.

wrote = 저장: { $path }
result_at = 결과: { $path }
report_at = 보고서: { $path }
figure_at = 그림: { $path }
comparison_at = 비교: { $path }
note_older = 참고: 이전 버전의 heedmap으로 만든 결과여서 표의 체크섬이 없습니다({ $folder }).
note_partial = 참고: 셀 { $cells }개 중 { $done }개만 있습니다({ $folder }). 모든 값은 이 셀만의 값입니다.
inputs_of = 프레임 { $frames }개 x 지시문 { $instructions }개 = 프레임-지시문 쌍 { $pairs }개. 출처: { $source }{ $episodes ->
    [0] {""}
   *[other] , 에피소드 { $episodes }개
  }
from_to = { $low }~{ $high }
note_depth = 참고: 깊이 카메라는 제외했습니다({ $source }: { $cameras })
median = 중앙값
lowest = 최솟값
highest = 최댓값
policies = 정책 수
policy = 정책
error = 오류

## sweep, merge, summary

sweep_policies = 정책: { $count }개 ({ $names })
sweep_frames = 프레임: { $count }개{ $episodes ->
    [0] {""}
   *[other] , 에피소드 { $episodes }개
  }
sweep_sets = 지시문 세트: { $count }개
sweep_measures = 측정값: { $measures }. 개입: { $interventions }
sweep_no_measures = 진단 외에는 없음
sweep_no_interventions = 없음
sweep_cells = 셀: { $cells }개 (셀마다 프레임 최대 { $frames }개)
sweep_cells_of_shard = 셀: 전체 샤드의 { $total }개 중 { $cells }개 (셀마다 프레임 최대 { $frames }개)
sweep_estimate = 예상: { $minutes }분, 정책 호출 { $calls }회, 워커 { $workers }개. 정책 { $policy }의 셀 하나에서 추정({ $seconds }초, 호출 { $cell_calls }회, 불러오기 { $loading }초)
sweep_no_estimate = 첫 셀이 실패하여 예상할 수 없습니다({ $policy }): { $error }
sweep_progress = 셀
sweep_rate = 초당 { $rate }프레임
sweep_failed = { $count }개 실패
sweep_stopped = 중지했습니다. 끝난 셀은 보존됩니다. 같은 명령으로 이어서 실행할 수 있습니다.
sweep_damaged = 손상되어 다시 측정: { $cell }: { $damage }
sweep_end = 셀 { $cells }개 중 { $done }개를 { $path }에 저장했습니다. 확인: heedmap summary { $path }
sweep_end_failed = 셀 { $cells }개 중 { $done }개를 { $path }에 저장했으며, 그중 { $failed }개가 실패했습니다. 확인: heedmap summary { $path }
summary_cells = 셀 { $cells }개 중 { $done }개
summary_cells_failed = 셀 { $cells }개 중 { $done }개, { $failed }개 실패
summary_ladder = 진단과 각 단계를 통과한 프레임 (95 % CI, %)
summary_measures = 주요 측정값과 95 % CI
summary_worst = 결과가 나쁜 프레임부터
summary_failed = 실패한 셀
summary_figure_dependence = 기준선
summary_figure_mediated = 제거량
summary_figure_beyond_paraphrase = 바꿔 말하기 초과분
summary_figure_competent = 능력
summary_figure_following = 준수율
summary_cell = 셀
summary_fails = 실패한 단계
summary_followed = 준수율
summary_removed = 제거량

## query, verify, needed, counterfactuals

query_rows = { $count }행
verify_damaged = { $folder }: 손상: { $damage }
verify_unchecked = { $folder }: 파일 { $count }개에 체크섬이 없습니다({ $files }). 이전 버전의 heedmap으로 만들어서 이후 변경 여부를 알 수 없습니다. 체크섬이 필요하면 다른 폴더에 다시 측정하십시오.
verify_links = { $folder }: heedmap이 만들지 않았고 따라가지도 않는 링크가 있습니다({ $files }). 제거하거나 폴더를 준 사람에게 확인하십시오.
verify_whole = { $folder }: 파일 { $count }개가 저장할 때 그대로입니다.
needed_title = 프레임만으로 예측되는 것 (선형 프로브: { $features })
needed_target_action = 액션
needed_target_instruction = 지시문
needed_on_pixels = 격자별 평균 색
needed_on_embeddings = { $policy }의 이미지 임베딩
needed_target = 예측 대상
needed_entropy = 엔트로피 (비트)
needed_gain = 예측된 양 (95 % CI)
needed_accuracy = 정확도
needed_majority = 최빈 클래스 비율
needed_examples = 예제 수
needed_note = 학습에 쓰지 않은 에피소드에서 측정했습니다. 하한이므로 더 강한 프로브는 더 많이 예측할 수 있습니다. 드문 클래스의 예제는 제외했습니다.
counterfactual_name = 이름
counterfactual_exchanged = 바꾼 단어

## trail

trail_heading = { $policy }의 경로: { $frame } 프레임의 “{ $one }”와 “{ $two }”
trail_module = 모듈
trail_kind = 클래스
trail_call = 호출
trail_instruction = 지시문
trail_frame = 프레임
trail_paraphrase = 바꿔 말하기
trail_same = 반복
trail_carried = 전달률
trail_outermost = (전체 모듈)
trail_lost_here = 여기서 사라짐
trail_fix = 권장 조치: { $fix }
trail_note = 다른 지시문, 다른 프레임, 바꿔 말하기, 같은 입력의 반복에서 각 호출의 출력이 기준 실행과 다른 정도(상대 L2 차이)이며, 호출이 끝난 순서입니다. 전달률: 이 출력을 패치할 때 옮겨지는 액션 차이의 비율. –는 측정하지 않았다는 뜻입니다.
trail_hidden = 표시하지 않은 모듈 호출: { $count }개. --all로 모두 표시합니다.

## specimens

specimens_title = 표본 정책: 학습에 쓰지 않은 프레임의 정확도 (우연 수준 33.3%, 세 지시문 모두 3.7%)
specimens_regime = 학습 방식
specimens_wiring = 배선
specimens_style = 지시문 형식
specimens_cases = 프레임 수
specimens_wrote_case = 저장: { $frame }, { $instructions }
specimens_wrote_cases = { $folder }에 프레임 { $count }개를 저장했습니다
specimens_loss = { $stage }, 손실 { $loss }
specimens_trained = { $style }: 프레임 { $cases }개 중 { $share }에서 세 지시문 모두 정답
drive_title = { $name }, { $style } 지시문: 방 { $episodes }개, { $steps }스텝
drive_instructed = 지시한 목적지
drive_target = 목표
drive_other = 다른 물체
drive_reached_target = 목표 도달률 (95 % CI)
drive_reached_other = 다른 물체 도달률 (95 % CI)
drive_steps = 스텝
drive_progress = { $name } 실행, { $style } 지시문
drive_note = 두 실행은 같은 상태에서 시작하며, 목표에 도달하면 성공입니다. 탐욕적 전문가가 물체 두 개에 도달하지 못하는 방은 제외합니다({ $skipped }개).
score_causes = 심은 원인과 진단된 원인
score_plant = 정책
score_planted = 심은 원인
score_named = 진단된 원인
score_bypass = 우회 경로
score_total = 정답: { $total }개 중 { $right }개({ $share }, 95 % CI { $low }~{ $high }). 오경보: 정상 정책 { $healthy }개 중 { $alarms }개.
score_rules = 지시문을 따르는가? 규칙 비교
score_rule = 규칙
score_right = 정답
score_missed = 놓침
score_wronged = 오경보
score_of = { $total }개 중 { $right }개
score_predicts = 어텐션이 차단 효과를 예측하는가? 스피어만 상관계수, 레이어와 헤드
score_reading = 어텐션에서 읽은 값
score_across = 정책 간 상관(차단의 제거량과): { $readings }.
