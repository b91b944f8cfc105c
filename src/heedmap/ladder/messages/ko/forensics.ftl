# 공개된 어텐션 표: 표가 보여 주는 것(finding_*)과 보여 줄 수 없는 것(cannot_*).

forensics_read = 모델 { $models }개의 레이어별 { $layers }행, 요약 { $summary }행.
forensics_found = 수치가 보여 주는 것
forensics_nothing = 발견한 문제가 없습니다.
forensics_in_all = (모두 { $count }개)
forensics_cannot = 이런 표로 증명할 수 없는 것

finding_name_always_zero = 항상 0인 영역
finding_name_identical_instructions = 값이 같은 지시문
finding_name_follows_length = 토큰 수만 영향을 줌
finding_name_impossible_share = 불가능한 비율
finding_name_attended_below_text_len = 텍스트의 마스크가 적용됨
finding_name_image_larger_than_visible = 보이는 부분보다 큰 이미지
finding_name_mean_hides_last = 평균에 가려진 마지막 레이어
finding_name_summary_differs = 요약과 레이어별 값이 다름
finding_name_unaccounted = 어느 영역에도 없는 어텐션

finding_always_zero = ‘{ $region }’ 영역이 { $rows }행 중 { $rows }행에서 { $figures ->
    [rounded] 표시된 값으로 0.0 %
   *[exact] 정확히 0
  }입니다(모델 { $total }개 중 { $models }개). 그 위치가 마스크되었거나, 그 위치에 아무것도 없습니다. 보이지만 어텐션이 적은 영역이라면 어느 레이어에서든 작은 비율이 남습니다.
finding_identical = ‘{ $first }’ 지시문과 ‘{ $second }’ 지시문의 값이 레이어 { $layers }개 중 { $layers }개에서 마지막 자리까지 같습니다(모델 { $total }개 중 { $models }개){ $others }. 이 지시문들의 내용은 액션 토큰의 어텐션에 도달하지 않습니다.
finding_others = . 값이 다른 지시문: { $differing }
finding_differs = ‘{ $name }’(모델 { $total }개 중 { $models }개)
finding_follows_length = 토큰 수가 같은 지시문은 { $same }쌍 모두에서 값이 같고, 토큰 수가 다른 지시문은 { $other }쌍 모두에서 값이 다릅니다. 내용이 아니라 토큰 수만 마스크 등을 통해 어텐션에 영향을 줍니다.
finding_unaccounted = 비율의 합이 100 %가 아닙니다. { $total }행 중 { $rows }행에서 어텐션의 { JOSA($least, "을/를") } 넘는 양이 어느 영역에도 속하지 않으며, 최대 { $most }입니다({ $worst }). 표만으로는 그 어텐션이 어디로 가는지 알 수 없습니다.
finding_impossible = 불가능한 비율이 { $rows }행에 있습니다(0 미만이거나 합이 100 % 초과). 영역이 겹치거나, 어텐션 가중치가 아닙니다.
finding_below_text = 어텐션을 받는 위치가 모두 지시문의 토큰 수보다 작습니다({ $lengths }. 가장 큰 위치: { $highest }). 실제로 적용된 마스크는 텍스트의 마스크입니다.
finding_image_larger = 이미지 영역은 위치 0-{ $highest }에서만 어텐션을 받습니다. 선언된 이미지가 토큰 { $tokens }개보다 크면, 실제로 보인 부분보다 큽니다.
finding_mean_hides = 레이어 평균과 마지막 레이어의 차이가 큰 경우가 { $cases }건 있습니다. 가장 큰 경우는 { $model }, { $instruction }: { $region } 평균 { $mean }, 마지막 레이어 { $last }, 레이어 { $layer }에서 { $lowest }.
finding_summary = 레이어별 값과 맞지 않는 요약이 { $rows }행 있습니다.
finding_summary_zero = 영역 '{ $region }'의 비율은 마지막 레이어와 레이어 평균 모두 { $figures ->
    [rounded] 인쇄된 값으로 0.0 %
   *[exact] 정확히 0
  }입니다({ $rows }행 중 { $rows }행, 모델 { $total }개 중 { $models }개). 그 위치가 마스크되었거나 아무것도 없습니다. 보이는 영역이라면 어텐션이 적어도 일부 레이어에는 작은 비율이 남으며, 레이어별 표에서 확인할 수 있습니다.
finding_summary_identical = '{ $first }', '{ $second }' 두 지시문은 모델 { $total }개 중 { $models }개에서 모든 열이 마지막 자리까지 같습니다. 두 지시문의 내용이 액션 토큰의 어텐션에 나타나지 않습니다. 레이어별 표를 요청하십시오. 모든 레이어에서 같다면 내용이 전혀 도달하지 않은 것입니다.
finding_summary_row = { $model }, { $instruction }: 마지막 레이어 { $last }; 평균 { $mean }
finding_row = { $model }, { $instruction }, 레이어 { $layer }: { $shares }

cannot_ignores = 정책이 지시문을 무시한다는 것: 비율은 어텐션이 어디로 가는지를 나타낼 뿐, 액션이 무엇에 의존하는지는 나타내지 않습니다. 지시문을 바꾸거나 차단해야만 알 수 있습니다
cannot_regions = 영역이 실제로 이미지와 텍스트라는 것: 스크립트가 가정한 위치일 뿐입니다
cannot_bypass = 지시문에서 액션으로 가는 우회 경로가 없다는 것: 액션 헤드의 크로스 어텐션이나 풀링된 단어 임베딩은 디코더의 어텐션에 나타나지 않습니다
