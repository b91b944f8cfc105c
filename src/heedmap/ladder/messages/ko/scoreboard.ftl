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
