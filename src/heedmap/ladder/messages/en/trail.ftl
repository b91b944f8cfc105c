# What behaviour and the trail find: causes, fixes, notes.

cause_dropped = The instruction is encoded, but left out at { $where }: what was made of its words is not part of what the action is computed from.
fix_dropped = Look at { $where }: which rows, columns or branch does it keep?

cause_gated = The instruction arrives at { $where } and is multiplied by zero there.
fix_gated = Check the gate, scale or weights in { $where }: gates that start at zero may never have been trained, or not been loaded.

cause_drowned = The instruction arrives at { $where }, but nothing of it is left after that: it is too small beside the rest, or is subtracted (as a norm does).
fix_drowned = Compare the scale of the word embeddings or of the conditioning with that of the other inputs, and with training.

cause_saturated = The action is at its limit whatever the instruction: a difference arrives, but { $where } no longer lets it through.
fix_saturated = Check the scale of the action head's inputs, and the normalisation and clipping of the actions.

cause_tied = All actions have the same score, whatever the instruction.
fix_tied = Check the weights of the action head: they may not have been loaded.

cause_constant_action = The action is constant: exchanging the instruction, the frame or the state does not change it.
fix_constant_action = Check the action head, its weights, and whether the policy returns a cached action.

cause_state_decides = The action follows the robot's state, not the instruction: exchanging the instruction changes it by { $swap }.
fix_state_decides = Train on the same states with other instructions and other actions, or with the state left out at random.

cause_state_decides_too_small = The action follows the robot's state, not the instruction: exchanging the instruction changes it by { $change } of its own magnitude, which may be rounding.
cause_unused_too_small = The action does not follow the instruction: exchanging it changes the action by { $change } of the action's own magnitude, which may be rounding.

cause_partial = The policy follows its instructions in part. Followed on most frames: { $followed }. Not followed: { $ignored }. Over all, the action is as expected in { $rate }, chance level { $chance }.
cause_partial_by_frame = The policy follows its instructions on some frames only: on { $unmoved } of { COUNT($frames, "frame/frames") } the action is the same whatever the instruction. Over all, the action is as expected in { $rate }, chance level { $chance }.
fix_partial_by_frame = Compare these frames with those on which it follows: train on frames like them with other instructions and other actions.
fix_partial = Check the training data for the instructions that are not followed, and how their words are tokenised.

cause_not_identified = The action does not depend on the instruction, and the step at which it is lost could not be identified: the difference between two instructions ends at { $where }.
cause_not_measured_undecided = The instruction arrives at { $where }, where nothing of it is left. Whether more should come of it is not known, since no expected actions were given.
fix_not_measured_undecided = Give expected actions (--expect), or frames on which the instructions ask for different ones.
cause_not_identified_outside = The action does not depend on the instruction. The difference between two instructions is still there at { $where }; what the policy makes of it outside of torch is the same.
fix_not_identified_outside = Look at the code behind { $where }: a table, a limit, a conversion to whole numbers, a value that is not used.
cause_not_identified_nowhere = The action does not depend on the instruction, and the step at which it is lost could not be identified.
fix_not_identified = Print what { $where } takes and gives under two instructions.
fix_not_identified_nowhere = Give the audit the whole module that the policy runs.

cause_image_unused = The policy does not use the image: no other frame changes the action.
fix_image_unused = Check whether the frame reaches the policy, and whether the training data need it.

cause_none_as_it_acts = The action depends on the instruction.

## Causes that the trail found

