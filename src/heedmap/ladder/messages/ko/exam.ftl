# 지시문 변경 시험: `heedmap exam`.

exam_title = 지시문을 어떻게 바꿀 때 액션이 바뀝니까?
exam_lead = 데이터셋 { $dataset }에서 정책 { $policy }: 프레임 { $frames }개(독립된 것 { $episodes }개), 서로 다른 지시문 { $instructions }개, 변형 { $variants }개.
exam_scale = 거리가 { $floor } 이하이면 같은 액션으로 봅니다. 같은 입력을 두 번 실행한 차이는 최대 { $noise }입니다. 액션이 바뀌어야 하는 변형은 액션을 평균 { $others }만큼 바꿉니다.
exam_own_right = 프레임 본래의 지시문에서 기대한 액션이 나온 비율: { $own }.
exam_kind = 종류
exam_should = 바뀌어야 하는가
exam_variants = 변형 수
exam_effect = 효과 ({ $unit })
exam_share = 기대대로 (95 % CI)
exam_verdict = 판정
exam_should_change = 예
exam_should_keep = 아니요
exam_should_control = 대조
exam_moved = 액션이 바뀌지만 옳은 액션을 알 수 없는 종류: { $kinds }.
exam_outside = 데이터셋에 없는 단어로는 읽지 않는 종류: { $kinds }.
exam_misread = 액션이 바뀌지만 기대한 액션은 아닌 종류: { $kinds }.
exam_unasked = 액션이 바뀌지 않지만 바뀌어야 하는지는 알 수 없는 종류: { $kinds }.
exam_wording = 다른 지시문과 비슷한 크기로 표현 형식에 민감한 종류: { $kinds }.
exam_affected = 액션을 바꾸지 않아야 하지만 일부 바꾸는 종류: { $kinds }.
exam_refused = 정책이 거부했거나 실행에 실패하여 측정하지 않은 변형 수: { $refused }.
exam_answered = 프레임 { $frames }개 중 { $answered }개만 측정했습니다. 나머지에서는 정책이 프레임 본래의 지시문을 거부했습니다.
exam_rate_counted = 전체의 { $rate } ({ $total }건 중 { $hits }건)
exam_foretold = 이 데이터셋에서는 프레임만으로 지시문 엔트로피의 { JOSA($share, "이/가") } 예측되므로, 정책이 지시문 없이 학습할 수 있습니다.

## 변경의 종류

exam_kind_verb = 동사
exam_kind_noun = 명사
exam_kind_colour = 색
exam_kind_direction = 방향
exam_kind_number = 수
exam_kind_negation = 부정
exam_kind_order = 순서
exam_kind_trained = 학습한 조합
exam_kind_untrained = 학습하지 않은 조합
exam_kind_punctuation = 구두점
exam_kind_case = 대소문자
exam_kind_filler = 군말
exam_kind_paraphrase = 바꿔 말하기
exam_kind_nonsense = 무의미한 단어
exam_kind_blank = 빈 지시문

## 정책의 판정

exam_policy_follows = 지시문을 따릅니다. 다음 변경에서 기대한 액션이 나옵니다: { $read }.
exam_policy_responds = 지시문에 반응합니다. 다음 변경이 액션을 바꿉니다: { $kinds }. 데이터셋에 기대한 액션이 없어 옳은 액션인지는 알 수 없습니다.
exam_policy_partial = 일부만 따릅니다. 반응하는 종류: { $reacts }. 반응하지 않는 종류: { $lacking }.
exam_policy_partial_only = 일부만 따릅니다. 반응하는 종류: { $reacts }.
exam_policy_partial_change = 일부에만 반응합니다. 반응하는 종류: { $reacts }. 반응하지 않는 종류: { $lacking }. 옳은 액션은 알 수 없습니다.
exam_policy_partial_change_only = 일부에만 반응합니다. 반응하는 종류: { $reacts }. 옳은 액션은 알 수 없습니다.
exam_in_part = { $kind }(일부)
exam_policy_memorised = 프레임과 지시문의 조합을 외웠습니다. 옳은 액션의 비율: 학습한 조합에서 { $trained }, 학습하지 않은 조합에서 { $untrained }. 후자에서 그 프레임으로 학습한 액션이 나온 비율: { $stays }.
exam_policy_swapped = 액션이 서로 뒤바뀌어 있습니다({ $pairs }).
exam_policy_gate_only = 아는 단어가 있는지만 알아차립니다. 단어를 바꾸어도 액션이 바뀌지 않지만, 무의미한 단어를 넣거나 지시문을 비우면 바뀝니다.
exam_policy_gate_blank = 단어가 있는지만 알아차립니다. 단어를 바꾸거나 무의미한 단어를 넣어도 액션이 바뀌지 않지만, 지시문을 비우면 바뀝니다.
exam_policy_little_effect = 지시문의 효과가 작습니다. 지시문을 비우는 것을 포함해 어떤 종류의 변경도 { $most }보다 많은 경우에 액션을 바꾸지 않습니다.
exam_policy_drowned = 결론을 내릴 수 없습니다. 같은 입력을 두 번 실행한 차이(최대 { $noise })가 다른 지시문의 효과와 비슷합니다. 정책의 잡음을 고정하거나 평균을 내십시오.
exam_policy_no_effect = 지시문이 효과가 없습니다. 단어를 바꾸거나 지시문을 비워도 액션이 바뀌지 않습니다.
exam_policy_wording = 표현 형식에 민감합니다. 다음 변경만으로 다른 지시문의 절반이 넘는 크기로 액션이 바뀝니다: { $kinds }.
exam_policy_incompetent = 프레임 본래의 지시문에서도 액션이 틀리므로(옳은 비율: { $rate }) 바꾼 지시문의 결과는 말해 주는 것이 적습니다.
exam_policy_misreads = 지시문을 바꾸면 액션이 바뀌지만 기대한 액션은 아닙니다: { $kinds }.
exam_policy_undecided = 결론을 내릴 수 없습니다. 프레임이 너무 적거나 구간이 너무 넓습니다.

