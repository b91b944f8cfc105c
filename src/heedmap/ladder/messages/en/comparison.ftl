# Comparisons of checkpoints.

compare_title = Checkpoints side by side
compare_lead = Policies: { $policies }, from { $runs } { $runs ->
    [one] result folder
   *[other] result folders
  }. Differences are relative to { $baseline }.
compared_heading = What is compared
compared_one_run = All policies are from one run: same frames, instructions and trials.
compared_same = { $run }: same frames (by pixels), instructions and { COUNT($common, "trial/trials") } as { $baseline }.
compared_instructions = { $run }: other instructions than { $baseline } ({ $names }), so no differences are given.
compared_frames = { $run }: some frames differ from those of { $baseline } ({ $names }); these are not paired.
compared_trials_some = { $run }: { $common } of { COUNT($total, "trial is/trials are") } also in { $baseline }; only these are paired.
compared_trials_none = { $run }: no trial in common with { $baseline }, so differences are unpaired and have no interval.
compared_no_trials = { $run }: differences from { $baseline } are unpaired and have no interval, because { $names } has no values by trial (records since schema 3 have them where steps 5 and 6 were measured).
compared_run = { $created }: { COUNT($policies, "policy/policies") }, { COUNT($frames, "frame/frames") }, { COUNT($instructions, "instruction/instructions") }; record schema { $schema }
compared_by_name = Trials are matched by name; the pixels of trials that are not among the frames are not in the record.
difference_heading = Differences from { $baseline }
difference_note = Paired: mean over trials of the difference on the same trial, with its 95 % bootstrap CI over episodes; it can have fewer trials than the two values. p: two-sided sign permutation test, adjusted (Benjamini-Hochberg) for the number of differences shown. An interval that contains 0 does not show that two policies are equal.
difference_interval = { $difference } ({ $low } to { $high })
points = pp
baseline_column = Baseline
figure_column = Measure
value_column = Value
difference_column = Difference (95 % CI)
p_column = p, adjusted
pairs_column = Pairs
why_column = Note
figure_attended = Attention on the instruction
figure_lift = Lift of the instruction
figure_mediated = Removed by knockout
figure_swap = Distance on swap
figure_following = Instruction followed
figure_counterfactual = All of a frame followed
figure_competent = Competent
without = { $count } without a difference: { $why }
why_instructions = other instructions
why_not_measured = not measured on both sides
why_unit = units differ
why_one_number = no interval: one value per policy
why_no_trials = no interval: no values by trial
why_no_common = no interval: no trial in common
why_one_cluster = no interval: one episode or frame
why_own_scale = in standard deviations of each policy
curves_title = Attention by layer
curves_caption = Measured regions, mean over heads and frames; one line per policy. No line: the sequence has no such position, or attention could not be observed.
curves_alt = Attention of the action token on the image and on the instruction by layer, one line per policy, one panel per instruction.
depth_axis = Relative depth (0: first layer, 1: last)
forest_title = Differences with intervals
forest_caption = Points: differences from { $baseline }; lines: 95 % CI. Hollow points have no interval. Shares in percentage points.
forest_alt = Differences of every policy from { $baseline }, with intervals.
axis_points = percentage points
axis_distance = in the unit of the measure
legend_beyond = interval excludes 0
legend_across = interval contains 0
legend_none = no interval
compared_summary = Summary in the original format, side by side