cause_empty_instruction_by_trail = Nothing of the instructions reaches the network: the same token ids are looked up for each of them, as of a prompt that holds no instruction or is cut before it.
cause_stale_instruction_by_trail = The instruction does not reach the network: what reaches it is the same whatever the instruction says, as of an earlier instruction, or of a prompt that holds none or is cut before it.
empty_text = (empty)
cause_empty_instruction_as_encoded = The instruction is lost before it is tokenised: whatever it says, { $encoded_by } encodes the same text: "{ $encoded_text }".
cause_stale_instruction_as_encoded = The instruction is lost before it is tokenised: whatever it says, { $encoded_by } encodes the same text, with words of another instruction: "{ $encoded_text }".
fix_empty_instruction_as_encoded = Check what this text is made from: the key that passes the instruction to the prompt, a slot that is never filled, or a limit on the text's length that cuts the instruction off.
fix_stale_instruction_as_encoded = Check what this text is made from: a cached or fixed text that no call replaces.
fix_empty_instruction_by_trail = Check the key that passes the instruction to the prompt or processor, and whether a limit on the prompt's length (max_length, truncation side) cuts it off.
fix_stale_instruction_by_trail = Check what the prompt is made from: a cached text or cached tokens (key them by the instruction), a slot that is never filled, or a limit on its length that cuts the instruction off.
cause_stale_instruction_of_a_cache = The instruction is encoded ({ $where }), but the action is made from what was kept of an earlier one.
cause_truncated_by_trail = The instruction is truncated: nothing that stands where these words stand reaches the network: { $lost_words }.
cause_truncated_on_ids = The instruction is truncated: the token ids in which the instructions differ are cut off at { $where }.
cause_unknown_words_by_trail = Words unknown to the tokenizer: { $lost_words }. Exchanging them changes nothing that reaches the network.
cause_same_ids_by_trail = Different words reach the network as the same: { $lost_words }.
cause_absent_by_trail = Nothing that the network receives changes with the instruction: it has no input for words, or they are lost before it.
fix_absent_by_trail = Follow the instruction from the policy's arguments to its first tensor.
cause_absent_by_configuration = Nothing in this policy reads words: its configuration has no input for an instruction, and exchanging the instruction does not change the action.
fix_absent_by_configuration = Nothing to repair. If it is to follow instructions, train a policy with a language input.
cause_overwritten_by_trail = The instruction is overwritten at { $where }: other values are written in the place of what was made of its words.
fix_overwritten_by_trail = Insert these values beside the words instead of over them.
cause_length_leak_by_trail = Only the number of words or tokens of the instruction changes the action: exchanging its words for as many others changes nothing.
fix_length_leak_by_trail = Look for what is made of the instruction's length: its mask, its positions, a cache keyed by it.
cause_masked_by_trail = The instruction reaches { $where }, but a mask hides it there from everything that the action is computed from.
fix_masked_by_trail = Check the mask in { $where }: its sign, its shape, and what it was built from.
cause_action_before_instruction_by_trail = The rows that the action is computed from come before the instruction, and each row takes in only what comes before it ({ $where }).
cause_values_zero_by_trail = Attention reads the instruction, but the values that it reads are the same whatever the instruction says ({ $where }).
fix_values_zero_by_trail = Check the value projection (a zeroed adapter, a mask on the values).
cause_unattended_by_trail = No attention reaches the instruction: its weights are zero ({ $where }).
fix_unattended_by_trail = Check the mask and biases on the attention scores, and the scale of queries and keys.
cause_unused_by_trail = The instruction arrives at { $where }, but what comes out there is the same whatever it says: something else decides, or there is nothing to choose.
fix_unused_by_trail = Compare what { $where } takes under two instructions: how large is their difference beside the rest, and how many entries are there to choose from?

## What follows

and_unread = Its attention could not be read: this rests on exchanging inputs and following the difference through the network.
and_no_attention = No attention was seen in it: this rests on exchanging inputs and following the difference through the network.
and_unmoved = On { $unmoved } of { COUNT($frames, "frame/frames") } the action is the same whatever the instruction.
and_alike = Never told apart: { $alike }.
and_notes = Note: { $notes }.

note_empty_instruction = the prompt's token ids do not change with the instruction
note_stale_instruction = the prompt's token ids do not change with the instruction
note_truncated = words at the end are cut off
note_unknown_words = some words are unknown to the tokenizer
note_same_ids = some instructions give the same token ids
note_overwritten = its words are overwritten in the sequence of the transformer; it arrives another way
note_length_leak = no word is in the sequence of the transformer; it arrives another way
note_absent = no position of the transformer's sequence changes with it; it arrives another way, which attention does not show
note_shifted_by_padding = padding precedes the instruction and shifts its positions
note_masked = a mask hides its words from the action rows; it arrives another way
note_action_before_instruction = its words come after the action rows; it arrives another way
note_image_masked = all image tokens are masked
note_values_zero = the values at its words are zero; it acts through the keys or another way
note_unattended = hardly any attention reaches its words; it arrives another way

where_operator = { $module } ({ $operator })
own_code = the policy's own code
where_outermost = the policy's own code ({ $operator })

unit_raw = raw units
amount_raw = { $value } (raw units)
and_much_unknown = Whether that is much is not known: give several frames, or the scale of the actions (action_scale).
