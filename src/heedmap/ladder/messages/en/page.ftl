# The page around its figures, and its headlines.

page_title = Does the policy follow the instruction?
switch_language = Language
switch_theme = Light or dark
theme_auto = system setting
theme_light = light
theme_dark = dark
print = Print
print_all = Print all
contents = Contents
skip = Skip to the diagnosis
given = Inputs
more_frames = and { $count } more { $count ->
    [one] frame
   *[other] frames
  }
asks_for = expected action
ladder_heading = Step-by-step diagnosis: where is the instruction lost?
what_became = Diagnosis
rule_heading = What “0 % attention” suggests
holds = passes
fails = fails
unmeasured = not measured

head_follows = Follows the instruction
head_follows_bypass = Follows it via a bypass path
head_follows_both = Follows it, also via a bypass path
head_no_fault = No fault found on the steps measured
head_lost = Fails step { $number }: { $failing }
head_open = Cannot be judged on these frames

rule_note = The rule of the page “Action-Token Attention Analysis” (MoNaVLA): if the text gets less than 1 % of the attention, the policy ignores the instruction.
rule_says_ignores = Text gets { $share }: “ignores it”
rule_says_reads = Text gets { $share }: “does not ignore it”
rule_line_ignores = { $share }: “ignores it”
rule_line_reads = { $share }: “does not ignore it”
rule_line_nothing = no statement
rule_says_nothing = No statement
rule_right = correct
rule_wrong = wrong
rule_unfounded = no evidence
rule_open_mark = undecided
rule_undeclared = No text positions were declared.
rule_obeys_by_bypass = The policy follows the instruction in { $rate } via the bypass path { $module }, which the transformer's attention maps do not show.
rule_obeys = The policy follows the instruction in { $rate }: a small share can decide the action.
rule_absent = The share was read at { RANGE($positions, "position/positions") } ({ $composition }), where the words never arrive: absent tokens cannot be ignored.
rule_masked = The mask hides the words: the share is 0 for any instruction.
rule_used = Knockout of the words changes the action.
rule_confirmed = Knockout and swapping of the words confirm it.
rule_reads_and_obeys = The policy follows the instruction in { $rate }.
rule_reads_absent = The share belongs to { RANGE($positions, "position/positions") } ({ $composition }).
rule_reads_in_vain = It attends to the words, but they do not decide the action.
rule_open = Too little was measured to decide.

figures = Figures
figures_note = One section per policy. Hover for values.
nothing_to_draw = No figures for this policy: only its actions could be observed.
tables = Tables in the original format: declared and measured
summary_table = Summary
layers_table = Per layer
layers_are_means = Means over { $count } { $count ->
    [one] frame
   *[other] frames
  }; attention.parquet has the rows of every frame.
differs = ≠ marks a declared value that differs from the measured one by more than half a percentage point, or whose region the sequence does not have.
filter = Filter rows
rows_of = { $shown } of { COUNT($total, "row/rows") }
download_csv = Download CSV
rung_figures = Measurements of steps 4–6

definitions = Definitions
define_share = Share
defined_share = Attention of the action tokens to a region, summed over its positions, averaged over action tokens and heads. All regions of a layout sum to 100 %.
define_regions = Declared, measured
defined_regions = Declared regions are what a script assumes. Measured regions are found by intervention: image positions change with the frame, instruction positions with a word. Of the others, positions that the masks hide from the action token are padding, words of the prompt are template, and the rest is special.
define_lift = Lift
defined_lift = Share per visible position, relative to uniform attention, without attention sinks. 1 is uniform.
define_knockout = Knockout
defined_knockout = Attention scores from query to key are set to minus infinity before the softmax, in all layers unless stated otherwise. Compared with as many random edges.
define_distance = Distance
defined_distance = Between actions: Jensen-Shannon divergence in bits (0 to 1) for discrete actions, root mean square in standard deviations of each dimension for continuous ones.
define_interval = Interval
defined_interval = 95 % bootstrap confidence interval (CI) over episodes, or over frames where episodes are unknown. None with a single episode or frame.
define_mediated = Removed
defined_mediated = By how much knockout of the instruction reduces the distance between the actions of different instructions, beyond knockout of random edges.

