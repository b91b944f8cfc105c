# What passes between a client and a policy server: `heedmap tap`.

tap_title = On the wire: the words that reach the policy
tap_listening = The tap listens at { $at } and passes on to { $server }. Recording: { $out }. Ctrl-C ends it.
tap_point_client = Point the client at { $at } in place of the server.
tap_opened = Client { $client } is connected.
tap_unreachable = A client came, and the server { $server } was not there: { $why }
tap_line = { $grade } [{ $code }] client { $client }, step { $step }: { $sentence } What to do: { $fix }
tap_first_words = Client { $client }, step { $step }: “{ $words }”
tap_not_recorded = From here on nothing is recorded, and everything passes as before: { $why }
tap_page_at = Page: { $path }

## Summary

tap_lead = { $steps } { $steps ->
    [one] step
   *[other] steps
  } of { $clients } { $clients ->
    [one] client
   *[other] clients
  } in { $seconds } s: { $warnings } { $warnings ->
    [one] warning
   *[other] warnings
  }, { $notes } { $notes ->
    [one] note
   *[other] notes
  }.
tap_none = Nothing odd about the words: they are there, whole, and did not go back and forth.
tap_none_alone = With --trained DATASET the words are also compared with the training instructions.
tap_no_steps = No observation passed.
tap_latency = Answers of the server took { $median } ms (median), { $slow } ms (99 %), seen from the tap.
tap_errors = { $count } { $count ->
    [one] answer was an error
   *[other] answers were errors
  } of the server.
tap_unanswered = { $count } { $count ->
    [one] observation
   *[other] observations
  } got no answer.
tap_dropped = { $count } { $count ->
    [one] message
   *[other] messages
  } passed without being observed: the observer was behind, or they were longer than 32 MiB.
tap_unreadable = { $count } { $count ->
    [one] message
   *[other] messages
  } passed that could not be read; see --protocol, --prompt-key and --actions-key.
tap_batched = { $count } { $count ->
    [one] message holds
   *[other] messages hold
  } the observations of several robots: only the first one's words, state and action were recorded.
tap_away = { $count } { $count ->
    [one] client
   *[other] clients
  } came while the server was not there.
tap_thumbnails_removed = To stay within { $most } MB, thumbnails of the first { $parts } { $parts ->
    [one] part
   *[other] parts
  } of the recording were removed.
tap_steps_removed = To stay within { $most } MB, the first { COUNT($steps, "step/steps") } of the recording were removed.
tap_killed = The tap was killed while it ran; these are the steps up to then.
tap_running = The tap is running; this page is written again every few seconds.
tap_at = client { $client }, step { $first }
tap_from_to = client { $client }, steps { $first } to { $last }
tap_more = { $count } more
tap_counts = { $runs } { $runs ->
    [one] time
   *[other] times
  }, { $steps } { $steps ->
    [one] step
   *[other] steps
  }
tap_grade_warning = Warning
tap_grade_note = Note
tap_no_words = (no words)

## Findings

