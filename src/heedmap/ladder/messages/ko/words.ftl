# 지시문의 정적 검사: `heedmap words`.

words_page_title = 지시문 점검: 전달한 문장, 과제의 문장, 학습한 문장
words_lead = 소스 { $sources }개의 지시문 { $instructions }개를 모델 없이 읽었습니다. 문제 { $problems }건, 경고 { $warnings }건, 참고 { $notes }건.
words_sources = 소스
words_source = 소스
words_role = 역할
words_role_trained = 학습
words_role_asked = 평가
words_role_given = 지정하지 않음
words_kind = 종류
words_kind_bddl = BDDL 과제
words_kind_lerobot = LeRobot 데이터셋
words_kind_rlds = RLDS 데이터셋
words_kind_hdf5 = HDF5 에피소드
words_kind_list = 목록
words_kind_log = 로그
words_kind_table = 표
words_kind_cases = heedmap 사례
words_instructions = 지시문 수
words_different = 문장 수
words_full_stop = 마침표
words_capital = 대문자 시작
words_findings = 점검 결과
words_none = 발견한 문제가 없습니다. 문장이 온전하며, 과제의 문장이나 학습한 문장과 다른 점이 없습니다.
words_none_alone = 발견한 문제가 없습니다. 문장이 온전합니다. --trained DATASET을 추가하면 학습한 지시문과도 비교합니다.
words_severity_problem = 문제
words_severity_warning = 경고
words_severity_note = 참고
words_said = 정책에 전달
words_text = 문장
words_asked = 과제의 문장
words_trained = 가장 가까운 학습 문장
words_other = 다른 표기
words_where = 위치
words_no_nearest = (학습한 지시문과 공통된 단어가 없음)
words_more = 다른 문장 { $count }개 더 있음: --full, --json, --out으로 최대 { $most }개까지 표시합니다.
words_suites = 스위트별: { $suites }
words_do = 권장 조치: { $fix }
words_needed = 이 데이터셋에는 프레임이 있습니다. 프레임만으로 액션이 예측되는지는 `heedmap needed`로 측정합니다.
words_limits = 문장만 비교합니다. 정책이 지시문을 따르는지는 `heedmap audit`으로 측정합니다.
words_json_at = JSON 파일: { $path }

## 점검 결과: 발견한 것(words_found_*)과 권장 조치(words_fix_*)

words_found_change_not_said = 과제 { $total }개 중 { $count }개: 스위트가 지시문을 바꾸었지만, 정책에는 바뀌지 않은 파일 이름의 문장이 전달됩니다. 변경은 (:language ...) 필드에만 있으므로, 이 과제의 결과는 새 지시문을 따르는지를 보여 주지 않습니다.
words_fix_change_not_said = 정책에 (:language ...) 필드의 문장을 전달하고(LIBERO에서는 task.language 대신 env.language_instruction) 다시 평가하십시오.
words_found_said_opposes = 과제 { $total }개 중 { $count }개: 정책에 전달되는 문장이 과제의 문장과 반대입니다(예: 오른쪽 대신 왼쪽).
words_fix_said_opposes = 과제의 목표를 확인하십시오. 둘 중 하나가 잘못되었습니다. 옳은 문장을 정책에 전달하거나 과제를 제외하십시오.
words_found_said_differs = 과제 { $total }개 중 { $count }개: 정책에 전달되는 문장이 과제의 문장과 다릅니다.
words_fix_said_differs = 두 문장이 같은 과제를 뜻하는지 확인하십시오. 지시문을 바꾸려는 스위트라면 과제의 문장을 정책에 전달하십시오.
words_found_said_differs_trained = 과제 { $total }개 중 { $count }개: 전달되는 문장이 과제의 문장과 다르지만, 학습에서 같은 문장을 사용했습니다. 지시문을 바꾸려는 스위트가 아니라면 문제가 없습니다.
words_fix_said_differs_trained = 학습에 사용한 스위트라면 조치가 필요 없습니다. 결과를 보고할 때는 과제 파일의 문장이 아니라 전달한 문장을 적으십시오.
words_found_said_differs_base = 과제 { $total }개 중 { $count }개: 전달되는 문장이 (:language ...) 필드와 다르지만, 지시문을 바꾸는 스위트가 아닙니다(원본 스위트이거나 원본과 필드가 같음). LIBERO를 변환한 데이터셋이 대개 그렇듯 학습에서 파일 이름의 문장을 사용했다면 문제가 없습니다.
words_fix_said_differs_base = 조치가 필요 없습니다. 필드의 문장을 전달하는 프로그램의 결과와는 비교하지 마십시오.
words_found_outside_training = 지시문 { $total }개 중 { $count }개(서로 다른 문장 { $different }개)의 표현이 학습한 지시문에 없습니다.
words_fix_outside_training = 알려진 과제라면 학습한 표현을 사용하십시오. 새 표현을 시험하는 것이라면 결과에 그렇게 밝히십시오.
words_found_form_differs = 지시문 { $total }개 중 { $count }개의 형식이 학습과 다릅니다. { $form ->
    [full_stop] 문장 끝의 구두점
    [capital] 첫 글자의 대문자
    [underscores] 공백 대신 밑줄
   *[line_break] 줄바꿈
  }: 학습 문장의 { $trained } ({ $trained_hits }/{ $trained_total }), 이 소스의 { $now } ({ $now_hits }/{ $now_total }). 단어가 같아도 토큰 ID가 달라집니다.
