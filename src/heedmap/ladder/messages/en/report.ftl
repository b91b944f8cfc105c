# Words of the report that the terminal, Markdown, notebooks and the page share.

ladder = Step-by-step diagnosis: from instruction to action
ladder_note = ✓ passes, ✗ fails, – not measured. The first step that fails is the diagnosis. Bypass: a path from the instruction to the action outside the sequence.
fix = Fix
cause = Cause
bypass = bypass

attended_title = Attended: attention of the action token on the instruction
attended_share = Share
attended_last = Last
attended_lift = Lift
attended_read = Value norm
attended_rollout = Rollout
attended_ivar = IVAR
attended_shuffled = Shuffled
attended_nonsense = Nonsense
attended_heads = Heads
attended_note = Attention share over all layers and in the last; lift over uniform attention; share of value norms; attention rollout; instruction / (instruction + image). Baselines: share with shuffled weights and with nonsense words. Heads with at least 5 % on it, per layer.

used_title = Used: effect of attention knockout of the instruction
used_unit = Unit
used_dependence = Baseline
used_after_cut = After knockout
used_after_random = Random knockout
used_mediated = Removed (95 % CI)
used_direct = Direct effect
used_p = p
used_frames = Frames
used_note = Distance between the actions of different instructions: baseline, with the instruction knocked out, and with as many random edges knocked out. Removed: the difference of the last two. Direct effect: removed by cutting only the action token's own edges.

obeyed_title = Obeyed: effect of swapping the instruction
obeyed_needed = Needed
obeyed_competent = Competent
obeyed_swap = Swap
obeyed_paraphrase = Paraphrase
obeyed_followed = Followed (95 % CI)
obeyed_chance = Chance
obeyed_all = All of a frame
obeyed_grounding = LGS
obeyed_drop = Drop
obeyed_note = Needed: frames whose instructions have different expected actions. Competent: correct under the original instruction; other frames are excluded. Swap, Paraphrase: distance between the actions. LGS: how often an action is output when expected, minus how often when not. Drop: loss under paraphrases.

random_weights = The checkpoint lacks { $count } { $count ->
    [one] weight, which is random ({ $first }); the results include it.
   *[other] weights, which are random (such as { $first }); the results include them.
  }
architecture = { $family }, { COUNT($layers, "layer/layers") }, { COUNT($heads, "head/heads") }: { $transformer }
chosen = Chosen action
expected = expected: { $action }
is_right = correct
is_wrong = wrong
warning = Declared and measured regions differ
claim = Declared “{ $region }”, { RANGE($positions, "position/positions") } ({ $instructions }): measured as { $composition }; the action token sees { $visible } of { $total }.
part = { $count } { $region }
all_part = all { $region }
nothing = nothing
frame = Frame
instruction = Instruction
text = Text
declared = Declared regions
declared_note = as assumed by a script: { $regions }
measured = Measured regions
measured_note = found by changing the frame and the words; all regions sum to 100 %
model = Model
seen = Image visible
seen_of = { $visible } of { $total }
last_layer = Last layer
mean_layers = Mean over layers
sum = Sum
absent_note = – means that the sequence has no such position; it does not mean 0 %.
region = Region
no_instruction = no instruction position
layer = Layer

accuracy = Accuracy on held-out frames
accuracy_note = Frames with the correct action, in %. Measured in training, not in this run. Chance is 33.3 % per instruction and 3.7 % for all three.
style = Instructions
all_three = all three
frame_cases = Frames

method = Method and hypothesis
method_text = The method is that of the page “Action-Token Attention Analysis” (MoNaVLA). The policy receives one image with the instructions left, right and forward. In each layer, the attention of the action token is summed over the image region and over the text region, and averaged over heads. The tables show the last layer, the mean over layers, and each layer.
hypothesis_text = Its hypothesis: an image share far above the text share reveals the structural cause of a policy that ignores its instruction.
caution_title = Why attention shares alone cannot show this
caution_regions = Regions must be measured. A share is only as good as the positions that it sums: if another component overwrites the words, or the mask hides them, 0 % means that they are absent, not that they are ignored. heedmap therefore changes the frame, then one word at a time, and records which inputs of layer 0 change.
caution_low = Low attention proves nothing. One token with a small weight can decide the action, and other tokens can collect the instruction in earlier layers.
caution_road = The instruction can take a bypass path, such as cross-attention in the action head, which the attention of the decoder does not show. Only interventions on the instruction show whether the action depends on it.

run = Run
created = Run at (UTC)
versions = Versions
commit = Commit
seed = Perturbation seed
arguments = Arguments
weights = Weights (SHA-256)
implementation = Attention implementation
not_measured = not measured
not_known = unknown