tap_found_missing = The observation has no words: there is no text at the prompt's key.
tap_fix_missing = Send the instruction with every observation. Some servers put in a default of their own; look which. Where the words have another name, give --prompt-key.
tap_found_empty = The words are empty: there is nothing to follow.
tap_fix_empty = Look where the client takes the words from, and why they are gone here.
tap_found_changed_in_episode = The words changed within an episode.
tap_fix_changed_in_episode = If the task is meant to change, nothing. Otherwise set the words once, at the start of the episode.
tap_found_went_back = The words changed, and a few steps later they were the earlier ones again.
tap_fix_went_back = Look for two places in the client that set the words, or for a queue that holds old observations.
tap_found_same_observation = The same images and state came three times or more in a row, byte for byte. A simulator at rest does so, too.
tap_fix_same_observation = Where the robot moved, look for a camera or a buffer that stands still: the policy then acts on an old picture.
tap_found_same_answer = The words changed, and the answer is bit for bit the one before the change, though the observation is another one.
tap_fix_same_answer = Look for a cached chunk of actions in the server or before it; then audit the policy: heedmap audit server:ws://HOST:PORT.
tap_found_outside_training = The words are those of no training instruction.
tap_fix_outside_training = If a known task is meant, use its training wording. If new wording is the test, report it as such.
tap_found_changed = The words changed. The client marked no episode, so that this may be a new one.
tap_fix_changed = Nothing, where a new task begins.
tap_found_characters = The words fell apart into characters: a text was taken for a list.
tap_fix_characters = Send the instruction as one text.
tap_found_placeholder = The words are a placeholder: a slot was never filled, or a word stands for a missing text.
tap_fix_placeholder = Fill the slot where the client makes the instruction.
tap_found_preamble = The words begin with what a language model writes before its answer, or with a label.
tap_fix_preamble = Send only the instruction itself.
tap_found_appended = The words end with settings, numbers or signs that do not belong to the sentence.
tap_fix_appended = Cut the ending off where the client makes the instruction, as from the name of a file.
tap_found_cut_short = The words end in the middle of a sentence.
tap_fix_cut_short = Look for a limit on characters in the client.
tap_found_markup = There is markup in the words: tags, Markdown, special tokens, escapes or quotation marks around them.
tap_fix_markup = Strip it in the client. Special tokens can end the prompt.
tap_found_garbled = There are wrongly decoded bytes, control characters or invisible ones in the words.
tap_fix_garbled = Send the text as UTF-8, without control characters.
tap_found_identifier = The words are the name of a task, as programs write it, and no sentence.
tap_fix_identifier = Send the sentence that the policy was trained on.
tap_found_whitespace = There are spaces at an end, several in a row, tabs or line breaks in the words.
tap_fix_whitespace = Normalise whitespace as in training.
tap_found_one_word = The words are a single one.
tap_fix_one_word = Check that it is the whole instruction, and no label of a class.
tap_nearest = nearest in training: “{ $nearest }”
tap_no_nearest = shares no word with any training instruction

## The page and the live view

tap_words_heading = Words over steps
tap_words_column = Words
tap_client_column = Client
tap_steps_column = Steps
tap_time_column = From
tap_pictures_column = Cameras at the first step
tap_latency_column = Latency
tap_warnings_column = Warnings
tap_client = client { $client }
tap_bands_alt = The words of a client over its steps, a colour for each; the table has them as text.
tap_facts_heading = The traffic
tap_step_now = Step

## Shadow questions

tap_meter_heading = Heed meter
tap_meter_about = Every few steps the tap asks the server about the same observation with other words; the answers never reach the client. Root mean square over the dimensions of the first action, in its own units.
tap_meter_axis = steps { $first } to { $last }, highest { $highest }
tap_meter_alt = Distance of the action under exchanged words, and under the same words, over steps.
tap_meter_exchanged = words exchanged
tap_meter_same = same words again
tap_meter_short = { $exchanged } (same words: { $same })
tap_meter = With “{ $words }” in place of the client's words the action moves by { $distance } (median of { $count }); when the same words are asked again, by { $same }.
tap_meter_scaled = With each dimension divided by its standard deviation over the steps: { $distance }.
tap_shadow_has_state = No shadow questions: the server answers one observation in different ways. It draws noise, or it holds state that questions would change. Where it only draws noise, --shadow-anyway asks all the same.
tap_shadow_differs_by_connection = No shadow questions: the server answers another connection otherwise than the client's. It draws noise, or it holds state of each client; --shadow-anyway asks all the same.
tap_shadow_no_answer = No shadow questions: the server gave no action to a question on a connection of the tap's own.
tap_shadow_no_prompt = No shadow questions: the observation has no words to exchange.
tap_shadow_found_later = No more shadow questions: the server's answers to one observation began to differ. It may hold state that changes slowly, which the questions may have changed, too.
tap_shadow_asked_anyway = Shadow questions are asked although the server's answers to one observation differ: read every distance beside that under the same words.
