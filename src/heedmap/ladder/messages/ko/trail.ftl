# 행동과 경로 추적에서 찾은 것: 원인, 권장 조치, 참고.

cause_dropped = 지시문은 인코딩되지만 { $where }에서 빠집니다. 단어에서 만들어진 값이 액션 계산에 쓰이지 않습니다.
fix_dropped = { $where }에서 어떤 행, 열, 분기를 남기는지 확인하십시오.

cause_gated = 지시문이 { $where }까지 도달하지만 거기서 0이 곱해집니다.
fix_gated = { $where }의 게이트, 스케일, 가중치를 확인하십시오. 0으로 시작하는 게이트가 학습되지 않았거나 불러오지 못했을 수 있습니다.

cause_drowned = 지시문이 { $where }까지 도달하지만, 그 뒤에는 아무것도 남지 않습니다. 다른 값에 비해 너무 작거나, 정규화처럼 빼는 연산으로 없어집니다.
fix_drowned = 단어 임베딩이나 조건 입력의 크기를 다른 입력 및 학습 때와 비교하십시오.

cause_saturated = 지시문과 관계없이 액션이 한계값에 있습니다. 차이는 도달하지만 { $where }에서 더 이상 전달되지 않습니다.
fix_saturated = 액션 헤드 입력의 크기와 액션의 정규화, 클리핑을 확인하십시오.

cause_tied = 지시문과 관계없이 모든 액션의 점수가 같습니다.
fix_tied = 액션 헤드의 가중치를 불러왔는지 확인하십시오.

cause_constant_action = 액션이 항상 같습니다. 지시문, 프레임, 상태를 바꾸어도 변하지 않습니다.
fix_constant_action = 액션 헤드와 그 가중치, 그리고 정책이 캐시된 액션을 돌려주는지 확인하십시오.

cause_state_decides = 액션이 지시문이 아니라 로봇의 상태를 따릅니다. 지시문을 바꿀 때의 액션 변화량: { $swap }.
fix_state_decides = 같은 상태에 다른 지시문과 다른 액션을 짝지어 학습하거나, 상태를 무작위로 빼고 학습하십시오.

cause_state_decides_too_small = 액션이 지시문이 아니라 로봇의 상태를 따릅니다. 지시문을 바꿀 때의 액션 변화량은 액션 크기의 { $change }이며, 반올림 오차일 수 있습니다.
cause_unused_too_small = 액션이 지시문을 따르지 않습니다. 지시문을 바꿀 때의 액션 변화량은 액션 크기의 { $change }이며, 반올림 오차일 수 있습니다.

cause_partial = 정책이 지시문을 부분적으로만 따릅니다. 대부분의 프레임에서 따르는 지시문: { $followed }. 따르지 않는 지시문: { $ignored }. 전체로는 { $rate }에서 기대 액션과 일치합니다(우연 수준 { $chance }).
cause_partial_by_frame = 정책은 일부 프레임에서만 지시문을 따릅니다. 프레임 { $frames }개 중 { $unmoved }개에서는 어떤 지시문이든 액션이 같습니다. 전체적으로 { $rate }에서 기대 액션과 일치하며, 우연 수준은 { $chance }입니다.
fix_partial_by_frame = 지시문을 따르는 프레임과 그렇지 않은 프레임을 비교하고, 그런 프레임에 다른 지시문과 다른 액션을 짝지어 학습하십시오.
fix_partial = 따르지 않는 지시문의 학습 데이터와 그 단어의 토큰화를 확인하십시오.

cause_not_identified = 액션은 지시문에 의존하지 않으며, 지시문이 사라지는 단계는 특정하지 못했습니다. 두 지시문의 차이는 { $where }에서 끝납니다.
cause_not_measured_undecided = 지시문이 { $where }에 도달하지만 거기에서 사라집니다. 기대 액션이 주어지지 않아 영향이 더 있어야 하는지는 알 수 없습니다.
fix_not_measured_undecided = 기대 액션(--expect)을 지정하거나, 지시문마다 다른 액션을 요구하는 프레임을 제공하십시오.
cause_not_identified_outside = 액션이 지시문에 의존하지 않습니다. 두 지시문의 차이는 { $where }까지 남아 있지만, 정책이 torch 밖에서 그것으로 만드는 결과는 같습니다.
fix_not_identified_outside = { $where } 뒤의 코드를 확인하십시오. 표, 제한, 정수 변환, 쓰이지 않는 값이 원인일 수 있습니다.
cause_not_identified_nowhere = 액션은 지시문에 의존하지 않으며, 지시문이 사라지는 단계는 특정하지 못했습니다.
fix_not_identified = 두 지시문에서 { $where }의 입력과 출력을 출력해 보십시오.
fix_not_identified_nowhere = 정책이 실행하는 모듈 전체를 감사에 전달하십시오.

