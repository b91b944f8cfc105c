# The static audit of instructions: `heedmap words`.

words_page_title = Instructions: what is said, what is asked, what was trained
words_lead = { $instructions } { $instructions ->
    [one] instruction
   *[other] instructions
  } of { $sources } { $sources ->
    [one] source
   *[other] sources
  } read, without a model: { $problems } { $problems ->
    [one] problem
   *[other] problems
  }, { $warnings } { $warnings ->
    [one] warning
   *[other] warnings
  }, { $notes } { $notes ->
    [one] note
   *[other] notes
  }.
words_sources = Sources
words_source = Source
words_role = Role
words_role_trained = training
words_role_asked = evaluation
words_role_given = not stated
words_kind = Kind
words_kind_bddl = BDDL tasks
words_kind_lerobot = LeRobot data set
words_kind_rlds = RLDS data set
words_kind_hdf5 = HDF5 episodes
words_kind_list = list
words_kind_log = log
words_kind_table = table
words_kind_cases = heedmap cases
words_instructions = Instructions
words_different = Different
words_full_stop = Full stop
words_capital = Capital
words_findings = Findings
words_none = No finding: the texts are whole, and nothing differs from what is asked or was trained.
words_none_alone = No finding: the texts are whole. With --trained DATASET they are also compared with the training instructions.
words_severity_problem = Problem
words_severity_warning = Warning
words_severity_note = Note
words_said = given to the policy
words_text = text
words_asked = asked by the task
words_trained = nearest in training
words_other = also written
words_where = Where
words_no_nearest = (shares no word with any training instruction)
words_more = { $count } more { $count ->
    [one] text
   *[other] different texts
  }: --full, --json or --out shows up to { $most }.
words_suites = By suite: { $suites }
words_do = What to do: { $fix }
words_needed = The data set has frames. Whether the frame alone predicts the action is measured by `heedmap needed`.
words_limits = Only texts are compared. Whether the policy follows its instruction is measured by `heedmap audit`.
words_json_at = JSON: { $path }

## Findings: what was found (words_found_*) and what to do (words_fix_*)

words_found_change_not_said = { $count } of { COUNT($total, "task/tasks") }: the suite changes the instruction, but the policy is given the words of the file name, which are unchanged. The change is only in the (:language ...) field, so a result on these tasks says nothing about following the new instruction.
words_fix_change_not_said = Give the policy the (:language ...) field, in LIBERO env.language_instruction instead of task.language, and evaluate again.
words_found_said_opposes = { $count } of { COUNT($total, "task/tasks") }: the policy is given the opposite of what the task asks for, as left for right.
words_fix_said_opposes = Look at the goal of the task: one of the two is wrong. Give the policy the right one, or leave the task out.
words_found_said_differs = { $count } of { COUNT($total, "task/tasks") }: the policy is given other words than the task asks for.
words_fix_said_differs = Check whether the two mean the same task. If the suite is meant to change the instruction, give the policy the words that are asked.
words_found_said_differs_trained = { $count } of { COUNT($total, "task/tasks") }: the words given differ from those asked, but training used the words given. Harmless, unless this suite is meant to change the instruction.
words_fix_said_differs_trained = Nothing, if the suite is the one that was trained on. Report the words that were given, not those of the task file.
words_found_said_differs_base = { $count } of { COUNT($total, "task/tasks") }: the words given differ from the (:language ...) field, but the suite does not change the instruction: it is a base suite, or has the field of its base suite. Harmless where training used the words of the file name, as data sets converted from LIBERO usually do.
words_fix_said_differs_base = Nothing. Do not compare results with those of a program that gives the field.
words_found_outside_training = In { $count } of { COUNT($total, "instruction/instructions") } ({ $different } different) the words are those of no training instruction.
words_fix_outside_training = If a known task is meant, use its training wording. If new wording is the subject of the test, report it as such.
words_found_form_differs = In { $count } of { COUNT($total, "instruction/instructions") } the form is not that of training: { $form ->
    [full_stop] final punctuation
    [capital] a capital first letter
    [underscores] underscores for spaces
   *[line_break] line breaks
  } in { $trained } of the training texts ({ $trained_hits } of { $trained_total }) and in { $now } of these ({ $now_hits } of { $now_total }). The token ids differ although the words are the same.
words_fix_form_differs = Use one function for the prompt in training and in evaluation.
words_found_unreadable = { $count } { $count ->
    [one] file is no BDDL and is left out; { $total } were
   *[other] files are no BDDL and are left out; { $total } were
  } read.