words_fix_form_differs = 학습과 평가에서 같은 함수로 프롬프트를 만드십시오.
words_found_unreadable = 파일 { $count }개는 BDDL 형식이 아니어서 제외했습니다. 읽은 파일은 { $total }개입니다.
words_fix_unreadable = 이 파일을 고치거나 제거하십시오. LIBERO도 읽지 못합니다.
words_found_characters = 지시문 { $total }개 중 { $count }개가 글자 단위로 나뉘어 있습니다. 문자열을 목록으로 처리했습니다.
words_fix_characters = 과제를 문장 하나의 목록 또는 문자열 하나로 전달하고 데이터셋을 다시 만드십시오.
words_found_empty = 지시문 { $total }개 중 { $count }개가 비어 있습니다. 따를 내용이 없습니다.
words_fix_empty = 지시문을 작성하거나 해당 에피소드를 제외하십시오.
words_found_placeholder = 지시문 { $total }개 중 { $count }개가 자리 표시자입니다. 빈칸을 채우지 않았거나, 빠진 문장 대신 넣은 단어입니다.
words_fix_placeholder = 지시문을 만드는 곳에서 빈칸을 채우거나 해당 에피소드를 제외하십시오.
words_found_preamble = 지시문 { $total }개 중 { $count }개가 언어 모델이 답 앞에 붙이는 말이나 라벨로 시작합니다.
words_fix_preamble = 다시 쓴 지시문만 남기십시오. 모델에 JSON을 요청하고 답을 검사하십시오.
words_found_appended = 지시문 { $total }개 중 { $count }개의 끝에 문장에 속하지 않는 설정, 숫자, 기호가 있습니다. 파일 이름을 지시문으로 쓸 때 생깁니다.
words_fix_appended = 파일 이름에서 지시문을 만드는 곳에서 뒷부분을 잘라 내십시오.
words_found_truncated = 지시문 { $total }개 중 { $count }개가 { $most }토큰을 넘습니다(최대 { $longest }토큰). 끝부분은 정책에 도달하지 않습니다. 프롬프트 템플릿에도 토큰이 필요합니다.
words_fix_truncated = 한도를 늘리거나, 지시문을 줄이거나, 잘릴 수 있는 부분보다 앞에 지시문을 두십시오.
words_found_cut_short = 지시문 { $total }개 중 { $count }개가 문장 중간에서 끝납니다.
words_fix_cut_short = 온전한 문장으로 되돌리십시오. 글자 수나 파일 이름 길이의 제한이 있는지 확인하십시오.
words_found_markup = 지시문 { $total }개 중 { $count }개에 마크업이 있습니다: 태그, 마크다운, 특수 토큰, 이스케이프, 전체를 감싼 따옴표.
words_fix_markup = 지시문을 만드는 곳에서 제거하십시오. 문장 속의 특수 토큰은 프롬프트를 끝낼 수 있습니다.
words_found_garbled = 지시문 { $total }개 중 { $count }개에 잘못 디코딩된 바이트, 제어 문자, 보이지 않는 문자가 있습니다.
words_fix_garbled = 문장을 UTF-8로 읽고 쓰며, 제어 문자를 제거하십시오.
words_found_identifier = 지시문 { $total }개 중 { $count }개가 문장이 아니라 과제 이름입니다.
words_fix_identifier = 문장으로 학습하고 평가하십시오. 이름을 문장으로 바꾸는 표를 하나 만들어 양쪽에서 사용하십시오.
words_found_script = 지시문 { $total }개 중 { $count }개가 나머지와 다른 문자를 사용합니다(대부분의 문자: { $script }).
words_fix_script = 학습 데이터에 이 언어가 있고 토크나이저가 이를 아는지 확인하십시오.
words_found_foretold = 첫 프레임에 대한 선형 프로브가 학습에 쓰지 않은 에피소드의 { $accuracy } ({ $episodes }개 중 { $hits }개)에서 지시문을 맞히며(가장 흔한 지시문만 고르면 { $majority }), 지시문 엔트로피 중 { $share } 만큼을 설명합니다. 프레임만으로 지시문이 예측되므로 정책은 단어를 읽지 않고도 액션을 배울 수 있습니다.
words_fix_foretold = 같은 장면에서 여러 지시문을 기록하거나 반사실 쌍으로 학습하십시오(heedmap finetune). 그다음 heedmap exam으로 단어가 액션을 결정하는지 확인하십시오.
words_found_frames_unread = 프레임만으로 지시문이 예측되는지는 측정하지 않았습니다. 에피소드 { $count }개 중 { $read }개에서만 첫 프레임을 읽었습니다.
words_fix_frames_unread = heedmap[data](LeRobot, HDF5) 또는 heedmap[rlds]를 설치하고, heedmap audit --cases가 데이터셋에 대해 무엇을 알리는지 확인하십시오.
words_found_only_one = 지시문 { $total }개 중 { $count }개가 모두 같은 문장입니다. 정책은 여기서 아무것도 알 수 없습니다.
words_fix_only_one = 이 데이터로 학습한 정책이 지시문을 따를 것으로 기대하지 마십시오. 같은 장면에 다른 과제를 추가하십시오.
words_found_variants = 지시문 { $total }개 중 { $count }개는 같은 단어를 다른 형식(대소문자, 구두점, 공백)으로 쓴 것입니다.
words_fix_variants = 지시문마다 한 가지 형식만 사용하십시오. 토크나이저는 형식이 다르면 다른 문장으로 처리합니다.
words_found_whitespace = 지시문 { $total }개 중 { $count }개의 앞뒤에 공백이 있거나, 공백이 연속되거나, 탭 또는 줄바꿈이 있습니다.
words_fix_whitespace = 학습과 평가에서 공백을 같은 방식으로 정규화하십시오.
words_found_one_word = 지시문 { $total }개 중 { $count }개가 한 단어입니다.
words_fix_one_word = 클래스 라벨이 아니라 온전한 지시문인지 확인하십시오.
words_found_template = 서로 다른 문장 { $different }개(지시문 { $total }개 중 { $count }개)가 단어 하나만 바뀌는 같은 문장입니다: “{ $template }”. 정책이 그 단어만 학습할 수 있습니다.
words_fix_template = 언어를 시험하려면 다른 문장을 추가하십시오. `heedmap counterfactuals`로 만들 수 있습니다.
words_found_same_task = 항목 { $total }개 중 { $count }개가 앞의 항목과 같은 문장을 사용합니다.
words_fix_same_task = 복사본이 아니라 같은 과제의 다른 장면인지 확인하십시오.
