# A policy in a simulator, under right, wrong, reworded and blank instructions: `heedmap drive`.

driving_title = Closed loop: what happens under each instruction
driving_lead = { $policy } in { $environment }: { $episodes } { $episodes ->
    [one] episode
   *[other] episodes
  }, driven from the same start under each instruction, { COUNT($steps, "step/steps") } at most.
driving_reaches = Reaches the target in { $right } of { $n } { $n ->
    [one] episode
   *[other] episodes
  } with the right instruction and in { $wrong } of { $n } with a wrong one.
driving_reaches_right = Reaches the target in { $right } of { $n } { $n ->
    [one] episode
   *[other] episodes
  } with the right instruction; it was not driven with a wrong one.
driving_names = With the wrong instruction it reaches what that one names in { $other } of { $n }.
driving_interval = { "" } (95 % CI { $low } to { $high })
driving_differs = The instruction changes whether the target is reached: { COUNT($value, "point/points") }{ $interval }, exact McNemar p = { $p }.
driving_no_difference = That the instruction changes whether the target is reached was not found: { COUNT($value, "point/points") }{ $interval }, exact McNemar p = { $p }.
driving_same = Under both it took the same actions, step by step, in { $same } of { COUNT($n, "episode/episodes") }.
driving_seldom = It seldom reaches the target even with the right instruction, so that these rates say little about the instruction.
driving_unequal_starts = In { $count } of { COUNT($n, "episode/episodes") } what was seen first differs between the instructions: the environment does not begin alike for one seed, so that these rates compare different starts.
driving_passed_over = Seeds that give no episode and were passed over: { $count }.
driving_progress = driving
driving_none = No episode was driven yet.

## The table

driving_rate = { $share } ({ $hits } of { $total }; { $low } to { $high })
driving_instruction = Instruction
driving_target = Reached the target (95 % CI)
driving_other = Reached what the wrong one names (95 % CI)
driving_steps = Steps to the target
driving_condition_right = right
driving_condition_wrong = wrong
driving_condition_paraphrase = paraphrase
driving_condition_blank = blank

## Steerability

driving_steer_heading = When can words still change what happens?
driving_steer_about = The episode begins with the wrong instruction. At each of these steps two futures start from the same state: the right words from then on, and the wrong words kept; both have as many steps.
driving_steer_phase = { $phase }: the target is reached in { $reached } of { COUNT($n, "exchange/exchanges") }, and in { $kept } of { $n } with the words kept ({ COUNT($value, "point/points") }, 95 % CI { $low } to { $high } over episodes).
driving_steer_phase_bare = { $phase }: the target is reached in { $reached } of { COUNT($n, "exchange/exchanges") }, and in { $kept } of { $n } with the words kept.
driving_steer_how = The state was copied in { $copied } and replayed in { COUNT($replayed, "episode/episodes") }; in each the restored frame and the frame after the next action were the same as before.
driving_missing_not_repeatable = Not measured in { COUNT($count, "episode/episodes") }: neither a copy of the state nor a replay of the same actions leads to the same frames.
driving_missing_policy_not_repeatable = Not measured in { COUNT($count, "episode/episodes") }: asked again about the same moment, the policy gives another action. If it keeps state, give --keeps-state.
driving_foretold = What forward passes alone tell: the distance between the actions under both instructions on the frame of the exchange. Its rank correlation with the change of the outcome is { $rho } (95 % CI { $low } to { $high }) over { COUNT($exchanges, "exchange/exchanges") }, and { $episodes } over the means of { COUNT($n, "episode/episodes") }.
driving_foretold_bare = What forward passes alone tell: the distance between the actions under both instructions on the frame of the exchange. Its rank correlation with the change of the outcome is { $rho } over { COUNT($exchanges, "exchange/exchanges") }, and { $episodes } over the means of { COUNT($n, "episode/episodes") }.
driving_foretold_none = What forward passes alone tell cannot be compared with the outcomes: the distances or the outcomes are all equal ({ COUNT($exchanges, "exchange/exchanges") }).
driving_phase_before_turn = Before the first turn
driving_phase_after_turn = After the first turn
driving_phase_before_grasp = Before the grasp
driving_phase_after_grasp = After the grasp
driving_phase_first_third = First third
driving_phase_second_third = Second third
driving_phase_last_third = Last third
driving_curve_title = Exchanges by step
driving_curve_caption = Share of episodes that reach the target after the exchange at a step, and with the words kept. Bars: 95 % CI. A step counts only the episodes that have reached neither goal by then.
driving_curve_alt = Share of episodes that reach the target, by the step of the exchange; the words exchanged and kept.
driving_curve_step = Step of the exchange
driving_curve_share = Reached the target
driving_curve_words = Words
driving_exchanged = exchanged
driving_kept = kept

## The strip of frames

driving_strip_heading = The first episode
driving_strip_about = Below each frame: the action, and the heed meter, which is how far the action moves on that frame when the instruction is exchanged ({ $unit }).
driving_strip_reached = Target reached after { $steps } { $steps ->
    [one] step
   *[other] steps
  }
driving_strip_other = Reached what the wrong instruction names, after { $steps } { $steps ->
    [one] step
   *[other] steps
  }
driving_strip_missed = Target not reached
driving_video = Video
driving_no_words = (no words)
