### 0단계: 정책에 도달하기 전의 단어

delivered_title = 전달(0단계)
delivered_nothing = 측정되지 않음: 기록에 단어가 없습니다.
delivered_holds_steps = { $total }개 스텝에서 정책에 도달한 단어에 이상이 없습니다.
delivered_holds_instructions = 비교한 범위에서 { $total }개 지시문의 단어가 모두 요구된 것과 같습니다.
delivered_not_asked = 정책에 도달하는 단어가 과제가 요구하는 단어와 다릅니다.
delivered_empty_words = 정책에 단어가 전달되지 않습니다.
delivered_split_words = 단어가 한 글자씩 나뉘어 정책에 도달합니다.
delivered_stale_words = 정책에 이전 지시문의 단어가 다시 전달됩니다.
delivered_altered_words = 단어가 덧붙거나 잘리거나 깨진 채 정책에 도달합니다.
delivered_outside_training = 정책에 도달하는 단어가 학습에 없던 것입니다.
delivered_count_steps = { $total }개 스텝 중 { $count }개에서 그렇습니다.
delivered_count_instructions = { $total }개 지시문 중 { $count }개에서 그렇습니다.
delivered_example = 예: "{ $said }".
delivered_example_beside = 예: "{ $said }", 비교 대상: "{ $other }".
fix_delivered_not_asked = 평가가 과제의 단어를 그대로 전달하게 하십시오. 지금까지의 결과는 다른 지시문에 대한 것입니다.
fix_delivered_empty_words = 클라이언트가 지시문을 어디에서 가져오는지, 왜 비어 있는지 확인하십시오.
fix_delivered_split_words = 지시문을 글자 목록이 아니라 하나의 텍스트로 전달하십시오.
fix_delivered_stale_words = 지시문을 정하는 곳이 두 군데인지, 이전 관측을 담은 큐가 있는지 확인하십시오.
fix_delivered_altered_words = 지시문의 단어만 전달하십시오.
fix_delivered_outside_training = 아는 과제라면 학습 때의 표현을 쓰고, 새 표현을 시험하는 것이라면 결과에 밝히십시오.
