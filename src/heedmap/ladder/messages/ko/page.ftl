# 그림을 둘러싼 페이지와 머리말.

page_title = 정책이 지시문을 따르는가?
switch_language = 언어
switch_theme = 밝게 또는 어둡게
theme_auto = 시스템 설정
theme_light = 밝게
theme_dark = 어둡게
print = 인쇄
print_all = 전체 인쇄
contents = 목차
skip = 진단 결과로 건너뛰기
given = 입력
more_frames = 외 프레임 { $count }개
asks_for = 기대 액션
ladder_heading = 단계별 진단: 지시문은 어느 단계에서 소실되는가?
what_became = 진단
rule_heading = “어텐션 0 %” 규칙의 판단
holds = 통과
fails = 실패
unmeasured = 측정하지 않음

head_follows = 지시문을 따름
head_follows_bypass = 우회 경로로 지시문을 따름
head_follows_both = 지시문을 따름(우회 경로도 있음)
head_no_fault = 측정한 단계에서는 문제가 없음
head_lost = { $number }단계 실패: { $failing }
head_open = 이 프레임으로는 판단 불가

rule_note = “Action-Token Attention Analysis”(MoNaVLA) 페이지의 규칙: 텍스트의 어텐션 비율이 1 % 미만이면 정책이 지시문을 무시한다고 판단합니다.
rule_says_ignores = 텍스트 { $share }: “무시함”
rule_says_reads = 텍스트 { $share }: “무시하지 않음”
rule_line_ignores = { $share }: “무시함”
rule_line_reads = { $share }: “무시하지 않음”
rule_line_nothing = 판단 불가
rule_says_nothing = 판단 불가
rule_right = 맞음
rule_wrong = 틀림
rule_unfounded = 근거 없음
rule_open_mark = 판단 불가
rule_undeclared = 선언된 텍스트 위치가 없습니다.
rule_obeys_by_bypass = 정책은 { $rate }에서 지시문을 따릅니다. 우회 경로: { $module }. 트랜스포머의 어텐션 맵에는 나타나지 않습니다.
rule_obeys = 정책은 { $rate }에서 지시문을 따릅니다. 작은 비율도 액션을 결정할 수 있습니다.
rule_absent = 이 비율은 위치 { $positions }({ $composition })에서 읽은 값이며, 단어는 그 위치에 도달하지 않습니다. 시퀀스에 없는 토큰은 무시할 수도 없습니다.
rule_masked = 마스크가 단어를 가립니다. 어떤 지시문이든 비율은 0입니다.
rule_used = 단어를 차단하면 액션이 달라집니다.
rule_confirmed = 단어의 차단과 교체로 확인했습니다.
rule_reads_and_obeys = 정책은 { $rate }에서 지시문을 따릅니다.
rule_reads_absent = 이 비율은 위치 { $positions }({ $composition })의 값입니다.
rule_reads_in_vain = 단어에 어텐션을 두지만, 단어가 액션을 결정하지 않습니다.
rule_open = 판단할 만큼 측정하지 못했습니다.

figures = 그림
figures_note = 정책마다 한 절입니다. 마우스를 올리면 값이 표시됩니다.
nothing_to_draw = 이 정책에는 그림이 없습니다. 액션만 관찰할 수 있었습니다.
tables = 원본 형식의 표: 선언과 측정
summary_table = 요약
layers_table = 레이어별
layers_are_means = 프레임 { $count }개의 평균입니다. 프레임별 값은 attention.parquet에 있습니다.
differs = ≠는 선언된 값이 측정된 값과 0.5 %p 넘게 다르거나 시퀀스에 그 영역이 없음을 나타냅니다.
filter = 행 필터
rows_of = 전체 { $total }행 중 { $shown }행
download_csv = CSV 내려받기
rung_figures = 상위 단계(4–6) 측정값

definitions = 용어
define_share = 비율
defined_share = 액션 토큰이 한 영역에 두는 어텐션을 영역의 위치에 대해 더하고, 액션 토큰과 헤드에 대해 평균한 값. 한 레이아웃의 모든 영역을 더하면 100 %입니다.
define_regions = 선언과 측정
defined_regions = 선언된 영역은 스크립트가 가정한 영역입니다. 측정된 영역은 개입으로 찾습니다. 프레임에 따라 변하는 위치는 이미지, 단어에 따라 변하는 위치는 지시문입니다. 나머지 중 마스크 때문에 액션 토큰에 도달하지 못하는 위치는 패딩, 프롬프트의 단어는 템플릿, 그 밖은 특수 토큰입니다.
define_lift = 리프트
defined_lift = 보이는 위치당 어텐션 비율을 균등 분포와 비교한 값(어텐션 싱크 제외). 1이면 균등합니다.
define_knockout = 어텐션 차단(knockout)
defined_knockout = 소프트맥스 전에 쿼리에서 키로 가는 어텐션 점수를 음의 무한대로 설정합니다. 따로 밝히지 않으면 모든 레이어에서 차단하며, 같은 수의 무작위 연결과 비교합니다.
define_distance = 거리
defined_distance = 액션 사이의 거리. 이산 액션은 젠슨-섀넌 발산(비트, 0~1), 연속 액션은 각 차원의 표준편차를 단위로 한 제곱평균제곱근.
define_interval = 구간
defined_interval = 에피소드(알 수 없으면 프레임)에 대한 95 % 부트스트랩 신뢰구간(CI). 에피소드나 프레임이 하나뿐이면 구간이 없습니다.
define_mediated = 제거량
defined_mediated = 지시문을 차단할 때 서로 다른 지시문의 액션 사이 거리가 줄어든 양에서, 무작위 연결을 차단할 때 줄어든 양을 뺀 값.

