# 판정: 단계 이름, 진단 결과(cause_*, and_*), 권장 조치(fix_*).

rung_tokenised = 토큰화
rung_present = 포함
rung_visible = 가시성
rung_attended = 어텐션
rung_used = 사용
rung_obeyed = 준수

lost_tokenised = 토크나이저에서 지시문이 소실됨
lost_present = 시퀀스에 지시문이 없거나 위치가 잘못됨
lost_visible = 마스크가 액션 토큰에서 입력을 가림
lost_attended = 액션 토큰이 지시문을 읽지 않음
lost_used = 액션에 지시문을 사용하지 않음
lost_obeyed = 지시문을 따르지 않음

## 원인과 권장 조치

cause_none = 지시문은 토큰으로 변환되어 트랜스포머의 위치 { $positions }에 입력되며, 액션 토큰이 이를 볼 수 있고 어텐션도 둡니다.
cause_none_by_exchange = 정책의 액션만 관찰했고, 액션은 지시문에 따라 달라집니다.
fix_none = 측정한 단계에서는 조치가 필요하지 않습니다.

cause_empty_instruction = 어떤 지시문이든 같은 몇 개의 토큰 ID만 만들어집니다. 프롬프트에 지시문이 없습니다.
fix_empty_instruction = 지시문을 프롬프트나 프로세서에 전달하는 키를 확인하십시오.

cause_stale_instruction = 어떤 지시문이든 같은 토큰 ID가 만들어집니다. 이전 지시문의 토큰 ID입니다.
fix_stale_instruction = 토큰화된 지시문의 캐시를 호출마다 비우거나 지시문별로 저장하십시오.

cause_truncated = 지시문이 잘렸습니다. 토큰 ID에 영향을 주지 않는 단어: { $lost_words }.
fix_truncated = 토크나이저의 max_length를 늘리거나 지시문 앞의 프롬프트를 줄이십시오.

cause_unknown_words = 토크나이저가 모르는 단어: { $lost_words }. 다른 단어로 바꾸어도 토큰 ID가 같습니다.
fix_unknown_words = 정책을 학습할 때 쓴 토크나이저를 사용하거나, 토크나이저가 아는 단어를 사용하십시오.

cause_same_ids = 서로 다른 지시문의 토큰 ID가 같습니다: { $pairs }.
fix_same_ids = 토크나이저가 무엇을 제거하는지(대소문자, 문장 부호, 불용어) 확인하십시오.

cause_overwritten = 지시문이 시퀀스에 없습니다. 이미지 임베딩이 위치 { $overwritten }의 단어를 덮어씁니다.
fix_overwritten = 이미지 임베딩을 덮어쓰지 말고 토큰 사이에 삽입하십시오.

cause_length_leak = 지시문이 시퀀스에 없습니다. 토큰 수만 마스크를 통해 액션에 영향을 줍니다(길이 누출).
fix_length_leak = 이미지 임베딩을 토큰 사이에 삽입하고, 병합된 시퀀스에 맞는 마스크를 만드십시오.

cause_absent = 지시문이 시퀀스에 없습니다. 지시문을 바꾸어도 레이어 0의 입력은 어느 위치에서도 변하지 않습니다.
fix_absent = 임베딩 레이어부터 트랜스포머 입력까지 단어 임베딩을 추적하십시오.

cause_shifted_by_padding = 지시문의 위치가 길이에 따라 달라집니다. 앞에 패딩이 있고, 위치 ID가 패딩까지 셉니다.
fix_shifted_by_padding = 반대쪽에 패딩하거나, 어텐션 마스크에서 위치 ID를 계산하십시오.

cause_masked = 지시문은 시퀀스의 위치 { $positions }에 있으나, 모든 레이어에서 마스크가 액션 토큰에 보이지 않게 가립니다.
fix_masked = 이미지와 텍스트를 병합한 시퀀스에 맞는 어텐션 마스크를 만드십시오.

