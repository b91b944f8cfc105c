# `watch-checkpoints` 명령과 개요 페이지.

checkpoint_line = 스텝 { $step }: { $headline }. 기대 액션과 일치 { $followed }, 액션 변화: 지시문 교체 { $exchange }, 바꿔 말하기 { $paraphrase }
checkpoint_failed = 스텝 { $step }: 진단하지 못함: { $error }
checkpoint_lost = 스텝 { $before }에서 { $after } 사이에 지시문을 더 이상 따르지 않게 되었습니다.
checkpoints_overview = 개요: { $path }
checkpoints_stopped = 중지했습니다. 결과는 보존됩니다. 같은 명령으로 이어서 실행할 수 있습니다.
checkpoints_title = 학습 중 정책이 지시문을 따르는가?
checkpoints_heading = 체크포인트
checkpoints_note = 각 스텝은 해당 체크포인트의 전체 보고서로 연결됩니다. --action-scale을 주지 않으면 표준편차 단위의 거리는 체크포인트마다 자체 액션의 표준편차를 기준으로 합니다.
checkpoints_distances_title = 지시문 교체와 바꿔 말하기에 따른 액션 변화
checkpoints_distances_caption = 프레임 평균. 선: 에피소드 또는 프레임에 대한 95 % CI. 지시문을 따르는 정책은 바꿔 말할 때보다 지시문을 교체할 때 액션이 더 크게 바뀝니다.
checkpoints_distances_alt = 학습 스텝에 따른 선: 교체한 지시문과 바꿔 말한 지시문에서의 액션 거리
checkpoints_followed_title = 기대 액션과 일치
checkpoints_followed_caption = 액션이 기대 액션과 일치한 지시문의 비율. 선: 에피소드 또는 프레임에 대한 95 % CI.
checkpoints_followed_alt = 학습 스텝에 따른 선: 기대 액션과 일치한 비율
of_exchange = 지시문 교체
of_paraphrase = 바꿔 말하기
as_expected = 기대 액션과 일치
step_axis = 학습 스텝