limits = 한계
limit_low = 어텐션이 낮아도 높아도 그것만으로는 아무것도 증명되지 않습니다. 차단과 교체로만 확인할 수 있습니다.
limit_frames = 결과는 이 프레임과 지시문에 대해서만 유효합니다.
limit_map = 헤드별 지도, 단어별 효과, 패칭은 일부 프레임에서 측정했으며 진단의 근거로 쓰지 않습니다.
limit_length = 단어는 토큰 수가 같을 때만 교체합니다. 교체할 수 없으면 “측정하지 않음”으로 표시합니다.
reproduce = 재현 방법
data = 데이터
data_inside = 이 페이지에 포함됨: { $size }
data_beside = 결과 폴더의 이 페이지 옆에 있음: { $size }
made_by = heedmap { JOSA($version, "으로/로") } 만들었습니다.
actions_of_frame = { $frame }에서 선택한 액션

## 첫 화면

report_title = 액션 토큰 어텐션 분석
back = 돌아가기
hypothesis_short = 가설: 이미지 비율이 텍스트 비율보다 훨씬 크면, 정책이 지시문을 무시하는 원인이 드러난 것이다.
method_short = 방법: 같은 이미지에 다른 지시문을 입력하고, 지시문에서 액션까지 각 단계를 개입 실험으로 검증합니다.
sum_follow = { $total ->
    [one] { $follows ->
        [one] 정책이 지시문을 따릅니다.
       *[other] 정책이 지시문을 따른다고 확인되지 않았습니다.
      }
   *[other] 정책 { $total }개 중 { $follows }개가 지시문을 따릅니다.
  }
sum_lost = { $count }개는 { $number }단계에서 실패합니다({ $failing }).
sum_open = { $count }개는 이 프레임으로 판단할 수 없습니다.
sum_beside = { $total }개 중 { $unreached }개에서는 단어가 트랜스포머에 도달하지 않으며, 그중 { $follows }개는 우회 경로로 지시문을 따릅니다.
why_of_one = 예: { $policy }: { $sentence }
followed_of = { $rate }, 우연 수준 { $chance }
followed_heading = 준수율
steps_note = 단계: { $steps }. ✓ 통과, ✗ 실패, – 측정하지 않음. 정책을 누르면 그림이 펼쳐집니다.

## 탐색기

explorer = 레이어, 헤드, 프레임, 단어별 어텐션 살펴보기
other_regions = 기타
tables_short = 표
attention_on_it = 어텐션
effect_of_hiding = 가릴 때의 액션 변화량
head_note = 패치와 단어는 헤드 평균입니다. 개별 헤드는 영역별로만 기록됩니다.
map_effects = 헤드 차단의 효과
links_note = 단어나 패치를 가리키면 서로에 대한 어텐션을 파란색으로 표시합니다(헤드 평균).
links_mean = 단어나 패치를 가리키면 서로에 대한 어텐션을 파란색으로 표시합니다(레이어와 헤드 평균).
link_masked = 마스크가 단어와 이미지를 서로 가림
link_none = 단어와 패치가 서로에 두는 어텐션은 여기에 기록되지 않음
most_of_all = 최대
patch_is_read = 단어가 이 패치에 두는 어텐션
patch_reads = 이 패치가 단어에 두는 어텐션
word_is_read = 패치가 이 단어에 두는 어텐션
word_reads = 이미지에 두는 어텐션
masked_patches = 회색 빗금: 액션 토큰에서 마스크된 패치
mean_short = 평균
no_patches = 이 프레임에는 패치와 위치를 잇는 지도가 없습니다.
no_words = 단어의 위치를 측정하지 않았습니다.
no_position = 시퀀스에 해당 위치 없음
words_nowhere = 점선: 시퀀스에 단어의 위치가 없습니다.
strongest = 가장 강한 헤드

## 탐색기의 경로

trail_other_instruction = 다른 지시문
trail_other_frame = 다른 프레임
trail_enters_and_ends = 두 지시문의 차이는 { $enters }에서 들어와 { $ends }에서 소실됩니다.
trail_enters_and_arrives = 두 지시문의 차이는 { $enters }에서 들어와 마지막 호출까지 도달합니다(상대 차이 { $left }).
trail_never = 두 지시문 사이에 차이가 나는 호출이 없습니다.
trail_explored = 호출별 경로

## heedmap serve

serving_at = { $address }에서 볼 수 있습니다(이 컴퓨터에서만, Ctrl-C로 종료).
serving_nothing_yet = 아직 측정한 셀이 없습니다. 셀이 측정되면 이 페이지가 다시 열립니다.
serving_checkpoints = 체크포인트 { $count }개
drawn_later = 그림을 그리는 중입니다.
live_none = 이 판정을 받은 정책이 없습니다.
live_show_all = 전체
live_show_good = 따름
live_show_bad = 따르지 않음
live_show_open = 판단 불가
live_compare = 선택한 정책 비교