cause_image_unused = 정책이 이미지를 사용하지 않습니다. 다른 프레임으로 바꾸어도 액션이 변하지 않습니다.
fix_image_unused = 프레임이 정책에 전달되는지, 학습 데이터에 프레임이 필요한지 확인하십시오.

cause_none_as_it_acts = 액션은 지시문에 따라 달라집니다.

## 경로 추적으로 찾은 원인

cause_empty_instruction_by_trail = 지시문이 네트워크에 도달하지 않습니다. 어느 지시문에서나 같은 토큰 ID만 조회됩니다(지시문이 없거나 그 앞에서 잘린 프롬프트).
cause_stale_instruction_by_trail = 지시문이 네트워크에 도달하지 않습니다. 지시문과 관계없이 같은 입력(이전 지시문, 지시문이 없는 프롬프트, 또는 그 앞에서 잘린 프롬프트의 것)이 도달합니다.
empty_text = (비어 있음)
cause_empty_instruction_as_encoded = 지시문이 토큰화되기 전에 사라집니다. 지시문과 관계없이 { $encoded_by }에서 같은 텍스트가 인코딩됩니다: "{ $encoded_text }".
cause_stale_instruction_as_encoded = 지시문이 토큰화되기 전에 사라집니다. 지시문과 관계없이 { $encoded_by }에서 다른 지시문의 단어가 든 같은 텍스트가 인코딩됩니다: "{ $encoded_text }".
fix_empty_instruction_as_encoded = 이 텍스트가 무엇으로 만들어지는지 확인하십시오. 지시문을 프롬프트에 전달하는 키, 채워지지 않는 자리, 지시문을 잘라 내는 길이 제한이 원인일 수 있습니다.
fix_stale_instruction_as_encoded = 이 텍스트가 무엇으로 만들어지는지 확인하십시오. 호출할 때 바뀌지 않는 캐시된 텍스트나 고정된 텍스트가 원인일 수 있습니다.
fix_empty_instruction_by_trail = 지시문을 프롬프트나 프로세서에 전달하는 키와, 프롬프트 길이 제한(max_length, 자르는 방향)이 지시문을 잘라 내는지 확인하십시오.
fix_stale_instruction_by_trail = 프롬프트가 무엇으로 만들어지는지 확인하십시오. 캐시된 텍스트나 토큰(지시문별로 저장), 채워지지 않는 자리, 지시문을 잘라 내는 길이 제한이 원인일 수 있습니다.
cause_stale_instruction_of_a_cache = 지시문이 인코딩되지만({ $where }), 액션은 저장된 이전 지시문의 값으로 계산됩니다.
cause_truncated_by_trail = 지시문이 잘렸습니다. 다음 단어의 자리에 오는 것은 네트워크에 도달하지 않습니다: { $lost_words }.
cause_truncated_on_ids = 지시문이 잘렸습니다. 지시문을 구별하는 토큰 ID가 { $where }에서 잘려 나갑니다.
cause_unknown_words_by_trail = 토크나이저가 모르는 단어: { $lost_words }. 다른 단어로 바꾸어도 네트워크에 도달하는 것이 변하지 않습니다.
cause_same_ids_by_trail = 서로 다른 단어가 네트워크에는 같은 것으로 도달합니다: { $lost_words }.
cause_absent_by_trail = 지시문을 바꾸어도 네트워크가 받는 것은 변하지 않습니다. 단어 입력이 없거나, 그 전에 사라집니다.
fix_absent_by_trail = 정책의 인자부터 첫 텐서까지 지시문을 추적하십시오.
cause_absent_by_configuration = 이 정책에는 단어를 읽는 부분이 없습니다. 설정에 지시문 입력이 없으며, 지시문을 바꾸어도 액션은 변하지 않습니다.
fix_absent_by_configuration = 고칠 것은 없습니다. 지시문을 따르게 하려면 언어 입력이 있는 정책을 학습하십시오.
cause_overwritten_by_trail = 지시문이 { $where }에서 덮어써집니다. 단어에서 만들어진 값의 자리에 다른 값이 기록됩니다.
fix_overwritten_by_trail = 이 값을 단어 위에 쓰지 말고 단어 옆에 삽입하십시오.
cause_length_leak_by_trail = 지시문의 단어나 토큰 수만 액션에 영향을 줍니다. 같은 수의 다른 단어로 바꾸면 아무것도 변하지 않습니다.
fix_length_leak_by_trail = 지시문의 길이에서 만들어지는 것(마스크, 위치, 길이를 키로 쓰는 캐시)을 확인하십시오.
cause_masked_by_trail = 지시문이 { $where }까지 도달하지만, 액션 계산에 쓰이는 모든 것에서 마스크가 지시문을 가립니다.
fix_masked_by_trail = { $where }의 마스크를 확인하십시오: 부호, 모양, 만들어지는 방법.
cause_action_before_instruction_by_trail = 액션 계산에 쓰이는 행이 지시문보다 앞에 있고, 각 행은 그보다 앞에 있는 것만 읽습니다({ $where }).
cause_values_zero_by_trail = 어텐션이 지시문을 읽지만, 읽는 value는 지시문과 관계없이 같습니다({ $where }).
fix_values_zero_by_trail = value 투영을 확인하십시오(0으로 초기화된 어댑터, value에 적용된 마스크).
cause_unattended_by_trail = 지시문에 어텐션이 도달하지 않습니다. 가중치가 0입니다({ $where }).
fix_unattended_by_trail = 마스크, 어텐션 점수에 더해지는 편향, query와 key의 크기를 확인하십시오.
cause_unused_by_trail = 지시문이 { $where }까지 도달하지만, 지시문과 관계없이 같은 값이 나옵니다. 다른 값이 결과를 정하거나, 선택할 것이 하나뿐입니다.
fix_unused_by_trail = 두 지시문에서 { $where }의 입력을 비교하십시오. 차이가 나머지에 비해 얼마나 큰지, 선택 대상이 몇 개인지 확인하십시오.

