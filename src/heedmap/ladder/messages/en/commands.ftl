# Lines and tables of the commands that print no report.

wrote = Wrote { $path }
result_at = Result: { $path }
report_at = Report: { $path }
figure_at = Figure: { $path }
comparison_at = Comparison: { $path }
note_older = note: { $folder } was written by an older heedmap, without checksums of its tables.
note_partial = note: { $folder } holds { $done } of { COUNT($cells, "cell/cells") }; all values are of these alone.
inputs_of = { $frames } { $frames ->
    [one] frame
   *[other] frames
  } x { COUNT($instructions, "instruction/instructions") } = { COUNT($pairs, "pair/pairs") } of frame and instruction, from { $source }{ $episodes ->
    [0] {""}
    [one] , 1 episode
   *[other] , { $episodes } episodes
  }
from_to = { $low } to { $high }
note_depth = note: depth cameras of { $source } are left out: { $cameras }
median = Median
lowest = Lowest
highest = Highest
policies = Policies
policy = Policy
error = Error

## sweep, merge, summary

sweep_policies = Policies: { $count } ({ $names })
sweep_frames = Frames: { $count }{ $episodes ->
    [0] {""}
    [one] , from 1 episode
   *[other] , from { $episodes } episodes
  }
sweep_sets = Instruction sets: { $count }
sweep_measures = Measures: { $measures }; interventions: { $interventions }
sweep_no_measures = none beyond the diagnosis
sweep_no_interventions = none
sweep_cells = Cells: { $cells } of { COUNT($frames, "frame/frames") } at most
sweep_cells_of_shard = Cells: { $cells } of { COUNT($frames, "frame/frames") } at most, of { $total } in all shards
sweep_estimate = Estimate: { COUNT($minutes, "minute/minutes") } and { COUNT($calls, "call/calls") } of policies with { $workers } { $workers ->
    [one] worker
   *[other] workers
  }, from one cell of { $policy } ({ $seconds } s, { COUNT($cell_calls, "call/calls") }; loading { $loading } s)
sweep_no_estimate = No estimate, because the first cell fails ({ $policy }): { $error }
sweep_progress = cells
sweep_rate = { COUNT($rate, "frame/frames") }/s
sweep_failed = { $count } failed
sweep_stopped = Stopped; finished cells are kept. The same command resumes the run.
sweep_damaged = Damaged, measured again: { $cell }: { $damage }
sweep_end = { $done } of { COUNT($cells, "cell is/cells are") } in { $path }. See: heedmap summary { $path }
sweep_end_failed = { $done } of { COUNT($cells, "cell is/cells are") } in { $path }, { $failed } of them failed. See: heedmap summary { $path }
summary_cells = { $done } of { COUNT($cells, "cell/cells") }
summary_cells_failed = { $done } of { COUNT($cells, "cell/cells") }, { $failed } failed
summary_ladder = Diagnosis, and frames on which a step passes (95 % CI in %)
summary_measures = Key measures with 95 % CI
summary_worst = Worst frames first
summary_failed = Cells that failed
summary_figure_dependence = Baseline
summary_figure_mediated = Removed
summary_figure_beyond_paraphrase = Beyond paraphrase
summary_figure_competent = Competent
summary_figure_following = Followed
summary_cell = Cell
summary_fails = Fails
summary_followed = Followed
summary_removed = Removed

## query, verify, needed, counterfactuals

query_rows = { $count } { $count ->
    [one] row
   *[other] rows
  }
verify_damaged = { $folder }: damaged: { $damage }
verify_unchecked = { $folder }: { $count } { $count ->
    [one] file has
   *[other] files have
  } no checksum ({ $files }): an older heedmap wrote { $count ->
    [one] it
   *[other] them
  }. Nothing tells whether somebody changed them since; measure again, into another folder, to have checksums.
verify_links = { $folder }: holds links that heedmap did not write and does not follow ({ $files }). Remove them, or ask whoever gave you the folder.
verify_whole = { $folder }: { $count } { $count ->
    [one] file is as it was
   *[other] files are as they were
  } written.
needed_title = What the frame alone predicts (linear probe on { $features })
needed_target_action = action
needed_target_instruction = instruction
needed_on_pixels = mean colours on a grid
needed_on_embeddings = image embeddings of { $policy }
needed_target = Target
needed_entropy = Entropy (bits)
needed_gain = Predicted (95 % CI)
needed_accuracy = Accuracy
needed_majority = Majority
needed_examples = Examples
needed_note = Measured on held-out episodes. A lower bound: a stronger probe can predict more. Examples of rare classes are excluded.
counterfactual_name = Name
counterfactual_exchanged = Exchanged

## trail

trail_heading = Trail of { $policy }: “{ $one }” and “{ $two }” on { $frame }
trail_module = Module
trail_kind = Class
trail_call = Call
trail_instruction = Instruction
trail_frame = Frame
trail_paraphrase = Paraphrase
trail_same = Again
trail_carried = Carried
trail_outermost = (the whole module)
trail_lost_here = lost here
trail_fix = What to do: { $fix }
trail_note = Relative difference (L2) of each call's output from the base run, under another instruction, another frame, a paraphrase and the same input again, in the order in which calls end. Carried: share of the action's difference that patching this output brings over. – means not measured.
trail_hidden = { $count } more module { $count ->
    [one] call is
   *[other] calls are
  } not shown; --all shows all.

## specimens

specimens_title = Specimens: held-out accuracy (chance 33.3%; all three 3.7%)
specimens_regime = Regime
specimens_wiring = Wiring
specimens_style = Style
specimens_cases = cases
specimens_wrote_case = Wrote { $frame } and { $instructions }
specimens_wrote_cases = Wrote { COUNT($count, "case/cases") } to { $folder }
specimens_loss = { $stage }, loss { $loss }
specimens_trained = { $style }: all three correct on { $share } of { $cases }
drive_title = { $name }, { $style } instructions: { COUNT($episodes, "room/rooms") }, { COUNT($steps, "step/steps") }
drive_instructed = Instructed to go to
drive_target = the target
drive_other = the other object
drive_reached_target = Reached the target (95 % CI)
drive_reached_other = Reached the other (95 % CI)
drive_steps = Steps
drive_progress = driving { $name }, { $style }
drive_note = Both runs start from the same state; success is reaching the target. Rooms in which the greedy expert reaches no two objects are skipped ({ $skipped }).
score_causes = Planted and named cause
score_plant = Plant
score_planted = Planted
score_named = Named
score_bypass = Bypass through
score_total = Right: { $right } of { $total } ({ $share }; 95 % CI { $low } to { $high }). False alarms: { $alarms } of { $healthy } healthy.
score_rules = Does it follow the instruction? Rules compared
score_rule = Rule
score_right = Right
score_missed = Missed
score_wronged = False alarms
score_of = { $right } of { $total }
score_predicts = Does attention predict the knockout effect? Spearman, layers and heads
score_reading = Read from attention
score_across = Over policies, with what knockout removes: { $readings }.
