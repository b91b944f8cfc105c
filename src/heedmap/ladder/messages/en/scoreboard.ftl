# `heedmap scoreboard`: generated policies, in the terminal and on a page.

scoreboard_title = Scoreboard of generated policies
scoreboard_made_by = Made by { $command }.
scoreboard_made = Made, and as their truth says: { $number } of { $total }
scoreboard_exact = Exact cause: { $number } of { $total } ({ $share }; 95 % CI { $low } to { $high })
scoreboard_right = Exact or another acceptable cause: { $number } of { $total } ({ $share }; 95 % CI { $low } to { $high })
scoreboard_contradictions = Verdicts that contradict the policy's behavior: { $number } of { $total }
scoreboard_alarms = False alarms on healthy policies: { $number } of { $total }
scoreboard_refused = Refused: { $number } of { $total }
scoreboard_crashed = Crashed: { $number } of { $total }
scoreboard_confusion = True and named cause
scoreboard_wrong = Policies that were judged wrongly or not at all
scoreboard_policy = Policy
scoreboard_policies = Policies
scoreboard_true = True cause
scoreboard_failing = Fails
scoreboard_remark = Remark
scoreboard_no_folder = The folder of { $path } does not exist; create it first.
contradicts_obeys_but_fails = obeys, but a step fails
contradicts_silent_but_used = does not respond, but “used” holds
contradicts_silent_but_obeyed = does not respond, but “obeyed” holds

## The page of `heedmap specimens score`

board_title = Scoreboard
board_made_by = Made by { $command } on { $date }.
board_lead = { $total } { $total ->
    [one] policy
   *[other] policies
  }: { $causes } { $causes ->
    [one] cause
   *[other] causes
  }, and { $healthy } healthy. Exact cause (and bypass module): **{ $right } of { $total }**, { $share } (95 % Wilson interval { $low } to { $high }). False alarms on healthy policies: **{ $alarms } of { $healthy }**.
board_about = Training and planted faults are described in `specimens/population.py` and `specimens/faults.py`. Thresholds were chosen on members that are not among these.
scoreboard_rules_of = { COUNT($read, "policy/policies") } on which attention was read, and of which it is certain whether they follow their instruction.
board_rules_about = *Missed*: does not follow, called following. *False alarms*: follows, called not following. The best thresholds were chosen on these very policies, which flatters them.
board_predicts = Does attention predict what cutting does?
board_predicts_about = Spearman's rank correlation, over layers and heads (rollout: over layers), between what is read from attention on the instruction and how far cutting the action row's edges to it moves the action; policies on which `used` holds.
board_across_about = From one policy to another: rank correlation of the figure (mean over layers and heads) with what cutting the instruction out removes.
board_correlation = Correlation
board_every = Every policy
board_mediated = Removed
board_followed = Followed
board_columns = *Share*, *IVAR*: the action row's attention to the instruction. *Removed*: bits of the difference between instructions' actions that cutting removes. *Followed*: share of actions that are as expected.
score_rule_published = published rule: text share at least { $threshold }
score_rule_share = text share, best threshold ({ $threshold })
score_rule_ivar = IVAR, best threshold ({ $threshold })
score_reading_share = Share
score_reading_lift = Lift
score_reading_ivar = IVAR
score_reading_value_norm = Value norm
score_reading_rollout = Rollout
scoreboard_named_refused = refused
scoreboard_named_crashed = crashed