cause_action_before_instruction = 지시문이 액션 토큰보다 뒤인 위치 { $positions }에 있습니다. 인과 마스크 때문에 액션 토큰이 볼 수 없습니다.
fix_action_before_instruction = 액션 토큰을 지시문 뒤에 두십시오.

cause_image_masked = 지시문은 보이지만 이미지 토큰 { $image_total }개가 모두 마스크되어, 정책이 이미지를 볼 수 없습니다.
fix_image_masked = 이미지와 텍스트를 병합한 시퀀스에 맞는 어텐션 마스크를 만드십시오.

cause_values_zero = 액션 토큰이 지시문에 어텐션을 두지만({ $share }), 모든 레이어에서 그 위치의 value 벡터가 0입니다.
fix_values_zero = value 투영을 확인하십시오(0으로 초기화된 어댑터, value에 적용된 마스크).

cause_unattended = 지시문은 위치 { $positions }에서 보이지만, 어느 레이어에서도 어텐션을 받지 않습니다.
fix_unattended = 단어 임베딩의 위치와 크기를 학습 때와 비교하십시오.

cause_unused = 지시문은 액션 토큰에 보이고 어텐션도 받지만({ $share }), 액션은 지시문에 의존하지 않습니다. 지시문을 바꿀 때의 액션 변화량: { $swap }.
cause_unused_by_exchange = 액션은 지시문에 의존하지 않습니다. 지시문을 바꿀 때의 액션 변화량: { $swap }.
fix_unused = 학습 데이터를 확인하십시오. 액션이 지시문과 일치하는지, 데이터에서 지시문이 필요한지 `heedmap needed DATASET`으로 측정할 수 있습니다.

cause_confounded = 액션이 지시문이 아니라 프레임을 따릅니다. 원래 지시문에서는 { $competent }에서 기대 액션과 일치하나, 지시문을 바꾸어도 { $anyway }에서 같은 액션을 출력합니다.
fix_confounded = 같은 프레임에 다른 지시문과 다른 액션을 짝지어 학습하십시오. 프레임만으로 액션을 얼마나 예측할 수 있는지는 `heedmap needed DATASET`으로 측정할 수 있습니다.

cause_disobeyed = 지시문을 사용하지만 따르지 않습니다. 액션은 { $rate }에서 기대 액션과 일치합니다(우연 수준 { $chance }).
fix_disobeyed = 액션 라벨과 그 순서, 부호를 학습 때와 비교하십시오.

cause_not_competent = 이 프레임에서는 정책의 능력이 부족합니다. 원래 지시문에서도 { $competent }에서만 기대 액션과 일치하므로, 지시문을 따르는지 판단할 수 없습니다.
fix_not_competent = 학습 때와 비슷한 프레임으로 진단하거나 더 학습하십시오.

cause_not_needed = 이 프레임에서는 지시문이 필요하지 않습니다. 모든 지시문의 기대 액션이 같으므로, 지시문을 따르는지 확인할 수 없습니다.
fix_not_needed = 기대 액션이 서로 다른 프레임과 지시문을 사용하십시오.

cause_indirect_only = 위치 { $positions }의 지시문은 다른 위치를 거쳐서만({ $hops }홉) 액션 토큰에 도달합니다. 직접 어텐션 0 %는 아무것도 증명하지 않습니다.
fix_indirect_only = 의도한 구조라면 조치가 필요하지 않습니다. 어텐션 가중치가 아니라 어텐션 차단으로 확인하십시오.

cause_bypass = 지시문이 시퀀스 밖에서 액션에 도달하며, 어텐션에는 나타나지 않습니다. 우회 경로: { $module }.
fix_bypass = 의도한 구조라면 조치가 필요하지 않습니다. 지시문을 바꾸어 정책을 평가하십시오.

cause_not_measured = 지시문을 추적하지 못했습니다. 토큰 수가 같은 다른 지시문을 찾지 못했습니다.
fix_not_measured = 토큰 수가 같은 지시문이나 정책의 token_count를 제공하십시오.

## 원인 뒤에 오는 문장

