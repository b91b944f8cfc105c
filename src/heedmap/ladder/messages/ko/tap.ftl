# 클라이언트와 정책 서버 사이를 지나가는 것: `heedmap tap`.

tap_title = 통신 구간 점검: 정책에 실제로 도달한 지시문
tap_listening = 탭이 { $at }에서 기다리며 { $server }에 그대로 전달합니다. 기록: { $out }. Ctrl-C로 끝냅니다.
tap_point_client = 클라이언트가 서버 대신 이 주소에 연결하게 하십시오: { $at }
tap_opened = 클라이언트 { $client }번이 연결되었습니다.
tap_unreachable = 클라이언트가 왔지만 서버 { $server }에 연결할 수 없었습니다: { $why }
tap_line = { $grade } [{ $code }] 클라이언트 { $client }, 스텝 { $step }: { $sentence } 할 일: { $fix }
tap_first_words = 클라이언트 { $client }, 스텝 { $step }: “{ $words }”
tap_not_recorded = 이제부터 기록하지 않고 전달만 계속합니다: { $why }
tap_page_at = 페이지: { $path }

## Summary

tap_lead = 클라이언트 { $clients }개의 스텝 { $steps }개, { $seconds }초: 경고 { $warnings }건, 참고 { $notes }건.
tap_none = 지시문에 이상이 없습니다. 빠지거나 깨진 곳이 없고 오락가락하지 않았습니다.
tap_none_alone = --trained DATASET을 주면 학습 지시문과도 비교합니다.
tap_no_steps = 지나간 관측이 없습니다.
tap_latency = 탭에서 본 서버의 응답 시간: 중앙값 { $median } ms, 99 % { $slow } ms.
tap_errors = 서버의 응답 중 오류 { $count }건.
tap_unanswered = 응답을 받지 못한 관측 { $count }건.
tap_dropped = 메시지 { $count }건은 관찰자가 밀려 있거나 32 MiB보다 길어서 관찰하지 않고 전달했습니다.
tap_unreadable = 메시지 { $count }건은 읽지 못한 채 전달했습니다. --protocol, --prompt-key, --actions-key를 확인하십시오.
tap_batched = 메시지 { $count }건에는 로봇 여러 대의 관측이 함께 있어, 첫 로봇의 지시문, 상태, 행동만 기록했습니다.
tap_away = 서버에 연결할 수 없을 때 온 클라이언트 { $count }개.
tap_thumbnails_removed = { $most } MB를 넘지 않도록 기록의 처음 { $parts }개 부분에서 축소 이미지를 지웠습니다.
tap_steps_removed = { $most } MB를 넘지 않도록 기록의 처음 스텝 { $steps }개를 지웠습니다.
tap_killed = 탭이 실행 중에 강제로 종료되었습니다. 그때까지의 스텝입니다.
tap_running = 탭이 실행 중이며, 이 페이지는 몇 초마다 다시 쓰입니다.
tap_at = 클라이언트 { $client }, 스텝 { $first }
tap_from_to = 클라이언트 { $client }, 스텝 { $first }~{ $last }
tap_more = { $count }건 더
tap_counts = { $runs }회, 스텝 { $steps }개
tap_grade_warning = 경고
tap_grade_note = 참고
tap_no_words = (지시문 없음)

## Findings

