"""What interventions found, as plain values: the evidence behind the rungs used and obeyed.

"Not measured" is None, never 0. Distances between actions are Jensen-Shannon bits (0..1)
for discrete heads and root-mean-square multiples of the per-dimension scale for continuous
ones; `unit` says which.
"""

from __future__ import annotations

from typing import Literal, get_args

from heedmap.frozen import Frozen

Intervention = Literal["exchange", "cut", "map"]
"""What rungs 5 and 6 are measured by: rung 6, rung 5, then where in the network."""
INTERVENTIONS: tuple[Intervention, ...] = get_args(Intervention)
"""In the order in which they are run; each needs those before it."""


class Estimate(Frozen):
    """A mean over observations that are clustered (frames by episode), with its interval."""

    value: float
    low: float | None
    """Lower end of the 95 % bootstrap interval over clusters; None with one cluster only."""
    high: float | None
    n: int
    """Observations that were averaged."""
    clusters: int
    """Independent clusters that they come from."""
    left_out: int = 0
    """Observations that could not be counted; the report says why."""


Region = Literal["instruction", "image"]
CutName = Literal[
    "all -/-> instruction",
    "action -/-> instruction",
    "template -/-> instruction",
    "instruction -/-> image",
    "action -/-> image",
]
"""Who no longer sees whom. `all` is every position outside of the instruction."""


class CutEffect(Frozen):
    """One set of edges cut in all layers and heads, against as many random ones."""

    name: CutName
    edges: float
    """Visible edges that were cut, mean over examples."""
    distance: Estimate
    """Between the action as it is and under the cut."""
    random_distance: Estimate
    """The same with matched random edges."""
    p_value: float | None
    """One-sided paired permutation test of the one against the other."""


class HeadEffect(Frozen):
    """One head's edges from the action rows to a region cut."""

    layer: int
    head: int
    region: Region
    distance: float
    random_distance: float | None
    """None for the image: too few other positions are left to match it with."""
    p_value: float | None
    p_adjusted: float | None
    """Benjamini-Hochberg over all heads of the region."""
    share: float
    """The head's attention on the region, same examples."""


class LayerEffect(Frozen):
    """The action rows' edges to the instruction cut in some layers."""

    first_layer: int
    last_layer: int
    distance: float
    random_distance: float


class LayerPatch(Frozen):
    """The instruction's states entering one layer taken from the run under another one."""

    layer: int
    recovered_share: float
    """Of the action's difference: 1 where the other run's action comes out, 0 where none."""


class CallEffect(Frozen):
    """The action rows' edges to the instruction cut in one call: a flow step, a token, a round."""

    call: int
    distance: float
    random_distance: float


class WordEffect(Frozen):
    """One position of the instruction hidden from all others, in every layer."""

    trial: str
    instruction: str
    position: int
    share: float
    """Of the action rows' attention, mean over layers and heads."""
    distance: float
    """Between the action as it is and with the position hidden."""
    random_distance: float
    """The same with as many random edges cut, mean over draws."""


class AttentionPredicts(Frozen):
    """Spearman's rank correlation of what was read from attention with what cutting does."""

    share: float | None
    lift: float | None
    ivar: float | None
    """Instruction over instruction and image, head by head."""
    value_norm: float | None
    rollout: float | None
    """Over layers only."""
    heads: int
    """Pairs of layer and head correlated."""
    layers: int


class Bypass(Frozen):
    """A path from the instruction to the action beside its positions in the sequence."""

    status: Literal["found", "none", "not measured"]
    kind: Literal["after", "before"] | None = None
    """`after`: around or behind the transformer. `before`: into the image's positions."""
    module: str | None = None
    """The first module on that path whose input changes with the instruction."""
    change: float | None = None
    """Largest change of an action score with the sequence kept fixed."""


class PatchMap(Frozen):
    """Which grid cell of one camera's image moves which positions."""

    camera: str
    cells_a_side: int
    positions: tuple[tuple[int, ...], ...] = ()
    """Per cell, row by row from the upper left; empty where the tower `mixes`."""
    cells_share: float | None = None
    """Share of the cells that move any position; None where they were not all tried."""
    positions_share: float | None = None
    """Share of the camera's positions that some cell moves; None as above."""
    mixes: bool = False
    """The cell in the upper left corner moves all of the camera's positions."""


class KnockoutPath(Frozen):
    """How knockouts were run, and why: `cached rows` only where it gave what whole passes give."""

    kind: Literal["cached rows", "forward passes"]
    copies: bool = False
    """Whether the policy had to be called on a copy of the example for every knockout."""
    why: str | None = None


