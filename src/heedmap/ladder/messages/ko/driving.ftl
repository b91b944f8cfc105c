# 시뮬레이터에서 올바른, 잘못된, 바꿔 쓴, 빈 지시문으로 움직인 정책: `heedmap drive`.

driving_title = 폐루프: 지시문마다 무슨 일이 일어나는가
driving_lead = { $environment }의 { $policy }: 에피소드 { $episodes }개, 지시문마다 같은 출발점에서 시작, 최대 { $steps }스텝.
driving_reaches = 에피소드 { $n }개 중 올바른 지시문으로는 { $right }개에서, 잘못된 지시문으로는 { $wrong }개에서 목표에 도달합니다.
driving_reaches_right = 에피소드 { $n }개 중 올바른 지시문으로 { $right }개에서 목표에 도달합니다. 잘못된 지시문으로는 움직이지 않았습니다.
driving_names = 잘못된 지시문으로는 { $n }개 중 { $other }개에서 그 지시문이 가리키는 것에 도달합니다.
driving_interval = (95 % CI { $low }~{ $high })
driving_differs = 목표 도달 여부가 지시문에 따라 달라집니다: { $value }포인트{ $interval }, 정확 McNemar p = { $p }.
driving_no_difference = 목표 도달 여부가 지시문에 따라 달라진다는 결과는 나오지 않았습니다: { $value }포인트{ $interval }, 정확 McNemar p = { $p }.
driving_same = 에피소드 { $n }개 중 { $same }개에서 두 지시문에 대해 모든 스텝의 행동이 같았습니다.
driving_seldom = 올바른 지시문으로도 목표에 거의 도달하지 못하므로, 이 비율만으로는 지시문에 대해 말할 수 있는 것이 적습니다.
driving_unequal_starts = 에피소드 { $n }개 중 { $count }개에서 처음 본 것이 지시문마다 다릅니다. 환경이 같은 시드에서 똑같이 시작하지 않으므로, 이 비율들은 서로 다른 시작을 비교한 것입니다.
driving_passed_over = 에피소드가 나오지 않아 건너뛴 시드: { $count }개.
driving_progress = 실행
driving_none = 아직 움직인 에피소드가 없습니다.

## The table

driving_rate = { $share } ({ $hits }/{ $total }, { $low }~{ $high })
driving_instruction = 지시문
driving_target = 목표 도달률 (95 % CI)
driving_other = 잘못된 지시문의 목적지 도달률 (95 % CI)
driving_steps = 목표까지의 스텝
driving_condition_right = 올바름
driving_condition_wrong = 잘못됨
driving_condition_paraphrase = 바꿔 씀
driving_condition_blank = 비어 있음

## Steerability

driving_steer_heading = 언제까지 말로 결과를 바꿀 수 있는가?
driving_steer_about = 에피소드는 잘못된 지시문으로 시작합니다. 해당 스텝마다 같은 상태에서 두 가지 미래가 시작됩니다. 하나는 그때부터 올바른 지시문을, 다른 하나는 잘못된 지시문을 그대로 씁니다. 두 쪽의 스텝 수는 같습니다.
driving_steer_phase = { $phase }: 교체 { $n }회 중 { $reached }회에서, 그대로 둔 경우 { $n }회 중 { $kept }회에서 목표에 도달합니다({ $value }포인트, 에피소드에 대한 95 % CI { $low }~{ $high }).
driving_steer_phase_bare = { $phase }: 교체 { $n }회 중 { $reached }회에서, 그대로 둔 경우 { $n }회 중 { $kept }회에서 목표에 도달합니다.
driving_steer_how = 상태를 복사한 에피소드 { $copied }개, 다시 재생한 에피소드 { $replayed }개. 모두 되돌린 프레임과 다음 행동 뒤의 프레임이 이전과 같았습니다.
driving_missing_not_repeatable = 에피소드 { $count }개에서는 측정하지 못했습니다. 상태를 복사해도 같은 행동을 다시 재생해도 같은 프레임이 나오지 않습니다.
driving_missing_policy_not_repeatable = 에피소드 { $count }개에서는 측정하지 못했습니다. 같은 순간을 다시 물으면 정책이 다른 행동을 냅니다. 상태를 지니는 정책이면 --keeps-state를 주십시오.
driving_foretold = 순전파만으로 알 수 있는 것: 교체하는 프레임에서 두 지시문에 대한 행동 사이의 거리. 결과 변화와의 순위 상관은 교체 { $exchanges }회에 대해 { $rho }(95 % CI { $low }~{ $high }), 에피소드 { $n }개의 평균에 대해 { $episodes }입니다.
driving_foretold_bare = 순전파만으로 알 수 있는 것: 교체하는 프레임에서 두 지시문에 대한 행동 사이의 거리. 결과 변화와의 순위 상관은 교체 { $exchanges }회에 대해 { $rho }, 에피소드 { $n }개의 평균에 대해 { $episodes }입니다.
driving_foretold_none = 순전파만으로 알 수 있는 것과 결과를 비교할 수 없습니다. 교체 { $exchanges }회의 거리 또는 결과가 모두 같습니다.
driving_phase_before_turn = 첫 회전 전
driving_phase_after_turn = 첫 회전 후
driving_phase_before_grasp = 잡기 전
driving_phase_after_grasp = 잡은 후
driving_phase_first_third = 처음 3분의 1
driving_phase_second_third = 가운데 3분의 1
driving_phase_last_third = 마지막 3분의 1
driving_curve_title = 스텝별 교체
driving_curve_caption = 해당 스텝에서 지시문을 교체했을 때와 그대로 두었을 때 목표에 도달하는 에피소드의 비율. 막대: 95 % CI. 그때까지 어느 목적지에도 도달하지 않은 에피소드만 셉니다.
driving_curve_alt = 교체한 스텝별로 목표에 도달하는 에피소드의 비율. 지시문을 교체했을 때와 그대로 두었을 때.
driving_curve_step = 교체한 스텝
driving_curve_share = 목표 도달
driving_curve_words = 지시문
driving_exchanged = 교체
driving_kept = 유지

## The strip of frames

driving_strip_heading = 첫 에피소드
driving_strip_about = 프레임 아래: 행동과 반응도. 반응도는 그 프레임에서 지시문을 바꿨을 때 행동이 움직이는 정도입니다({ $unit }).
driving_strip_reached = { $steps }스텝 만에 목표 도달
driving_strip_other = { $steps }스텝 만에 잘못된 지시문의 목적지 도달
driving_strip_missed = 목표 미도달
driving_video = 동영상
driving_no_words = (지시문 없음)
