# The exam of changed instructions: `heedmap exam`.

exam_title = Which changes of the instruction change the action?
exam_lead = Policy { $policy } on { $dataset }: { COUNT($frames, "frame/frames") } ({ $episodes } independent), { COUNT($instructions, "different instruction/different instructions") }, { COUNT($variants, "variant/variants") }.
exam_scale = An action counts as the same up to a distance of { $floor }. Two runs of the same differ by { $noise } at most. Variants that should change the action change it by { $others } on average.
exam_own_right = Under the frames' own instructions the action is the expected one in: { $own }.
exam_kind = Kind
exam_should = Should change?
exam_variants = Variants
exam_effect = Effect ({ $unit })
exam_share = As it should (95 % CI)
exam_verdict = Finding
exam_should_change = yes
exam_should_keep = no
exam_should_control = control
exam_moved = Other kinds change the action, to which one is not known: { $kinds }.
exam_outside = Not read in words that the data set does not have: { $kinds }.
exam_misread = Changes the action, but not to the expected one: { $kinds }.
exam_unasked = Do not change the action, and whether they should is not known: { $kinds }.
exam_wording = Sensitive to wording, nearly as much as to another instruction: { $kinds }.
exam_affected = Should not change the action, but do in part: { $kinds }.
exam_refused = Variants that the policy refused or failed on, and that are not measured: { $refused }.
exam_answered = Only { $answered } of { COUNT($frames, "frame is/frames are") } measured: on the others the policy refused the frame's own instruction.
exam_rate_counted = { $rate } of cases ({ $hits } of { $total })
exam_foretold = On this data set the frame alone predicts { $share } of the instruction's entropy, so a policy can learn it without the words.

## Kinds of change

exam_kind_verb = verb
exam_kind_noun = noun
exam_kind_colour = colour
exam_kind_direction = direction
exam_kind_number = number
exam_kind_negation = negation
exam_kind_order = order
exam_kind_trained = trained pairing
exam_kind_untrained = untrained pairing
exam_kind_punctuation = punctuation
exam_kind_case = case
exam_kind_filler = filler words
exam_kind_paraphrase = paraphrase
exam_kind_nonsense = nonsense
exam_kind_blank = no words

## The verdict on the policy

exam_policy_follows = Follows its instruction: the action is the expected one under changes of { $read }.
exam_policy_responds = Responds to its instruction: changes of { $kinds } change the action. Whether to the right one is not known, for the data set expects no actions.
exam_policy_partial = Follows in part: reacts to { $reacts }, but not to { $lacking }.
exam_policy_partial_only = Follows in part: reacts to { $reacts }.
exam_policy_partial_change = Responds in part: reacts to { $reacts }, but not to { $lacking }. Which action is right is not known.
exam_policy_partial_change_only = Responds in part: reacts to { $reacts }. Which action is right is not known.
exam_in_part = { $kind } (in part)
exam_policy_memorised = Has memorised pairings of frame and words: the action is right under trained pairings in { $trained }, under untrained ones in { $untrained }, where it is one that the frame was trained with in { $stays }.
exam_policy_swapped = Swaps actions: each is done when the other is asked for ({ $pairs }).
exam_policy_gate_only = Notices only whether there are words that it knows: exchanging words does not change the action, made-up words or no words do.
exam_policy_gate_blank = Notices only whether there are words: exchanging words or making them up does not change the action, no words do.
exam_policy_little_effect = The instruction has little effect: no kind of change, not even no words, changes the action in more than { $most } of cases.
exam_policy_drowned = Nothing can be concluded: two runs of the same differ by up to { $noise }, about as much as other instructions make. Pin the policy's noise, or take means.
exam_policy_no_effect = The instruction has no effect: neither other words nor no words change the action.
exam_policy_wording = Sensitive to wording: each of these changes the action more than half as much as another instruction does: { $kinds }.
exam_policy_incompetent = Acts wrongly under the frames' own instructions (right in { $rate }), so changed ones say little.
exam_policy_misreads = Another instruction changes the action, but not to the expected one: { $kinds }.
exam_policy_undecided = Nothing can be concluded: there are too few frames, or the intervals are too wide.

## The finding of one kind

exam_short_read = read
exam_short_changes = changes
exam_short_partly = in part
exam_short_unread = not read
exam_short_wrong = misread
exam_short_kept = unaffected
exam_short_partly_kept = affected in part
exam_short_sensitive = sensitive
exam_short_moves = changes
exam_short_sometimes = changes in part
exam_short_still = no effect
exam_short_few = too few
exam_short_undecided = undecided
exam_short_not_measured = not measured
exam_found_read = the action is the expected one in { $rate } (chance: { $chance }).
exam_found_changes = the action changes, beyond what wording does, in { $rate }; which action is right is not known.
exam_found_partly = the action is the expected one in { $rate }, which is above chance ({ $chance }), but not reliable.
exam_found_partly_changes = the action changes, beyond what wording does, in { $rate }; whether it should in the others is not known.
exam_found_unread = the action changes, beyond what wording does, in only { $changed }.
exam_found_wrong = the action changes in { $changed }, but is the expected one in only { $rate } (chance: { $chance }).
exam_found_kept = the action stays as it is in { $rate }.
exam_found_partly_kept = the action stays as it is in only { $rate }.
exam_found_sensitive = the action stays as it is in { $rate }; the mean effect is { $effect }, that of other instructions { $others }.
exam_found_moves = the action changes in { $rate }.
exam_found_sometimes = the action changes in { $rate }.
exam_found_still = the action changes in only { $rate }.
exam_found_few = { COUNT($frames, "independent frame is/independent frames are") } too few; at least { $fewest } are needed.
exam_found_undecided = { $rate } decides nothing; more frames are needed, or an action that noise and wording change less.
exam_missing_not_chosen = left out by --kinds.
exam_missing_no_word = no instruction of the data set has a word or form that this kind changes.
exam_missing_same_action = all variants ask for the same action as the instruction itself.
exam_missing_no_paraphrase = no paraphrase is known; a case's YAML file may give some.
exam_missing_no_case = the script has no capital letters.
exam_missing_no_other = no other instruction of the data set stands with a frame that looks like these.
exam_missing_all_alike = every instruction of the data set stands with frames that look like these.
exam_missing_looks_unknown = no two episodes share an instruction, so nothing says which frames look alike.
exam_missing_refused = the policy refused, or failed on, every variant.

## The page

exam_chart_title = Share of variants that do as they should
exam_chart_caption = Bars: share of variants; lines: 95 % interval over frames; ticks: chance. Kinds that should change the action count expected actions where known, otherwise changed ones; those that should not count unchanged ones; controls count changed ones.
exam_chart_alt = One bar for each kind of change: the share of variants that do as they should; the table above has the same figures.
exam_chart_axis = Share of variants
exam_kinds_heading = Kinds of change
exam_frames_heading = Frames, the worst first
exam_frames_note = Frames with the largest share of variants that do not do as they should; click one to see its variants. All answers are in answers.parquet.
exam_frame_count = { $wrong } of { $total } not as they should
exam_own = Own instruction
exam_variant = Variant
exam_own_action = Own action
exam_action = Action
exam_expected = Expected
exam_distance = Distance
exam_right = as it should
exam_not_right = not as it should
exam_json_at = Exam: { $path }
