# 터미널, Markdown, 노트북, 페이지가 함께 쓰는 보고서 문구.

ladder = 단계별 진단: 지시문에서 액션까지
ladder_note = ✓ 통과, ✗ 실패, – 측정하지 않음. 처음 실패한 단계가 진단 결과입니다. 우회: 시퀀스 밖에서 지시문이 액션에 도달하는 경로.
fix = 권장 조치
cause = 원인
bypass = 우회

attended_title = 어텐션: 지시문에 대한 액션 토큰의 어텐션
attended_share = 비율
attended_last = 마지막 레이어
attended_lift = 리프트
attended_read = value 노름 비율
attended_rollout = 롤아웃
attended_ivar = IVAR
attended_shuffled = 가중치 셔플 기준선
attended_nonsense = 무의미 단어 기준선
attended_heads = 헤드
attended_note = 전체 레이어와 마지막 레이어의 어텐션 비율, 균등 분포 대비 리프트, value 노름 비율, 어텐션 롤아웃, 지시문/(지시문+이미지). 기준선: 가중치를 셔플했을 때와 무의미한 단어를 넣었을 때의 비율. 헤드: 지시문에 5 % 이상의 어텐션을 두는 레이어별 헤드 수.

used_title = 사용: 지시문 어텐션 차단의 효과
used_unit = 단위
used_dependence = 기준선
used_after_cut = 차단 후
used_after_random = 무작위 차단 후
used_mediated = 제거량 (95 % CI)
used_direct = 직접 효과
used_p = p
used_frames = 프레임
used_note = 서로 다른 지시문에서 나온 액션 사이의 거리: 기준선, 지시문을 차단했을 때, 같은 수의 무작위 연결을 차단했을 때. 제거량: 뒤의 두 값의 차이. 직접 효과: 액션 토큰의 직접 연결만 차단했을 때의 제거량.

obeyed_title = 준수: 지시문 교체의 효과
obeyed_needed = 필요
obeyed_competent = 능력
obeyed_swap = 지시문 교체
obeyed_paraphrase = 바꿔 말하기
obeyed_followed = 준수율 (95 % CI)
obeyed_chance = 우연 수준
obeyed_all = 프레임 전체
obeyed_grounding = LGS
obeyed_drop = 감소
obeyed_note = 필요: 지시문의 기대 액션이 서로 다른 프레임. 능력: 원래 지시문에서 기대 액션과 일치하는 비율이며, 일치하지 않는 프레임은 제외합니다. 지시문 교체, 바꿔 말하기: 액션 사이의 거리. LGS: 기대 액션일 때 출력하는 비율에서 기대 액션이 아닐 때 출력하는 비율을 뺀 값. 감소: 지시문을 바꿔 말할 때의 감소량.

random_weights = 체크포인트에 없어 무작위로 초기화된 가중치가 { $count }개 있습니다(예: { $first }). 결과에는 이 가중치의 영향이 포함됩니다.
architecture = { $family }, 레이어 { $layers }개, 헤드 { $heads }개: { $transformer }
chosen = 선택한 액션
expected = 기대 액션: { $action }
is_right = 정답
is_wrong = 오답
warning = 선언된 영역과 측정된 영역이 다릅니다
claim = 위치 { $positions } ({ $instructions }): 선언된 영역은 ‘{ $region }’, 측정 결과는 { $composition }. 액션 토큰에 보이는 위치는 { $total }개 중 { $visible }개입니다.
part = { $region } { $count }개
all_part = 모두 { $region }
nothing = 없음
frame = 프레임
instruction = 지시문
text = 텍스트
declared = 선언된 영역
declared_note = 스크립트가 가정한 영역: { $regions }
measured = 측정된 영역
measured_note = 프레임과 단어를 바꾸어 측정한 영역이며, 모든 영역의 합은 100 %입니다
model = 모델
seen = 보이는 이미지
seen_of = { $total }개 중 { $visible }개
last_layer = 마지막 레이어
mean_layers = 레이어 평균
sum = 합계
absent_note = –는 시퀀스에 해당 위치가 없다는 뜻이며, 0 %가 아닙니다.
region = 영역
no_instruction = 지시문 위치 없음
layer = 레이어

accuracy = 학습에 쓰지 않은 프레임에서의 정확도
accuracy_note = 정답 액션을 선택한 프레임의 비율(%)입니다. 이번 실행이 아니라 학습 과정에서 측정했습니다. 우연 수준은 지시문당 33.3 %, 세 지시문 모두는 3.7 %입니다.
style = 지시문 형식
all_three = 세 지시문 모두
frame_cases = 프레임 수

method = 방법과 가설
method_text = 방법은 “Action-Token Attention Analysis”(MoNaVLA) 페이지를 따릅니다. 정책에 같은 이미지와 함께 왼쪽, 오른쪽, 전진 지시문을 입력합니다. 레이어마다 액션 토큰의 어텐션을 이미지 영역과 텍스트 영역별로 더하고 헤드에 대해 평균합니다. 표에는 마지막 레이어, 레이어 평균, 레이어별 값을 싣습니다.
hypothesis_text = 가설: 이미지 비율이 텍스트 비율보다 훨씬 크면, 정책이 지시문을 무시하는 구조적 원인이 드러난 것이다.
caution_title = 어텐션 비율만으로는 이를 보일 수 없는 이유
caution_regions = 영역은 측정해야 합니다. 비율의 의미는 어떤 위치를 더했는지에 달려 있습니다. 다른 구성 요소가 단어를 덮어쓰거나 마스크가 단어를 가리면, 0 %는 지시문이 무시되었다는 뜻이 아니라 그 위치에 없다는 뜻입니다. 그래서 heedmap은 프레임을 바꾸고 단어를 하나씩 바꾸면서, 레이어 0의 입력 중 어느 위치가 변하는지 기록합니다.
caution_low = 어텐션이 낮다는 사실은 아무것도 증명하지 않습니다. 가중치가 작은 토큰 하나가 액션을 결정할 수 있고, 앞선 레이어에서 다른 토큰이 지시문의 정보를 모았을 수도 있습니다.
caution_road = 지시문은 우회 경로로 전달될 수 있습니다. 예를 들어 액션 헤드의 크로스 어텐션은 디코더의 어텐션에 나타나지 않습니다. 액션이 지시문에 의존하는지는 지시문에 개입해야만 알 수 있습니다.

run = 실행 정보
created = 실행 시각 (UTC)
versions = 버전
commit = 커밋
seed = 섭동 시드
arguments = 인자
weights = 가중치 (SHA-256)
implementation = 어텐션 구현
not_measured = 측정하지 않음
not_known = 알 수 없음
