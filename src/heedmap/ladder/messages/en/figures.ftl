# Titles, captions, axes and alternative texts of the figures.

actions_title = Actions under each instruction
actions_caption = Mean over { $frames } { $frames ->
    [one] frame
   *[other] frames
  }; lines: 95 % CI over { COUNT($clusters, "episode/episodes") } or frames.
actions_one_frame = One frame ({ $frame }), therefore no interval.
actions_alt = Actions of { $policy } under each instruction, with intervals.
probability_axis = Mean probability
value_axis = Mean value
asked_for = expected action
not_asked_for = not expected, or unknown

computations_title = Attention by computation
computations_caption = Attention of the action rows by region (sums to 100 %), mean over heads and rows: { $shown } of { COUNT($calls, "attention computation/attention computations") } of one run, in the order in which they ran; the others do not feed the action directly. Below: the number of the call, from 0, or the modules where each is called once.
computations_alt = { $policy }: share of the action rows' attention by region, one bar for each attention computation of a run.
shares_title = Attention by layer
shares_caption = Attention of the action token by region (sums to 100 %); mean over { COUNT($heads, "head/heads") } and { $frames } { $frames ->
    [one] frame
   *[other] frames
  }. Top: declared regions; bottom: measured regions.
shares_alt = { $policy }: share of the action token's attention by region and layer, one column per instruction; declared regions at the top, measured regions at the bottom.

sequence_title = Attention by position
sequence_caption = Band: region of each position; hatched: masked for the action token. Height: attention, mean over { COUNT($layers, "layer/layers") } and { COUNT($heads, "head/heads") }. Frame { $frame }.
sequence_alt = The sequence of { $policy } as one strip per instruction: regions in colour, masked positions hatched, attention as height.
position_axis = Position in the sequence
position = position
is_visible = visible to the action token
is_masked = masked

frame_title = Attention by image patch
frame_caption = Frame { $frame }, mean over { COUNT($layers, "layer/layers") } and all heads. The attention of a position that covers several patches is divided among them. Grey: masked for the action token ({ $hidden }; of { COUNT($total, "patch/patches") }).
frame_alt = Attention of { $policy } over the frame's patches, one panel per instruction; masked patches are grey.
patch = Patch
patch_axis = Attention share per patch

words_title = Attention and effect by word
words_caption = Left: attention on each position, mean over layers and heads. Right: change of the action when the position is hidden from all others; tick: as many random edges cut. One frame ({ $frame }). An action that is output without any word needs no word.
words_alt = Attention on each word of the instructions of { $policy }, and the effect of hiding it.
effect_axis = Effect of knockout ({ $unit })
random_edges = random edges

heads_title = Attention and knockout effect by layer and head
heads_share = Attention on the instruction
heads_effect = Effect of knockout ({ $unit })
heads_modules = A module is cut in all of its calls; where the action rows see no words themselves, in the rows that do.
heads_caption = Each cell: knockout of one head's edges from the action token to the instruction. Mean over { $frames } { $frames ->
    [one] frame
   *[other] frames
  }, one instruction each. { $how }
heads_only_shares = Attention only, mean over { $frames } { $frames ->
    [one] frame
   *[other] frames
  }; knockouts by head were not run.
heads_alt = Maps of { $policy } by layer and head: attention on the instruction, and the effect of knockout.
knockouts_cached = Computed from cached rows, checked against full forward passes.
knockouts_whole = Computed with full forward passes.

scatter_title = Does attention predict where the instruction is used?
scatter_caption = One point per head ({ $heads }); mean over { $frames } { $frames ->
    [one] frame
   *[other] frames
  }, one instruction each.
scatter_alt = Attention on the instruction against the effect of knockout, one point per head of { $policy }. { $correlation }
beyond_random = beyond random edges (adjusted p < 0.05)
not_beyond_random = not beyond random edges
ranked = Spearman correlation { $correlation }
not_ranked = No correlation: all effects are equal

patching_title = Activation patching by layer
patching_axis = Recovered
patching_caption = The hidden states of the instruction at the input of a layer are taken from the run under another instruction: 100 % gives that instruction's action, 0 % the original action.
patching_alt = Share of another instruction's action recovered by patching { $policy }, by layer.

trail_title = The trail: differences by module call
trail_axis = Relative difference
trail_caption = { COUNT($calls, "module call/module calls") } of one run on the first frame, in the order in which they end. Each point: how far the call's output differs (L2, relative to the base run) under another instruction, another frame, or a paraphrase; the axis is logarithmic above 0.01. Where the instruction is at 0, nothing of it arrives.
trail_caption_some = { COUNT($shown, "outer one/outer ones") } of { COUNT($calls, "module call/module calls") } of one run on the first frame, in the order in which they end. Each point: how far the call's output differs (L2, relative to the base run) under another instruction, another frame, or a paraphrase; the axis is logarithmic above 0.01. Where the instruction is at 0, nothing of it arrives.
trail_carried_note = Carried: share of the action's difference that patching this output brings over.
trail_alt = Differences of the outputs of { $policy } by module call, under another instruction, another frame and a paraphrase.
share_axis = Attention share
layer_axis = Layer
head_axis = Head