class CausalMap(Frozen):
    """Where in the network the instruction is used; a few frames, no verdict rests on it."""

    unit: str
    examples: int
    by_head: tuple[HeadEffect, ...]
    by_layer: tuple[LayerEffect, ...]
    by_window: tuple[LayerEffect, ...]
    patched: tuple[LayerPatch, ...]
    """Empty where no two instructions of equal length lead to different actions."""
    predicts: AttentionPredicts
    knockouts: KnockoutPath | None = None
    by_word: tuple[WordEffect, ...] = ()
    """Every instruction of one trial; empty in older records."""
    modules: tuple[str, ...] = ()
    """Over several stacks: what `layer` numbers; a module is cut in all of its calls."""
    by_call: tuple[CallEffect, ...] = ()
    """Over several stacks, where modules run more than once: each call cut alone."""


class UsedFacts(Frozen):
    """Does the action depend on the instruction through its place in the sequence? (rung 5).

    *Dependence* is the distance between the actions under instructions that ask for
    different ones (under any two, where no expectation was given). What cutting takes away
    of it, beyond what random edges take, is *mediated* by the cut edges.
    """

    unit: str
    dependence: Estimate
    after_cut: Estimate
    """Dependence with no position outside of the instruction seeing it."""
    after_direct_cut: Estimate
    """With only the action rows' own edges cut."""
    after_random_cut: Estimate
    """With as many random edges cut as in `after_cut`."""
    mediated: Estimate
    """`after_random_cut` - `after_cut`, paired by frame."""
    mediated_directly: Estimate
    """As `mediated`, for the action rows' own edges."""
    p_value: float | None
    cuts: tuple[CutEffect, ...]
    knockouts: KnockoutPath | None = None
    """How the cuts were run; None in older records."""


class Competence(Frozen):
    """Does the policy act rightly under the instruction that a frame came with?"""

    rate: Estimate
    chance: float
    """Rate of a policy that always outputs the action expected most often."""


class FollowingFacts(Frozen):
    """How often the action is the expected one; formulas in `measures/following.py`."""

    rate: Estimate
    """Directional instruction-following rate; a frame's mean over its instructions."""
    chance: float
    """Rate of the best fixed action, whatever the instruction."""
    by_instruction: dict[str, Estimate]
    counterfactual_accuracy: Estimate | None
    """Frames on which every instruction is followed."""
    paraphrase_drop: Estimate | None
    grounding_score: Estimate | None
    log_likelihood_ratio_bits: Estimate | None
    swapped: tuple[tuple[str, str], ...]
    """Pairs of actions output in each other's place."""


class ActionUnder(Frozen):
    """The action under one instruction, over the trials that have it."""

    instruction: str
    action: str
    """A class, or a dimension such as "dim1"."""
    amount: Estimate
    """Probability of the class (0..1), or value of the dimension."""


class ObeyedFacts(Frozen):
    """What exchanging the instruction does to the action (rung 6)."""

    unit: str
    trials: int
    not_needed: int
    """Frames on which all instructions expect the same action; never counted as ignoring."""
    without_expectation: int
    """Frames without known expected actions."""
    not_competent: int
    """Frames left out of `following`: the action is wrong under their own instruction."""
    swap_distance: Estimate | None
    """Between the actions of instructions that ask for different ones. None, as are all
    distances here, where `action_change` may be rounding."""
    paraphrase_distance: Estimate | None
    beyond_paraphrase: Estimate | None
    """Swap less paraphrase, paired by frame; the swap alone where there was no paraphrase."""
    p_value: float | None
    flip_share: Estimate | None
    """Exchanges that change the chosen action; None for continuous heads."""
    swap_cosine: Estimate | None
    """Cosine between continuous actions under an exchange; None for discrete heads."""
    nonsense_distance: Estimate | None
    blank_distance: Estimate | None
    contradictory_distance: Estimate | None
    """Between the action under two contradicting instructions joined, and under the first."""
    following: FollowingFacts | None
    """None without expected actions, or where no frame is left."""
    competent: Competence | None
    """None where no frame says which instruction is its own."""
    own_action_anyway: Estimate | None
    """Of the other instructions: those under which the frame's own action is output."""
    actions: tuple[ActionUnder, ...] = ()
    """By instruction and action, with intervals over frames; empty in older records."""
    language_share: float | None = None
    """Of the variance of the actions over frames and instructions, what the instruction alone
    explains (eta squared, 0..1); None with fewer than two frames under the same instructions."""
    action_change: float | None = None
    """Largest change of one value of the action between such instructions, as a share of the
    action's largest |value|; None for discrete heads, without such pairs, and in older records."""
