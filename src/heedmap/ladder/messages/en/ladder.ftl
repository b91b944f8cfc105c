# The verdict: names of steps, what was found (cause_*, and_*) and what to do (fix_*).

rung_tokenised = tokenised
rung_present = present
rung_visible = visible
rung_attended = attended
rung_used = used
rung_obeyed = obeyed

lost_tokenised = instruction lost by the tokenizer
lost_present = instruction missing from the sequence or misplaced
lost_visible = input masked from the action token
lost_attended = instruction not read by the action token
lost_used = instruction not used
lost_obeyed = does not follow the instruction

## Causes and fixes

cause_none = The instruction is tokenised, enters the transformer at { RANGE($positions, "position/positions") }, is visible to the action token and attended by it.
cause_none_by_exchange = Only the policy's actions were observed; they depend on the instruction.
fix_none = Nothing to fix on the steps measured.

cause_empty_instruction = Every instruction gives the same few token ids: the prompt contains no instruction.
fix_empty_instruction = Check the key that passes the instruction to the prompt or processor.

cause_stale_instruction = Every instruction gives the same token ids: those of an earlier instruction.
fix_stale_instruction = Clear the cache of the tokenised instruction at every call, or key it by the instruction.

cause_truncated = The instruction is truncated. Words that change no token id: { $lost_words }.
fix_truncated = Raise the tokenizer's max_length, or shorten the prompt before the instruction.

cause_unknown_words = Words unknown to the tokenizer: { $lost_words }. Replacing them changes no token id.
fix_unknown_words = Use the tokenizer that the policy was trained with, or words that it knows.

cause_same_ids = Different instructions give the same token ids: { $pairs }.
fix_same_ids = Check what the tokenizer drops (case, punctuation, stop words).

cause_overwritten = The instruction is not in the sequence: image embeddings overwrite its words at { RANGE($overwritten, "position/positions") }.
fix_overwritten = Insert the image embeddings between the tokens instead of overwriting them.

cause_length_leak = The instruction is not in the sequence; only the token count affects the action, through the mask (length leak).
fix_length_leak = Insert the image embeddings between the tokens, and build the mask for the merged sequence.

cause_absent = The instruction is not in the sequence: no input position of layer 0 changes with it.
fix_absent = Trace the word embeddings from the embedding layer to the transformer's input.

cause_shifted_by_padding = The positions of the instruction depend on its length: padding precedes it, and position ids count the padding.
fix_shifted_by_padding = Pad on the other side, or derive position ids from the attention mask.

cause_masked = The instruction is in the sequence at { RANGE($positions, "position/positions") }, but the mask hides it from the action token in every layer.
fix_masked = Build the attention mask for the merged sequence of image and text.

cause_action_before_instruction = The instruction is at { RANGE($positions, "position/positions") }, after the action token: a causal mask hides it from the action token.
fix_action_before_instruction = Place the action token after the instruction.

cause_image_masked = The instruction is visible, but all { COUNT($image_total, "image token is/image tokens are") } masked: the policy cannot see the image.
fix_image_masked = Build the attention mask for the merged sequence of image and text.

cause_values_zero = The action token attends to the instruction ({ $share }), but the value vectors there are zero in every layer.
fix_values_zero = Check the value projection (a zeroed adapter, a mask on the values).

cause_unattended = The instruction is visible at { RANGE($positions, "position/positions") }, but no layer attends to it.
fix_unattended = Compare the positions and the scale of the word embeddings with those in training.

cause_unused = The instruction is visible to the action token and is attended ({ $share }), but the action does not depend on it: swapping the instruction changes the action by { $swap }.
cause_unused_by_exchange = The action does not depend on the instruction: swapping the instruction changes the action by { $swap }.
fix_unused = Check the training data: does each action match its instruction, and is the instruction needed there? `heedmap needed DATASET` measures this.

cause_confounded = The action follows the frame, not the instruction: under the original instructions it is as expected in { $competent }, but it is the same action under { $anyway } of the swapped instructions.
fix_confounded = Train on the same frames with other instructions and other actions. `heedmap needed DATASET` measures how well the frame alone predicts the action.

