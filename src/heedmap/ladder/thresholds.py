"""Every number by which a verdict or a finding is decided, with its unit and its reason.

A rule needs size and certainty: an effect must be large enough to count, and its confidence
interval must exclude 0. Sizes were chosen on the development members of the population
(docs/ladder.md, "Thresholds"), which are never scored.

Not here, because no verdict rests on it or because it is exact:

- what a measure means: `measures/sinks.py` (sinks), `measures/heads.py` (a head that is alive);
- what a mask is: `tracing/capture/rows.py` (`MASKED_BELOW`, the bias from which a key is hidden);
- how far two exact ways may differ by rounding: `auditing/upper/runner.py` (`BATCH_TOLERANCE`),
  `tracing/capture/towers.py` (`ROWS_TOLERANCE`);
- what is shown of a causal map or of image patches: `auditing/upper/maps.py`,
  `auditing/lower/patches.py`;
- how much is sampled: the constants of `auditing/upper/`, and `resamples` in `measures/stats.py`.

The rungs tokenised, present and visible, and the bypass, are decided by equality bit for bit or by
counts; `SHIFTED_KEY_SHARE` is their only threshold. The monitor stops on rungs, not on numbers.
"""

from __future__ import annotations

# Certainty, of every interval

CONFIDENCE = 0.95
"""Confidence level of all intervals (0..1): the convention of the field."""

# Rung 2: present

SHIFTED_KEY_SHARE = 1e-4
"""Change of a word's key in the first layer, as a share of the largest key entry, from which the
word counts as moved. Rounding in float32 is below 1e-6 of it, and one rotary position further the
fastest dimensions change by nearly their own size."""

# Rung 4: attended

UNATTENDED_ROLLOUT_SHARE = 1e-4
"""Share (0..1) below which no layer reads the instruction: of attention rollout, which also knows
ways over other positions, and of the action rows' own attention, as rollout halves at every layer
and comes to nothing over thirty of them. Low attention alone fails no rung: so the value is one at
which nothing can be read, and not one that is merely small."""

ZERO_VALUE_SHARE = 1e-6
"""Length of a value vector, as a share of the layer's median length, up to which it is zero: the
precision of float32."""

# Rungs 5 and 6: used, obeyed

LEAST_EFFECT: dict[str, float] = {"bits": 0.02, "scale units": 0.1, "raw units": 0.0}
"""Smallest difference between actions that counts, by its unit. A tiny effect can be consistent
over frames and so significant. On the development members an effect is at most 0.0002 bits where
the instruction could not be learned, and at least 0.33 where it decides. For continuous actions
0.1 is a tenth of the standard deviation over frames. In the action's own units any effect beyond
rounding counts: whether it is much is not known, and the sentence says so."""

ROUNDING_SHARE = 1e-6
"""Change of an action's scores, as a share of the largest of them, up to which it may be rounding:
some ten steps of float32. What a policy's own batches do to its scores counts beside it."""

LEAST_ACTION_CHANGE_SHARE = 1e-4
"""Smallest change of a continuous action that can be judged, as a share of the action's largest
value (`measures.distance.largest_change`): rounding, and running in batches, may do as much."""

LEAST_FOLLOWED_SHARE = 0.5
"""Share of frames (0..1); an instruction whose rate has its upper end below it is not obeyed, even
where the mean over all instructions is above chance: on most frames another action is output."""

LANGUAGE_DECIDES_SHARE = 0.5
"""Share of the actions' variance (0..1) that the instruction alone explains, from which a policy
that acts wrongly uses its words and misreads them, and does not lack skill on these frames: most of
it."""

FOLLOWED_SHARE = 0.75
"""Share of frames (0..1) from which a single instruction counts as followed, where others are not:
well above chance among two or three actions."""

UNMOVED_SHARE = 0.2
"""Share of the frames on which the instruction decides (0..1) from which a policy whose action does
not move at all there follows in part: one in five. A single odd frame among many is no pattern."""

SWAPPED_SHARE = 0.5
"""Share of cases (0..1) above which one action is output in the place of another: most of them."""

NEARLY_ALL_SHARE = 0.9
"""Share of a data set's own pairings (0..1) from which a policy does what the data ask for. One
that reads directions alone reaches 0.8 where half of the instructions name one."""

SAME_ACTION_SHARE = 0.5
"""Share of the other instructions (0..1) above which the frame's own action counts as output
under any instruction: most of them."""

# The gate competent

COMPETENT_SHARE = 0.5
"""Share of frames (0..1) above which a policy is competent: right on most of them under their own
instructions. Below that, failures under other instructions say nothing about language."""

# The command `needed`: does the frame alone predict the target?

PREDICTED_SHARE = 0.2
"""Share of the target's entropy (0..1) from which the frame counts as predicting it. A bound on a
lower bound: the probe sees pooled features, and a network may see more."""

FEWEST_EXAMPLES = 20
"""Examples below which there is no result: each of the probe's 5 folds then tests 4."""

FEWEST_OF_A_CLASS = 5
"""Examples of a class below which it is left out: it cannot be in each of the 5 folds."""

# The command `exam`

FEWEST_FRAMES = 5
"""Independent frames below which a kind of change is not judged: intervals of fewer are too
narrow (`measures/stats.py`)."""

LIKE_AN_EXCHANGE_SHARE = 0.5
"""Share of the distance that exchanges make (0..1) from which another change counts as being like
one: a change of wording that reaches half of it moves the action in earnest."""

# Published tables of attention (`heedmap forensics`, and the published rule in reports)

IGNORES_BELOW_SHARE = 0.01
"""Attention on the declared text (0..1, mean over layers) below which the published rule says that
the policy ignores its instruction. The page prints 0.0 % and gives no threshold; 1 % is on the
safe side of it."""

UNACCOUNTED_SHARE = 0.05
"""Attention outside of the named regions (0..1) above which it is a finding: less may be the
special tokens and the action token itself."""

MEAN_HIDES_SHARE = 0.10
"""Difference between the last layer and the mean over layers (0..1) above which the mean hides the
last layer."""

SIGNIFICANT_P = 0.05
"""Adjusted p-value below which a head's effect is drawn as significant; no verdict rests on it."""

CARRIES_NOTHING = 0.01
"""Share of the action's difference between two instructions by which a stack moves the action, at
most, of which the report says that by itself it brings over next to nothing."""

CARRIES_THE_INSTRUCTION = 0.5
"""Share that some other stack has to bring over by itself, for that to be said."""

NO_EFFECT_OF_A_CALL = 1e-6
"""Share of the largest effect of any call below which cutting the words in a call changes nothing:
where it does not read them, or what it reads is multiplied by zero, the action is the very same."""
