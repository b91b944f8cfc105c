# Words of the terminal, of Markdown and of notebooks; names of regions.

given_counts = Policies: { $policies }. Frames of steps 1–4: { $frames }; of steps 5 and 6: { $trials }.
given_first = First frame: { $frame }.
no_trials = none
rule_short = “0 % attention” says
summary_beside = Attention of the action token (declared and measured regions), and its actions
summary_declared = Summary{ $frame }, declared regions ({ $note })
summary_measured = Summary{ $frame }, measured regions
scope_measured = { $scope }{ $frame }, measured regions (sum 100 %)
layers_declared = Per layer{ $frame }, declared regions
layers_measured = Per layer{ $frame }, measured regions (sum 100 %)
layers_of_policy_declared = Per layer{ $frame }, declared regions: { $policy }
layers_of_policy_measured = Per layer{ $frame }, measured regions: { $policy }
in_frame = , frame { $frame }
over_frames = Means over { $frames } { $frames ->
    [one] frame
   *[other] frames
  }; actions are counted.
declared_last_image = Declared: last Img%
declared_last_text = Declared: last Text%
declared_mean_image = Declared: mean Img%
declared_mean_text = Declared: mean Text%
measured_mean_image = Measured: mean Img%
measured_mean_text = Measured: mean Instr%
chosen_action = Chosen action
would_say = “0 % attention” suggests
regions_disagree = Declared and measured regions differ for { $count } of { COUNT($total, "policy/policies") }.
more_with_full = Use --full for every frame, layer, head and interval.

## Names of regions

region_image = Image
region_text = Text
region_instruction = Instruction
region_template = Template
region_state = State
region_mixed = Mixed
region_special = Special
region_action = Action
region_padding = Padding
region_undeclared = Rest

region_short_image = Image
region_short_text = Text
region_short_instruction = Instr.
region_short_template = Template
region_short_state = State
region_short_mixed = Mixed
region_short_special = Special
region_short_action = Action
region_short_padding = Padding
region_short_undeclared = Rest

## What a data set needs, and readings during training

needed_predicted = The frame alone predicts the { $target } ({ $gain } of { COUNT($entropy, "bit/bits") }, { $share }): a policy can do well on this data without reading the instruction.
needed_not_predicted = A linear probe does not predict the { $target } from the frame alone ({ $gain } of { COUNT($entropy, "bit/bits") }, { $share }): this data needs the instruction.
training_step = heedmap: step { $step }: { $sentence }
training_bypassed = heedmap: at step { $step } the instruction reaches the action through a bypass path; training continues. { $sentence }
training_cost = heedmap: { COUNT($readings, "reading/readings") }, { $seconds } s, { $share } of the run
training_put_off = heedmap: a reading takes { $seconds } s; one at step { $step } would be { $share } of the time since the last. Readings are put off as long as they exceed most_cost_share={ $most }.
training_no_reading = heedmap: no reading at step { $step }; training goes on. { $error }
training_stopped = heedmap: stopped at step { $step }: { $sentence } Fix: { $fix } { $about ->
    [text] Training would continue without text;
    [image] Training would continue without the image;
   *[fault] Training would continue with this fault;
  } pass stop_when=() to train anyway.

## Columns of the terminal's tables

column_last_image = Last Img%
column_last_text = Last Text%
column_last_instruction = Last Instr%
column_mean_image = Mean Img%
column_mean_text = Mean Text%
column_mean_instruction = Mean Instr%
column_measured = Measured
column_image = Img%
column_image_whole = Image%
column_text = Text%
column_instruction = Instr%
column_rest = Rest%
column_sum = Sum%
column_chosen = Chosen
column_image_seen = Image seen
bypass_found = yes
bypass_none = no