cause_disobeyed = The instruction is used but not followed: the action is as expected in { $rate }, chance level { $chance }.
fix_disobeyed = Compare the action labels, their order and their signs with those in training.

cause_not_competent = The policy is not competent on these frames: even under the original instructions the action is as expected only in { $competent }, so whether it follows instructions cannot be judged.
fix_not_competent = Audit on frames like those in training, or train further.

cause_not_needed = These frames do not need the instruction: every instruction has the same expected action, so the audit cannot show whether the policy follows it.
fix_not_needed = Provide frames and instructions with different expected actions.

cause_indirect_only = The instruction at { RANGE($positions, "position/positions") } reaches the action token only through other positions ({ COUNT($hops, "hop/hops") }); 0 % direct attention proves nothing.
fix_indirect_only = No fix needed if intended. Test by knockout, not by attention weights.

cause_bypass = The instruction reaches the action outside the sequence, through the bypass path '{ $module }', which attention does not show.
fix_bypass = No fix needed if intended. Judge the policy by swapping instructions.

cause_not_measured = The instruction could not be traced: no other instruction of equal token count was found.
fix_not_measured = Provide instructions of equal token count, or the policy's token_count.

## What follows a cause

and_used = It is used: attention knockout removes { $removed } of the difference between the actions.
and_read_elsewhere = It is read in { $read_in }, but not in { $unread_in }, from which the action is decoded.
and_read_in_calls = It is read in { $reading }, which runs { COUNT($calls, "time/times") }, in call { $calls_reading } only (numbered from 0).
and_carries_nothing = { $carries_nothing } holds the instruction, but by itself brings over next to nothing of it: with what its layers compute taken from the run under another instruction, the action moves by at most { $carries_at_most } of the difference.
and_image_only = { $image_only } attends to image positions alone: no word is read there.
and_used_in_calls = Of the { COUNT($calls_cut, "call/calls") } of what reads it, only in { $calls_used } (numbered from 0) does cutting it change the action.
and_used_whole = It is used: attention knockout leaves { $left } of the difference of { $dependence } between the actions; as many random edges leave { $random }.
and_used_by_exchange = It is used: swapping the instruction changes the action by { $swap }.
and_used_over_others = It arrives through other positions: cutting only the action token's own edges removes { $directly }.
and_obeyed = The policy follows it: the action is as expected in { $rate }, chance level { $chance }.
and_right_way_unknown = Whether the action is correct was not measured: no expected actions were given (--expect).
and_same_action = Under all instructions the action is the same.
and_upper_not_measured = Whether it is used and followed was not measured.
and_too_small = Whether it is used and followed was not measured: exchanging it changes the action by { $change } of the action's own magnitude; below { $least_change } that may be rounding.
fix_too_small = Give frames and instructions with clearly different expected actions; where the actions have a large constant offset, subtract it.
and_bypassed = However, the action depends on the instruction through the bypass path '{ $module }'.
and_bypassed_faintly = What little it changes comes over the bypass path '{ $module }'.
and_follows_by_bypass = However, the policy follows the instruction through the bypass path '{ $module }', not through the backbone: the action is as expected in { $rate }, chance level { $chance }.
and_swapped = Swapped actions: { $swapped }.

## Figures

unit_bits = bits
unit_scale = standard deviations
amount_bits = { COUNT($value, "bit/bits") }
amount_scale = { COUNT($value, "standard deviation/standard deviations") }
interval = { $value } ({ $low } to { $high })
removed = { $mediated } of { $dependence }
amount_with_raw = { $amount } (at most { $raw } in the action's own units)
rate_of_frames = { $hits } of { $total } { $total ->
    [one] frame
   *[other] frames
  }
rate_counted = { $hits } of { COUNT($total, "case/cases") } ({ $frames } { $frames ->
    [one] frame
   *[other] frames
  }, { COUNT($each, "instruction/instructions") } each)
share_counted = { $share } ({ $hits } of { $total })
rate_with_interval = { $rate } of cases (95 % CI { $low } to { $high })
rate_counted_interval = { $rate } of cases ({ $hits } of { $total }; 95 % CI { $low } to { $high })
rate_without_interval = { $rate } of cases