tap_found_missing = 관측에 지시문이 없습니다. 프롬프트 키에 텍스트가 없습니다.
tap_fix_missing = 모든 관측에 지시문을 함께 보내십시오. 서버가 자체 기본값을 넣기도 하니 무엇을 넣는지 확인하십시오. 지시문의 이름이 다르면 --prompt-key로 알려 주십시오.
tap_found_empty = 지시문이 비어 있어 따를 것이 없습니다.
tap_fix_empty = 클라이언트가 지시문을 어디서 가져오는지, 왜 여기서 사라졌는지 확인하십시오.
tap_found_changed_in_episode = 에피소드 도중에 지시문이 바뀌었습니다.
tap_fix_changed_in_episode = 과제를 바꾸려던 것이면 그대로 두십시오. 아니면 에피소드를 시작할 때 한 번만 정하십시오.
tap_found_went_back = 지시문이 바뀌었다가 몇 스텝 뒤에 이전 것으로 되돌아갔습니다.
tap_fix_went_back = 클라이언트에서 지시문을 정하는 곳이 둘인지, 오래된 관측이 남은 큐가 있는지 확인하십시오.
tap_found_same_observation = 같은 이미지와 상태가 연달아 세 번 이상, 바이트까지 똑같이 왔습니다. 시뮬레이터가 멈춰 있을 때도 그렇습니다.
tap_fix_same_observation = 로봇이 움직였다면 멈춘 카메라나 버퍼가 있는지 확인하십시오. 그때 정책은 오래된 장면을 보고 행동합니다.
tap_found_same_answer = 지시문이 바뀌고 관측도 달라졌는데, 응답이 바뀌기 전과 비트까지 같습니다.
tap_fix_same_answer = 서버나 그 앞에 저장된 행동 청크가 남아 있는지 확인하고, 정책을 점검하십시오: heedmap audit server:ws://HOST:PORT.
tap_found_outside_training = 학습 지시문에 없는 문장입니다.
tap_fix_outside_training = 아는 과제를 뜻한다면 학습 때의 문장을 쓰십시오. 새 문장이 시험 대상이면 그렇게 보고하십시오.
tap_found_changed = 지시문이 바뀌었습니다. 클라이언트가 에피소드를 표시하지 않았으므로 새 에피소드일 수 있습니다.
tap_fix_changed = 새 과제가 시작된 것이면 할 일이 없습니다.
tap_found_characters = 지시문이 글자 단위로 쪼개졌습니다. 텍스트를 목록으로 다룬 것입니다.
tap_fix_characters = 지시문을 하나의 텍스트로 보내십시오.
tap_found_placeholder = 지시문이 자리표시자입니다. 빈칸을 채우지 않았거나 없는 텍스트를 대신하는 낱말입니다.
tap_fix_placeholder = 클라이언트가 지시문을 만드는 곳에서 빈칸을 채우십시오.
tap_found_preamble = 언어 모델이 답 앞에 쓰는 말이나 라벨로 시작합니다.
tap_fix_preamble = 지시문만 보내십시오.
tap_found_appended = 문장에 속하지 않는 설정, 숫자, 기호로 끝납니다.
tap_fix_appended = 파일 이름에서 만드는 경우처럼, 클라이언트가 지시문을 만드는 곳에서 끝부분을 잘라 내십시오.
tap_found_cut_short = 문장 중간에서 끝납니다.
tap_fix_cut_short = 클라이언트에 글자 수 제한이 있는지 확인하십시오.
tap_found_markup = 태그, 마크다운, 특수 토큰, 이스케이프 또는 전체를 감싼 따옴표가 있습니다.
tap_fix_markup = 클라이언트에서 지우십시오. 특수 토큰은 프롬프트를 끝낼 수 있습니다.
tap_found_garbled = 잘못 디코딩된 바이트, 제어 문자 또는 보이지 않는 문자가 있습니다.
tap_fix_garbled = 제어 문자 없이 UTF-8 텍스트로 보내십시오.
tap_found_identifier = 문장이 아니라 프로그램에서 쓰는 과제 이름입니다.
tap_fix_identifier = 정책이 학습한 문장을 보내십시오.
tap_found_whitespace = 앞뒤 공백, 이어진 공백, 탭 또는 줄바꿈이 있습니다.
tap_fix_whitespace = 학습 때와 같은 방식으로 공백을 정리하십시오.
tap_found_one_word = 낱말 하나뿐입니다.
tap_fix_one_word = 지시문 전체인지, 클래스 라벨이 아닌지 확인하십시오.
tap_nearest = 가장 가까운 학습 지시문: “{ $nearest }”
tap_no_nearest = 어떤 학습 지시문과도 같은 낱말이 없음

## The page and the live view

tap_words_heading = 스텝별 지시문
tap_words_column = 지시문
tap_client_column = 클라이언트
tap_steps_column = 스텝
tap_time_column = 시작
tap_pictures_column = 첫 스텝의 카메라
tap_latency_column = 지연
tap_warnings_column = 경고
tap_client = 클라이언트 { $client }
tap_bands_alt = 클라이언트의 스텝별 지시문입니다. 문장마다 색이 다르며, 표에 텍스트가 있습니다.
tap_facts_heading = 통신
tap_step_now = 스텝

## Shadow questions

tap_meter_heading = 반응도
tap_meter_about = 몇 스텝마다 같은 관측에 다른 지시문을 붙여 서버에 묻습니다. 그 답은 클라이언트에 전달되지 않습니다. 첫 행동의 차원별 차이의 제곱평균제곱근이며, 행동의 단위 그대로입니다.
tap_meter_axis = 스텝 { $first }~{ $last }, 최댓값 { $highest }
tap_meter_alt = 지시문을 바꿨을 때와 같은 지시문으로 다시 물었을 때 행동의 거리를 스텝별로 나타냅니다.
tap_meter_exchanged = 지시문 교체
tap_meter_same = 같은 지시문 반복
tap_meter_short = { $exchanged } (같은 지시문: { $same })
tap_meter = 클라이언트의 지시문을 “{ $words }” 문장으로 바꾸면 행동이 { $distance }만큼 움직이고({ $count }회의 중앙값), 같은 지시문으로 다시 물으면 { $same }만큼 움직입니다.
tap_meter_scaled = 각 차원을 스텝에 걸친 표준편차로 나누면 { $distance }입니다.
tap_shadow_has_state = 그림자 질문을 하지 않습니다. 같은 관측에 대한 서버의 답이 매번 다릅니다. 노이즈를 뽑거나, 질문이 바꿀 수 있는 상태를 지니고 있습니다. 노이즈만 뽑는 서버라면 --shadow-anyway로 질문할 수 있습니다.
tap_shadow_differs_by_connection = 그림자 질문을 하지 않습니다. 서버가 다른 연결에는 클라이언트와 다르게 답합니다. 노이즈를 뽑거나 클라이언트별 상태를 지니고 있습니다. --shadow-anyway로 질문할 수 있습니다.
tap_shadow_no_answer = 그림자 질문을 하지 않습니다. 탭이 따로 연 연결의 질문에 서버가 행동을 답하지 않았습니다.
tap_shadow_no_prompt = 그림자 질문을 하지 않습니다. 관측에 바꿀 지시문이 없습니다.
tap_shadow_found_later = 그림자 질문을 중단합니다. 같은 관측에 대한 서버의 답이 달라지기 시작했습니다. 천천히 바뀌는 상태가 있을 수 있고, 질문이 그 상태를 바꾸었을 수도 있습니다.
tap_shadow_asked_anyway = 같은 관측에 대한 서버의 답이 다르지만 그림자 질문을 계속합니다. 거리는 항상 같은 지시문의 거리와 함께 보십시오.
