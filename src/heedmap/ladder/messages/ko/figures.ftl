# 그림의 제목, 설명, 축, 대체 텍스트.

actions_title = 지시문별 액션
actions_caption = 프레임 { $frames }개의 평균. 선: 에피소드 또는 프레임 { $clusters }개에 대한 95 % CI.
actions_one_frame = 프레임이 하나({ $frame })이므로 구간이 없습니다.
actions_alt = { $policy }의 지시문별 액션과 구간
probability_axis = 평균 확률
value_axis = 평균값
asked_for = 기대 액션
not_asked_for = 기대 액션이 아니거나 알 수 없음

computations_title = 계산별 어텐션
computations_caption = 액션 행의 영역별 어텐션 비율(합 100 %), 헤드와 행의 평균. 한 번의 실행에서 어텐션 계산 { $calls }개 중 { $shown }개를 실행 순서대로 표시합니다. 나머지는 액션에 직접 이어지지 않습니다. 아래: 호출 번호(0부터), 모듈이 한 번씩만 호출되면 모듈 이름.
computations_alt = { $policy }: 한 번의 실행에서 어텐션 계산마다 막대 하나로 나타낸 액션 행의 영역별 어텐션 비율.
shares_title = 레이어별 어텐션
shares_caption = 액션 토큰의 영역별 어텐션 비율(합 100 %). 헤드 { $heads }개와 프레임 { $frames }개의 평균. 위: 선언된 영역, 아래: 측정된 영역.
shares_alt = { $policy }: 레이어와 영역별 액션 토큰의 어텐션 비율. 열은 지시문, 위는 선언된 영역, 아래는 측정된 영역.

sequence_title = 위치별 어텐션
sequence_caption = 띠: 각 위치의 영역, 빗금: 액션 토큰에 마스크된 위치. 높이: 레이어 { $layers }개와 헤드 { $heads }개의 평균 어텐션. 프레임 { $frame }.
sequence_alt = { $policy }의 시퀀스를 지시문별로 나타낸 띠. 영역은 색, 마스크된 위치는 빗금, 어텐션은 높이로 나타냅니다.
position_axis = 시퀀스의 위치
position = 위치
is_visible = 액션 토큰에 보임
is_masked = 마스크됨

frame_title = 이미지 패치별 어텐션
frame_caption = 프레임 { $frame }, 레이어 { $layers }개와 모든 헤드의 평균. 여러 패치에 걸친 위치의 어텐션은 패치에 나누어 표시합니다. 회색: 액션 토큰에 마스크된 패치({ $hidden }. 전체 { $total }개).
frame_alt = { $policy }의 어텐션을 프레임의 패치 위에 지시문별로 나타낸 그림. 마스크된 패치는 회색입니다.
patch = 패치
patch_axis = 패치별 어텐션 비율

words_title = 단어별 어텐션과 효과
words_caption = 왼쪽: 위치별 어텐션(레이어와 헤드의 평균). 오른쪽: 다른 모든 위치에서 그 위치를 가렸을 때의 액션 변화량, 눈금: 같은 수의 무작위 연결을 차단했을 때. 프레임 하나({ $frame }). 단어 없이도 출력되는 액션에는 단어가 필요하지 않습니다.
words_alt = { $policy }의 지시문 단어별 어텐션과 단어를 가렸을 때의 효과
effect_axis = 차단 효과 ({ $unit })
random_edges = 무작위 연결

heads_title = 레이어와 헤드별 어텐션과 차단 효과
heads_share = 지시문에 대한 어텐션
heads_effect = 차단 효과 ({ $unit })
heads_modules = 모듈은 모든 호출에서 차단합니다. 액션 행에 단어가 직접 보이지 않으면, 단어가 보이는 행에서 차단합니다.
heads_caption = 각 칸: 한 헤드에서 액션 토큰과 지시문 사이의 연결을 차단한 결과. 프레임 { $frames }개의 평균이며, 프레임마다 지시문은 하나입니다. { $how }
heads_only_shares = 어텐션만 표시합니다(프레임 { $frames }개의 평균). 헤드별 차단은 실행하지 않았습니다.
heads_alt = { $policy }의 레이어와 헤드별 지도: 지시문에 대한 어텐션과 차단 효과
knockouts_cached = 캐시된 행으로 계산했으며 전체 순전파와 대조했습니다.
knockouts_whole = 전체 순전파로 계산했습니다.

scatter_title = 어텐션으로 지시문이 사용되는 위치를 예측할 수 있는가?
scatter_caption = 점 하나가 헤드 하나입니다(모두 { $heads }개). 프레임 { $frames }개의 평균이며, 프레임마다 지시문은 하나입니다.
scatter_alt = { $policy }의 헤드별 지시문 어텐션과 차단 효과. { $correlation }
beyond_random = 무작위 연결보다 큼 (보정 p < 0.05)
not_beyond_random = 무작위 연결보다 크지 않음
ranked = 스피어만 상관계수 { $correlation }
not_ranked = 상관관계 없음: 효과가 모두 같음

patching_title = 레이어별 활성값 패칭
patching_axis = 복원율
patching_caption = 한 레이어에 입력되는 지시문의 은닉 상태를 다른 지시문으로 실행한 값으로 교체합니다. 100 %이면 그 지시문의 액션, 0 %이면 원래 액션입니다.
patching_alt = { $policy }: 패칭으로 다른 지시문의 액션을 복원한 비율(레이어별)

trail_title = 경로: 모듈 호출별 차이
trail_axis = 상대 차이
trail_caption = 첫 프레임에서 한 번 실행할 때의 모듈 호출 { $calls }개(끝난 순서). 각 점은 다른 지시문, 다른 프레임, 바꿔 말하기에서 호출의 출력이 기준 실행과 다른 정도(상대 L2 차이)이며, 축은 0.01부터 로그 눈금입니다. 지시문이 0인 곳에는 지시문이 도달하지 않습니다.
trail_caption_some = 첫 프레임에서 한 번 실행할 때의 모듈 호출 { $calls }개 중 바깥쪽 { $shown }개(끝난 순서). 각 점은 다른 지시문, 다른 프레임, 바꿔 말하기에서 호출의 출력이 기준 실행과 다른 정도(상대 L2 차이)이며, 축은 0.01부터 로그 눈금입니다. 지시문이 0인 곳에는 지시문이 도달하지 않습니다.
trail_carried_note = 전달률: 이 출력을 패치할 때 옮겨지는 액션 차이의 비율.
trail_alt = { $policy }: 다른 지시문, 다른 프레임, 바꿔 말하기에서 모듈 호출별 출력의 차이
share_axis = 어텐션 비율
layer_axis = 레이어
head_axis = 헤드
