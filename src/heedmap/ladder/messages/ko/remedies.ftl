# 처방의 시험과 판정: `heedmap remedy`, `heedmap finetune`.

remedy_title = 무엇이 도움이 됩니까?
remedy_lead = 정책 { $policy }: 프레임 { $frames }개(독립된 것 { $episodes }개). 감사에서 밝힌 원인: { $cause }.
remedy_as_it_is = 그대로
remedy_remedy = 처방
remedy_passes = 액션당 실행 횟수
remedy_outcome = 결과
remedy_scale = 사례의 백분율과 에피소드에 대한 95 % CI. 우연히 따르는 비율: { $chance }. "효과 있음"은 따르는 비율이 { $least } 이상 늘고, 시험한 { $count }개에 대해 보정한 뒤에도 유의하며, 어떤 부작용도 변화의 구간을 넘어 나빠지지 않았다는 뜻입니다.
remedy_before_after = 전과 후
remedy_json_at = 처방: { $path }
remedy_adapter_at = 어댑터: { $path }

## 항목

remedy_cell_following = 다른 지시문을 따름
remedy_cell_responds = 지시문을 바꾸면 액션이 바뀜
remedy_cell_competence = 본래 지시문에서 옳음
remedy_cell_paraphrase = 바꿔 써도 옳음
remedy_cell_blank = 단어가 없으면 정지
remedy_cell_frame_wins = 프레임이 우선할 곳에서 우선함
remedy_short_following = 따름
remedy_short_competence = 본래
remedy_short_paraphrase = 바꿔 씀
remedy_short_blank = 정지
remedy_short_frame_wins = 프레임
remedy_short_passes = 실행
remedy_missing = 측정하지 않음: { $list }.
remedy_missing_no_exchange = 본래 지시문과 다른 액션을 기대하는 지시문이 있는 프레임이 없음
remedy_missing_no_label = 기대 액션을 알 수 없음
remedy_missing_no_paraphrase = 바꿔 쓴 지시문이 주어지지 않음
remedy_missing_no_still = 정지하는 액션이 주어지지 않음(--still)
remedy_missing_no_frame_wins = 장애물 앞처럼 모든 지시문에서 한 액션을 기대하는 프레임이 없음
remedy_missing_refused = 정책이 거부하거나 실행에 실패함

## 처방

remedy_name_guidance = 가이던스 { $setting }
remedy_name_reweighting = 단어에 대한 어텐션 { $setting }
remedy_name_nearest = 가장 가까운 알려진 지시문
remedy_name_form = 형식: { $setting }
remedy_name_telling_words = 서로 다른 단어만
remedy_name_agreement = 표현 { $setting }개의 일치
remedy_name_opened = 단어를 보이게 함
remedy_name_inserted = 단어를 삽입함
remedy_name_lengthened = 토큰 길이 제한 확대
remedy_name_padded_behind = 패딩을 단어 뒤로
remedy_name_fresh = 상태를 남기지 않음
remedy_name_finetuned = 미세조정 { $setting }
remedy_form_plain = 소문자, 마침표 없음
remedy_form_sentence = 대문자와 마침표
remedy_form_question = OpenVLA의 질문 형식
remedy_null_blank = 단어가 없을 때
remedy_null_nonsense = 지어낸 단어일 때
remedy_null_mean = 지시문들의 평균에서
remedy_null_branch = 가이던스는 정책이 { $null } 하는 액션에서 멀어지게 합니다. 그 액션은 이 프레임들에서 정책의 다른 액션과 비슷합니다.
remedy_untrained = { $remedies }: 같은 가중치에 학습하지 않은 입력을 줍니다. 도움이 되지 않으면 고친 배선에서 다시 학습해야 합니다(heedmap finetune 또는 자체 학습).
remedy_why_not = { $remedy }: 적용하지 않음. { $why }
remedy_finetuned = 프레임 { $frames }개(프레임과 지시문의 쌍 { $pairs }개)로 학습하고 다른 { $held }개에서 측정했습니다. 층 { $layers }개에 가중치 { $weights }개, 랭크 { $rank }, { $steps }스텝. 손실: { $first } → { $last }.
finetune_loss = 손실 { $loss }
remedy_finetuned_cause = 어댑터를 쓰면 감사에서 밝히는 원인: { $cause }.
remedy_finetuned_wiring = 고친 배선에서 학습했으므로 그 배선에서만 작동합니다. 어댑터를 쓰기 전에 정책의 코드를 고치십시오.

## 결과

remedy_outcome_helps = 효과 있음
remedy_outcome_breaks = 나빠진 항목: { $cells }
remedy_outcome_no_gain = 효과 없음
remedy_outcome_not_applied = 적용하지 않음

## 판정

remedy_verdict_recommended = 권장: { $remedy }. 다른 지시문을 따르는 비율이 { $before }에서 { $after }까지 바뀌고, 측정한 부작용은 나빠지지 않으며, 액션당 정책을 { $passes }회 실행합니다.
remedy_verdict_recommended_responds = 조건부 권장: { $remedy }. 다른 지시문이 액션을 바꾸는 비율이 { $before }에서 { $after }까지 바뀌고, 측정한 부작용은 나빠지지 않으며, 액션당 정책을 { $passes }회 실행합니다. 기대 액션이 주어지지 않아 옳은 액션인지는 알 수 없습니다.
remedy_verdict_none_helps = 처방 { $count }개 중 효과 있는 것이 없습니다. 효과 없음 { $gainless }개, 부작용이 나빠진 것 { $breaking }개.
remedy_verdict_nothing_fits = 이 원인에 맞는 추론 시점의 처방이 없습니다. 감사에서 가리킨 곳을 고치거나 학습하십시오(heedmap finetune).
remedy_verdict_follows_already = 이미 지시문을 따릅니다(사례의 { $before }). 처방을 시험하지 않습니다.
remedy_verdict_follows_unlabelled = 감사에서 결함을 찾지 못했습니다. 처방을 시험하지 않습니다.
remedy_verdict_no_following = 따르는지 측정할 수 없어 아무것도 시험하지 않았습니다. 이유: { $why }.
remedy_next_finetune = 다음: heedmap finetune은 여러 지시문과 기대 액션이 있는 사용자의 프레임으로 작은 어댑터를 학습합니다.
