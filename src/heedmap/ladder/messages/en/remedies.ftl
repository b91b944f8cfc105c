# Remedies, tried and judged: `heedmap remedy` and `heedmap finetune`.

remedy_title = What helps?
remedy_lead = Policy { $policy }: { COUNT($frames, "frame/frames") } ({ $episodes } independent). Cause found by the audit: { $cause }.
remedy_as_it_is = as it is
remedy_remedy = Remedy
remedy_passes = Runs an action
remedy_outcome = Outcome
remedy_scale = Percent of cases with 95 % CI over episodes. Following by chance: { $chance }. "Helps" is at least { $least } more following, significant after adjustment for { $count } tried, and no side effect worse beyond the interval of its change.
remedy_before_after = Before and after
remedy_json_at = Remedies: { $path }
remedy_adapter_at = Adapter: { $path }

## Cells

remedy_cell_following = Other instruction followed
remedy_cell_responds = Exchange moves the action
remedy_cell_competence = Own instruction right
remedy_cell_paraphrase = Right in other words
remedy_cell_blank = Still without words
remedy_cell_frame_wins = Frame wins where it must
remedy_short_following = follows
remedy_short_competence = own
remedy_short_paraphrase = reworded
remedy_short_blank = still
remedy_short_frame_wins = frame
remedy_short_passes = runs
remedy_missing = Not measured: { $list }.
remedy_missing_no_exchange = no frame has an instruction that expects another action than its own
remedy_missing_no_label = no expected action is known
remedy_missing_no_paraphrase = no paraphrases were given
remedy_missing_no_still = no action was named that stands still (--still)
remedy_missing_no_frame_wins = no frame expects one action under every instruction, as before an obstacle
remedy_missing_refused = the policy refuses or fails

## Remedies

remedy_name_guidance = guidance { $setting }
remedy_name_reweighting = attention to the words { $setting }
remedy_name_nearest = nearest known instruction
remedy_name_form = form: { $setting }
remedy_name_telling_words = only words that differ
remedy_name_agreement = agreement of { COUNT($setting, "wording/wordings") }
remedy_name_opened = words made visible
remedy_name_inserted = words inserted
remedy_name_lengthened = longer limit of tokens
remedy_name_padded_behind = padding behind the words
remedy_name_fresh = no state kept
remedy_name_finetuned = fine-tuned { $setting }
remedy_form_plain = lower case, no full stop
remedy_form_sentence = capital and full stop
remedy_form_question = as OpenVLA's question
remedy_null_blank = no words
remedy_null_nonsense = made-up words
remedy_null_mean = the mean over instructions
remedy_null_branch = Guidance moves away from what the policy does under { $null }; those actions are like its others on these frames.
remedy_untrained = { $remedies }: the same weights get what they were not trained with. Where that does not help, retraining in the corrected wiring is due (heedmap finetune, or your own training).
remedy_why_not = { $remedy }: not applied. { $why }
remedy_finetuned = Trained on { COUNT($frames, "frame/frames") } ({ COUNT($pairs, "pair/pairs") } of frame and instruction), measured on { COUNT($held, "other/others") }: { COUNT($weights, "weight/weights") } over { COUNT($layers, "layer/layers") }, rank { $rank }, { COUNT($steps, "step/steps") }; the loss went from { $first } to { $last }.
finetune_loss = loss { $loss }
remedy_finetuned_cause = With the adapter the audit finds as the cause: { $cause }.
remedy_finetuned_wiring = It was trained in a corrected wiring, and works in that wiring alone: correct the policy's code before the adapter is used.

## Outcomes

remedy_outcome_helps = helps
remedy_outcome_breaks = makes worse: { $cells }
remedy_outcome_no_gain = no gain
remedy_outcome_not_applied = not applied

## Verdict

remedy_verdict_recommended = Recommended: { $remedy }. Other instructions are followed in { $after } instead of { $before }, no measured side effect gets worse, at { COUNT($passes, "run/runs") } of the policy an action.
remedy_verdict_recommended_responds = Recommended, with care: { $remedy }. Other instructions move the action in { $after } instead of { $before }, no measured side effect gets worse, at { COUNT($passes, "run/runs") } of the policy an action. Whether it moves to the right one is not known: no expected action was given.
remedy_verdict_none_helps = Of { COUNT($count, "remedy/remedies") } tried, none helps. No gain: { $gainless }; a side effect gets worse: { $breaking }.
remedy_verdict_nothing_fits = No remedy at inference fits this cause: correct it where the audit says, or train (heedmap finetune).
remedy_verdict_follows_already = It follows already, in { $before } of cases; no remedy is tried.
remedy_verdict_follows_unlabelled = The audit found no fault; no remedy is tried.
remedy_verdict_no_following = Nothing was tried: following cannot be measured, for { $why }.
remedy_next_finetune = Next: heedmap finetune trains a small adapter on your own frames, each with several instructions and their expected actions.
