# The command `watch-checkpoints` and its overview.

checkpoint_line = step { $step }: { $headline }; action as expected { $followed }; change by exchange { $exchange }, by paraphrase { $paraphrase }
checkpoint_failed = step { $step }: not audited: { $error }
checkpoint_lost = The instruction was lost between step { $before } and step { $after }.
checkpoints_overview = Overview: { $path }
checkpoints_stopped = Stopped; results are kept. The same command goes on.
checkpoints_title = Does the policy follow its instruction during training?
checkpoints_heading = Checkpoints
checkpoints_note = Each step links to the full report of its checkpoint. Distances in standard deviations are in those of each checkpoint's own actions, unless --action-scale was given.
checkpoints_distances_title = Change of the action by exchanged and by paraphrased instructions
checkpoints_distances_caption = Mean over frames; lines: 95 % CI over episodes or frames. A policy that follows its instruction changes its action more by exchange than by paraphrase.
checkpoints_distances_alt = Lines over training steps: distance of actions under exchanged and under paraphrased instructions
checkpoints_followed_title = Action as expected
checkpoints_followed_caption = Share of instructions under which the action is the expected one; lines: 95 % CI over episodes or frames.
checkpoints_followed_alt = Line over training steps: share of actions that are as expected
of_exchange = exchanged instruction
of_paraphrase = paraphrase
as_expected = action as expected
step_axis = training step