## 이어지는 문장

and_unread = 어텐션을 읽을 수 없어, 이 판정은 입력을 교환하고 그 차이를 네트워크에서 추적한 결과에 근거합니다.
and_no_attention = 이 정책에서는 어텐션 계산이 보이지 않아, 이 판정은 입력을 교환하고 그 차이를 네트워크에서 추적한 결과에 근거합니다.
and_unmoved = 프레임 { $frames }개 중 { $unmoved }개에서는 어떤 지시문이든 액션이 같습니다.
and_alike = 액션으로 구별되지 않는 지시문: { $alike }.
and_notes = 참고: { $notes }.

note_empty_instruction = 프롬프트의 토큰 ID가 지시문에 따라 변하지 않음
note_stale_instruction = 프롬프트의 토큰 ID가 지시문에 따라 변하지 않음
note_truncated = 끝부분의 단어가 잘림
note_unknown_words = 토크나이저가 일부 단어를 모름
note_same_ids = 일부 지시문의 토큰 ID가 같음
note_overwritten = 트랜스포머 시퀀스에서 단어가 덮어써지며, 지시문은 다른 경로로 도달함
note_length_leak = 트랜스포머 시퀀스에 단어가 없으며, 지시문은 다른 경로로 도달함
note_absent = 트랜스포머 시퀀스의 어느 위치도 지시문에 따라 변하지 않으며, 어텐션에 보이지 않는 다른 경로로 도달함
note_shifted_by_padding = 지시문 앞의 패딩이 위치를 바꿈
note_masked = 마스크가 액션 행에서 단어를 가리며, 지시문은 다른 경로로 도달함
note_action_before_instruction = 단어가 액션 행보다 뒤에 있으며, 지시문은 다른 경로로 도달함
note_image_masked = 이미지 토큰이 모두 마스크됨
note_values_zero = 단어 위치의 value가 0이며, key나 다른 경로로 작용함
note_unattended = 단어에 어텐션이 거의 도달하지 않으며, 지시문은 다른 경로로 도달함

where_operator = { $module } ({ $operator })
own_code = 정책 자체의 코드
where_outermost = 정책 자체의 코드 ({ $operator })

unit_raw = 액션 고유 단위
amount_raw = { $value } (액션 고유 단위)
and_much_unknown = 그것이 큰 변화인지는 알 수 없습니다. 여러 프레임이나 액션의 척도(action_scale)를 지정하십시오.
