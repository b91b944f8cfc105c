### 0단계: 정책에 이르기 전의 단어

delivered_title = 전달(0단계)
delivered_nothing = 측정하지 않음: 기록이나 점검 결과에 정책에 전달된 지시문이 없습니다.
delivered_holds_steps = 탭이 스텝 { $total }개의 지시문에서 결함을 찾지 못했습니다.
delivered_holds_instructions = 지시문 { $total }개에서 결함을 찾지 못했습니다.
delivered_not_compared_steps = 학습 지시문과는 비교하지 않았습니다. 비교하려면 `heedmap tap --trained`가 필요합니다.
delivered_not_compared_instructions = 학습 지시문과는 비교하지 않았습니다. 비교하려면 `heedmap words --trained`가 필요합니다.
delivered_in_steps = 스텝 { $total }개 중 { $count }개에서 { $what }
delivered_in_instructions = 지시문 { $total }개 중 { $count }개에서 { $what }
delivered_not_asked = 정책에 과제가 요구하는 것과 다른 지시문이 주어집니다.
delivered_empty_words = 정책에 지시문이 전달되지 않습니다. 지시문이 없거나 비었거나 자리표시자입니다.
delivered_split_words = 지시문이 한 글자씩 나뉘었습니다.
delivered_stale_words = 오래된 관측에서 온 것처럼 이전 지시문이 정책에 다시 전달됩니다.
delivered_altered_words = 지시문이 온전한 문장이 아닙니다. 덧붙거나 잘리거나 깨졌거나, 프로그램이 쓰는 이름입니다.
delivered_outside_training = 지시문이 학습 지시문에 없습니다.
delivered_other_form = 마침표나 대문자 같은 형식이 학습 때와 다릅니다.
delivered_example = 주어진 지시문: “{ $said }”.
delivered_asked = 요구된 지시문: “{ $other }”.
delivered_trained = 가장 가까운 학습 지시문: “{ $other }”.
delivered_more = 그 밖에 찾은 것: { $more }.
fix_delivered_not_asked = 둘 중 어느 쪽이 과제의 목표에 맞는지 확인하고 그것을 정책에 주십시오. 지금까지의 결과는 주어진 지시문에 대한 것입니다.
fix_delivered_empty_words = 클라이언트가 지시문을 어디에서 가져오는지, 왜 거기에 없는지 확인하십시오.
fix_delivered_split_words = 지시문을 글자 목록이 아니라 하나의 텍스트로 전달하십시오.
fix_delivered_stale_words = 지시문을 정하는 곳이 두 군데인지, 오래된 관측이 남은 큐가 있는지 확인하십시오.
fix_delivered_altered_words = 학습 때처럼 지시문의 단어만 전달하십시오.
fix_delivered_outside_training = 아는 과제라면 학습 때의 표현을 쓰고, 새 표현을 시험하는 것이라면 결과에 밝히십시오.
fix_delivered_other_form = 지시문을 학습 데이터와 같은 형식으로 쓰십시오.