limits = Limits
limit_low = Neither low nor high attention proves anything: only knockout and swapping do.
limit_frames = The results hold for these frames and instructions.
limit_map = Maps by head and by word, and patching, use a few frames; no diagnosis rests on them.
limit_length = Words are swapped only at equal token count; where that is impossible, the result is “not measured”.
reproduce = Reproduce
data = Data
data_inside = Inside this page: { $size }
data_beside = In the result folder, next to this page: { $size }
made_by = Made by heedmap { $version }.
actions_of_frame = Actions on { $frame }

## The first screen

report_title = Action-Token Attention Analysis
back = Back
hypothesis_short = Hypothesis: an image share far above the text share shows why a policy ignores its instruction.
method_short = Method: the same image with other instructions; every step from the instruction to the action is tested by intervention.
sum_follow = { $total ->
    [one] { $follows ->
        [one] The policy follows its instruction.
       *[other] The policy was not shown to follow its instruction.
      }
   *[other] { $follows } of { $total } policies { $follows ->
        [one] follows its
       *[other] follow their
      } instruction.
  }
sum_lost = { $count } { $count ->
    [one] fails
   *[other] fail
  } step { $number }: { $failing }.
sum_open = { $count } cannot be judged on these frames.
sum_beside = In { $unreached } of { $total } no word reaches the transformer; { $follows } { $follows ->
    [one] follows
   *[other] follow
  } it anyway, through a bypass path.
why_of_one = For example { $policy }: { $sentence }
followed_of = { $rate }, chance { $chance }
followed_heading = Followed
steps_note = Steps: { $steps }. ✓ passes, ✗ fails, – not measured. A click opens the pictures of a policy.

## The explorer

explorer = Explore attention by layer, head, frame and word
other_regions = Other
tables_short = Tables
attention_on_it = attention
effect_of_hiding = hiding it changes the action by
head_note = Patches and words: mean over heads; single heads are recorded by region.
map_effects = Effect of its knockout
links_note = Pointing at a word or a patch shows in blue what the two attend to in each other, mean over heads.
links_mean = Pointing at a word or a patch shows in blue what the two attend to in each other, mean over layers and heads.
link_masked = a mask hides words and image from each other
link_none = what words and patches attend to in each other is not recorded here
most_of_all = most
patch_is_read = attention of words to it
patch_reads = attention to words
word_is_read = attention of patches to it
word_reads = attention to the image
masked_patches = Hatched grey: patches masked for the action token
mean_short = mean
no_patches = No map from patches to positions is known for this frame.
no_words = Words were not traced: not measured.
no_position = no such position in the sequence
words_nowhere = Dotted: the words have no position in the sequence.
strongest = strongest

## The trail in the explorer

trail_other_instruction = another instruction
trail_other_frame = another frame
trail_enters_and_ends = Between two instructions, the difference enters at { $enters } and is lost in { $ends }.
trail_enters_and_arrives = Between two instructions, the difference enters at { $enters } and reaches the last call (relative difference { $left }).
trail_never = Between two instructions, no call differs.
trail_explored = Trail, call by call

## heedmap serve

serving_at = { $address } shows it on this machine until Ctrl-C.
serving_nothing_yet = No cell is measured yet. This page loads itself again when one is.
serving_checkpoints = { $count } { $count ->
    [one] checkpoint
   *[other] checkpoints
  }
drawn_later = The pictures are being drawn.
live_none = None has this verdict.
live_show_all = all
live_show_good = follow
live_show_bad = do not follow
live_show_open = not judged
live_compare = Compare those ticked