words_fix_unreadable = Mend these files, or remove them: LIBERO cannot read them either.
words_found_characters = Split into characters: { $count } of { COUNT($total, "instruction/instructions") }. A text was taken for a list.
words_fix_characters = Pass the task as a list with one text, or as one text, and write the data set again.
words_found_empty = Empty: { $count } of { COUNT($total, "instruction/instructions") }. Nothing can be followed.
words_fix_empty = Write the instructions, or drop these episodes.
words_found_placeholder = Placeholders: { $count } of { COUNT($total, "instruction/instructions") }. A slot was never filled, or a word stands for a missing text.
words_fix_placeholder = Fill the slot where the instruction is made, or drop these episodes.
words_found_preamble = In { $count } of { COUNT($total, "instruction/instructions") } the text begins with what a language model writes before its answer, or with a label.
words_fix_preamble = Keep only the rewritten instruction; ask the model for JSON, and check its answer.
words_found_appended = In { $count } of { COUNT($total, "instruction/instructions") } the text ends with settings, numbers or signs that do not belong to the sentence, as when a file name becomes an instruction.
words_fix_appended = Cut the ending off where the instruction is made from the file name.
words_found_truncated = More than { COUNT($most, "token/tokens") }: { $count } of { COUNT($total, "instruction/instructions") } (the longest: { $longest }). The end never reaches the policy. A prompt template needs tokens as well.
words_fix_truncated = Raise the limit, shorten the instructions, or put the instruction before what may be cut.
words_found_cut_short = In { $count } of { COUNT($total, "instruction/instructions") } the text ends in the middle of a sentence.
words_fix_cut_short = Restore the whole texts; look for a limit on characters or on the length of a file name.
words_found_markup = In { $count } of { COUNT($total, "instruction/instructions") } there is markup: tags, Markdown, special tokens, escapes or quotation marks around all of it.
words_fix_markup = Strip it where the instruction is made. Special tokens in a text can end the prompt.
words_found_garbled = In { $count } of { COUNT($total, "instruction/instructions") } there are wrongly decoded bytes, control characters or invisible ones.
words_fix_garbled = Read and write the texts as UTF-8, and remove control characters.
words_found_identifier = Names of tasks instead of sentences: { $count } of { COUNT($total, "instruction/instructions") }.
words_fix_identifier = Train and evaluate on sentences; map every name to its sentence once, and use that map on both sides.
words_found_script = In { $count } of { COUNT($total, "instruction/instructions") } there are letters of another script than that of most ({ $script }).
words_fix_script = Check that training has this language and that the tokenizer knows it.
words_found_foretold = A linear probe on the first frame names the instruction in { $accuracy } of held-out episodes ({ $hits } of { $episodes }; the most frequent one alone: { $majority }) and explains { $share } of its entropy. The frame alone predicts the instruction, so a policy can learn the actions without reading the words.
words_fix_foretold = Record several instructions in the same scene, or train on counterfactual pairs (heedmap finetune); then check with heedmap exam that the words decide.
words_found_frames_unread = Whether the frame predicts the instruction was not measured: the first frame was read in { $read } of { COUNT($count, "episode/episodes") }.
words_fix_frames_unread = Install heedmap[data] (LeRobot, HDF5) or heedmap[rlds], and see what heedmap audit --cases says of the data set.
words_found_only_one = All { $count } of { COUNT($total, "instruction is/instructions are") } the same words: they cannot tell the policy anything.
words_fix_only_one = Expect no policy to follow instructions after training on this; add tasks in the same scenes.
words_found_variants = In { $count } of { COUNT($total, "instruction/instructions") } the words are also there in another form: case, punctuation or spaces.
words_fix_variants = Write each instruction in one form. The tokenizer takes the forms for different texts.
words_found_whitespace = In { $count } of { COUNT($total, "instruction/instructions") } there are spaces at an end, several in a row, tabs or line breaks.
words_fix_whitespace = Normalise whitespace in training and in evaluation.
words_found_one_word = A single word: { $count } of { COUNT($total, "instruction/instructions") }.
words_fix_one_word = Check that this is the whole instruction and no label of a class.
words_found_template = { COUNT($different, "different text/different texts") } ({ $count } of { COUNT($total, "instruction/instructions") }) are one sentence with one changing word: “{ $template }”. A policy can learn that word alone.
words_fix_template = To test language, add other sentences; `heedmap counterfactuals` makes some.
words_found_same_task = The same words as in an earlier entry: { $count } of { COUNT($total, "entry/entries") }.
words_fix_same_task = Check that they are different scenes of one task, and no copies.
