# `heedmap scoreboard`: 생성한 정책의 채점, 터미널과 페이지.

scoreboard_title = 생성한 정책의 채점표
scoreboard_made_by = 생성 명령: { $command }.
scoreboard_made = 생성되어 동작이 확인된 정책: { $total }개 중 { $number }개
scoreboard_exact = 원인 일치: { $total }개 중 { $number }개({ $share }, 95 % CI { $low }~{ $high })
scoreboard_right = 원인 일치 또는 허용되는 다른 원인: { $total }개 중 { $number }개({ $share }, 95 % CI { $low }~{ $high })
scoreboard_contradictions = 정책의 실제 동작과 모순되는 진단: { $total }개 중 { $number }개
scoreboard_alarms = 정상 정책에 대한 오경보: { $total }개 중 { $number }개
scoreboard_refused = 진단 거부: { $total }개 중 { $number }개
scoreboard_crashed = 예외로 중단: { $total }개 중 { $number }개
scoreboard_confusion = 실제 원인과 진단된 원인
scoreboard_wrong = 잘못 진단했거나 진단하지 못한 정책
scoreboard_policy = 정책
scoreboard_policies = 정책 수
scoreboard_true = 실제 원인
scoreboard_failing = 실패 단계
scoreboard_remark = 비고
scoreboard_no_folder = 폴더가 없습니다: { $path }. 먼저 만드세요.
contradicts_obeys_but_fails = 지시문을 따르는데 실패한 단계가 있음
contradicts_silent_but_used = 반응이 없는데 ‘사용’ 통과
contradicts_silent_but_obeyed = 반응이 없는데 ‘준수’ 통과

## `heedmap specimens score`의 페이지

board_title = 채점표
board_made_by = 생성 명령: { $command }, { $date }.
board_lead = 정책 { $total }개: 원인 { $causes }종, 정상 정책 { $healthy }개. 원인(과 우회 모듈) 일치: **{ $total }개 중 { $right }개**, { $share }(95 % 윌슨 구간 { $low }~{ $high }). 정상 정책에 대한 오경보: **{ $healthy }개 중 { $alarms }개**.
board_about = 학습 방식과 심은 결함은 `specimens/population.py`, `specimens/faults.py` 파일에 설명되어 있습니다. 임계값은 여기에 포함되지 않은 정책으로 정했습니다.
scoreboard_rules_of = 어텐션을 읽었고 지시문을 따르는지가 확실한 정책 { $read }개.
board_rules_about = *놓침*: 따르지 않는데 따른다고 판단. *오경보*: 따르는데 따르지 않는다고 판단. 최적 임계값은 바로 이 정책들로 정했으므로 실제보다 좋게 나옵니다.
board_predicts = 어텐션이 차단의 효과를 예측하는가?
board_predicts_about = 지시문에 대한 어텐션에서 읽은 값과, 지시문으로 가는 액션 행의 엣지를 차단할 때의 액션 변화량 사이의 스피어만 순위 상관(레이어와 헤드, 롤아웃은 레이어). ‘사용’ 단계를 통과한 정책만 셉니다.
board_across_about = 정책 사이: 값(레이어와 헤드의 평균)과 지시문 차단의 제거량 사이의 순위 상관.
board_correlation = 상관
board_every = 모든 정책
board_mediated = 제거량
board_followed = 준수율
board_columns = *비율*, *IVAR*: 지시문에 대한 액션 행의 어텐션. *제거량*: 지시문에 따른 액션 차이 중 차단이 제거하는 비트. *준수율*: 기대 액션과 일치한 액션의 비율.
score_rule_published = 공개된 규칙: 텍스트 비율 { $threshold } 이상
score_rule_share = 텍스트 비율, 최적 임계값({ $threshold })
score_rule_ivar = IVAR, 최적 임계값({ $threshold })
score_reading_share = 비율
score_reading_lift = 리프트
score_reading_ivar = IVAR(지시문 비중)
score_reading_value_norm = 밸류 노름
score_reading_rollout = 롤아웃
scoreboard_named_refused = 진단 거부
scoreboard_named_crashed = 예외로 중단
