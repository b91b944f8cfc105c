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