and_used = 지시문을 사용합니다. 어텐션 차단이 액션 차이 { JOSA($removed, "을/를") } 제거합니다.
and_read_elsewhere = 지시문은 { $read_in }에서 읽히지만, 액션이 나오는 { $unread_in }에서는 읽히지 않습니다.
and_read_in_calls = 지시문을 읽는 계층({ $reading })의 실행 횟수: { $calls }. 이 가운데 호출 { $calls_reading }에서만 읽힙니다(0부터).
and_carries_nothing = { $carries_nothing }에는 지시문이 들어 있지만 이 부분만으로는 액션에 거의 전달되지 않습니다. 해당 계층의 계산 결과를 다른 지시문으로 실행한 값으로 바꿔도 액션 차이의 최대 { $carries_at_most }만 움직입니다.
and_image_only = { $image_only }의 어텐션은 이미지 위치만 봅니다. 여기서는 어떤 단어도 읽히지 않습니다.
and_used_in_calls = 지시문을 읽는 계층의 호출 { $calls_cut }번 가운데 { $calls_used }번(0부터)에서 가릴 때만 액션이 달라집니다.
and_used_whole = 지시문을 사용합니다. 어텐션 차단 후 액션 차이 { $dependence } 중 { $left }만 남습니다. 같은 수의 무작위 연결을 차단하면 { JOSA($random, "이/가") } 남습니다.
and_used_by_exchange = 지시문을 사용합니다. 지시문을 바꿀 때의 액션 변화량: { $swap }.
and_used_over_others = 지시문은 다른 위치를 거쳐 전달됩니다. 액션 토큰의 직접 연결만 차단하면 { JOSA($directly, "이/가") } 제거됩니다.
and_obeyed = 정책이 지시문을 따릅니다. 액션은 { $rate }에서 기대 액션과 일치합니다(우연 수준 { $chance }).
and_right_way_unknown = 액션이 올바른지는 측정하지 않았습니다. 기대 액션이 주어지지 않았습니다(--expect).
and_same_action = 모든 지시문에서 액션이 같습니다.
and_upper_not_measured = 지시문을 사용하고 따르는지는 측정하지 않았습니다.
and_too_small = 지시문을 사용하고 따르는지는 측정하지 않았습니다. 지시문을 바꾼 효과가 액션 자체 크기의 { $change }이며, { $least_change } 미만은 반올림 오차일 수 있습니다.
fix_too_small = 기대 액션이 분명히 다른 프레임과 지시문을 주십시오. 액션에 큰 상수 오프셋이 있으면 빼고 주십시오.
and_bypassed = 다만 액션은 우회 경로를 통해 지시문에 의존합니다. 우회 경로: { $module }.
and_bypassed_faintly = 이 작은 변화는 우회 경로로 전달됩니다. 우회 경로: { $module }.
and_follows_by_bypass = 다만 정책은 백본이 아니라 우회 경로를 통해 지시문을 따르며, 액션은 { $rate }에서 기대 액션과 일치합니다(우연 수준 { $chance }). 우회 경로: { $module }.
and_swapped = 서로 뒤바뀐 액션: { $swapped }.

## 수치

unit_bits = 비트
unit_scale = 표준편차 단위
amount_bits = { $value }비트
amount_scale = { $value } 표준편차 단위
interval = { $value } ({ $low }~{ $high })
removed = { $dependence } 중 { $mediated }
amount_with_raw = { $amount } (액션 고유 단위로 최대 { $raw })
rate_of_frames = { $total }프레임 중 { $hits }프레임
rate_counted = { $total }건 중 { $hits }건({ $frames }프레임, 각각 지시문 { $each }개)
share_counted = { $share } ({ $hits }/{ $total })
rate_with_interval = 전체의 { $rate } (95 % CI { $low }~{ $high })
rate_counted_interval = 전체의 { $rate } ({ $total }건 중 { $hits }건, 95 % CI { $low }~{ $high })
rate_without_interval = 전체의 { $rate }
