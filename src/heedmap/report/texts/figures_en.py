"""The words of the figures in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "actions_title": "What it does under each instruction",
    "actions_caption": "Mean over {frames} frames; lines: 95 % intervals over {clusters} episodes "
    "or frames.",
    "actions_one_frame": "One frame ({frame}), so there is no interval.",
    "actions_alt": "Actions of {policy} under each instruction, with intervals.",
    "probability_axis": "Mean probability",
    "value_axis": "Mean value",
    "asked_for": "asked for",
    "not_asked_for": "not asked for, or not known",
    "shares_title": "Attention over the layers",
    "shares_caption": "The action row's attention divided among all regions, to 100 %; mean over "
    "{heads} heads and {frames} frame(s). Above as declared, below as measured.",
    "shares_alt": "{policy}: share of the action row's attention by region over the layers, one "
    "column per instruction; declared regions above, measured regions below.",
    "sequence_title": "The sequence, position by position",
    "sequence_caption": "Band: what each position holds, hatched where no action row may see it. "
    "Height: attention to it, mean over {layers} layers and {heads} heads. Frame {frame}.",
    "sequence_alt": "The sequence of {policy} as a strip for each instruction: regions in colour, "
    "masked positions hatched, attention as height.",
    "position_axis": "Position in the sequence",
    "position": "position",
    "is_visible": "visible to the action row",
    "is_masked": "masked",
    "frame_title": "Attention over the image's patches",
    "frame_caption": "Frame {frame}, mean over {layers} layers and all heads. What a position "
    "takes from several patches is divided among them. Grey: masked, the action row cannot see "
    "them ({hidden}; of {total} patches).",
    "frame_alt": "Attention of {policy} laid over the frame's patches, one panel per instruction; "
    "masked patches are grey.",
    "patch": "Patch",
    "patch_axis": "Share of attention per patch",
    "words_title": "The instruction, word by word",
    "words_caption": "Left: attention on each position, mean over layers and heads. Right: how far "
    "the action moves when all others lose sight of it; tick: as many random edges cut. One frame "
    "({frame}). The action that is done without any word needs none.",
    "words_alt": "Attention on each word of the instructions of {policy}, and the effect of hiding "
    "it.",
    "effect_axis": "Effect of cutting ({unit})",
    "random_edges": "random edges",
    "heads_title": "Layers and heads: attention, and what cutting it does",
    "heads_share": "Attention on the instruction",
    "heads_effect": "Effect of cutting it ({unit})",
    "heads_caption": "Each cell: one head's edges from the action row to the instruction. Mean "
    "over {frames} frames, one instruction each. {how}",
    "heads_only_shares": "Attention only, mean over {frames} frame(s): knockouts by head were not "
    "run.",
    "heads_alt": "Maps by layer and head of {policy}: attention on the instruction, and the effect "
    "of cutting it.",
    "knockouts_cached": "Cut as cached rows, checked against whole passes.",
    "knockouts_whole": "Cut in whole forward passes.",
    "scatter_title": "Does attention tell where the instruction is used?",
    "scatter_caption": "A point a head, {heads} in all; mean over {frames} frames, one instruction "
    "each.",
    "scatter_alt": "Attention on the instruction against the effect of cutting it, a point a head "
    "of {policy}. {correlation}",
    "beyond_random": "beyond random edges (adjusted p < 0.05)",
    "not_beyond_random": "not beyond random edges",
    "ranked": "Spearman's rank correlation {correlation}",
    "not_ranked": "No rank correlation: all effects alike",
    "patching_title": "Where the instruction's information is",
    "patching_axis": "Recovered",
    "patching_caption": "The states at the instruction's positions entering a layer are taken from "
    "the run under another instruction: 100 % is that one's action, 0 % the old one's.",
    "patching_alt": "Share of another instruction's action recovered by patching {policy}, layer "
    "by layer.",
    "share_axis": "Share of attention",
    "layer_axis": "Layer",
    "head_axis": "Head",
}