## 종류별 판정

exam_short_read = 읽음
exam_short_changes = 바뀜
exam_short_partly = 일부
exam_short_unread = 읽지 않음
exam_short_wrong = 잘못 읽음
exam_short_kept = 영향 없음
exam_short_partly_kept = 일부 영향
exam_short_sensitive = 민감
exam_short_moves = 바뀜
exam_short_sometimes = 일부 바뀜
exam_short_still = 효과 없음
exam_short_few = 부족
exam_short_undecided = 미정
exam_short_not_measured = 측정하지 않음
exam_found_read = 기대한 액션이 나온 비율은 { $rate }입니다(우연 수준: { $chance }).
exam_found_changes = 표현 형식의 영향을 넘어 액션이 바뀐 비율은 { $rate }입니다. 어떤 액션이 옳은지는 알 수 없습니다.
exam_found_partly = 기대한 액션이 나온 비율은 { JOSA($rate, "으로/로") }, 우연 수준({ $chance })보다 높지만 안정적이지 않습니다.
exam_found_partly_changes = 표현 형식의 영향을 넘어 액션이 바뀐 비율은 { $rate }입니다. 나머지에서 바뀌어야 하는지는 알 수 없습니다.
exam_found_unread = 표현 형식의 영향을 넘어 액션이 바뀐 비율은 { $changed }뿐입니다.
exam_found_wrong = 액션이 바뀐 비율은 { $changed }이지만, 기대한 액션은 { $rate }뿐입니다(우연 수준: { $chance }).
exam_found_kept = 액션이 그대로인 비율은 { $rate }입니다.
exam_found_partly_kept = 액션이 그대로인 비율은 { $rate }뿐입니다.
exam_found_sensitive = 액션이 그대로인 비율은 { $rate }입니다. 평균 효과는 { $effect }, 다른 지시문의 효과는 { $others }입니다.
exam_found_moves = 액션이 바뀐 비율은 { $rate }입니다.
exam_found_sometimes = 일부에서 액션이 바뀝니다: { $rate }.
exam_found_still = 액션이 바뀐 비율은 { $rate }뿐입니다.
exam_found_few = 독립된 프레임 { $frames }개로는 부족합니다. { $fewest }개 이상이 필요합니다.
exam_found_undecided = { $rate }: 이것으로는 판정할 수 없습니다. 프레임이 더 많거나, 잡음과 표현 형식에 액션이 덜 흔들려야 합니다.
exam_missing_not_chosen = --kinds에서 제외했습니다.
exam_missing_no_word = 이 종류가 바꿀 단어나 형식이 데이터셋의 지시문에 없습니다.
exam_missing_same_action = 모든 변형이 본래의 지시문과 같은 액션을 요구합니다.
exam_missing_no_paraphrase = 알려진 바꿔 말하기가 없습니다. 사례의 YAML 파일에 적을 수 있습니다.
exam_missing_no_case = 대소문자가 없는 문자입니다.
exam_missing_no_other = 비슷해 보이는 프레임에 다른 지시문이 없습니다.
exam_missing_all_alike = 데이터셋의 모든 지시문이 비슷해 보이는 프레임에 있습니다.
exam_missing_looks_unknown = 두 에피소드에 공통된 지시문이 없어, 어떤 프레임이 비슷해 보이는지 알 수 없습니다.
exam_missing_refused = 정책이 모든 변형을 거부했거나 실행에 실패했습니다.

## 페이지

exam_chart_title = 기대대로인 변형의 비율
exam_chart_caption = 막대: 변형의 비율, 선: 프레임에 대한 95 % 구간, 눈금: 우연 수준. 바뀌어야 하는 종류는 기대한 액션을(모르면 바뀐 액션을), 바뀌지 않아야 하는 종류는 그대로인 액션을, 대조는 바뀐 액션을 셉니다.
exam_chart_alt = 변경의 종류마다 막대 하나: 기대대로인 변형의 비율. 위의 표에 같은 값이 있습니다.
exam_chart_axis = 변형의 비율
exam_kinds_heading = 변경의 종류
exam_frames_heading = 프레임, 나쁜 것부터
exam_frames_note = 기대대로가 아닌 변형의 비율이 가장 큰 프레임입니다. 누르면 변형이 보입니다. 모든 답은 answers.parquet에 있습니다.
exam_frame_count = { $total }개 중 { $wrong }개가 기대와 다름
exam_own = 본래의 지시문
exam_variant = 변형
exam_own_action = 본래의 액션
exam_action = 액션
exam_expected = 기대한 액션
exam_distance = 거리
exam_right = 기대대로
exam_not_right = 기대와 다름
exam_json_at = 시험: { $path }
