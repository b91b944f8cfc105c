"""The words of comparisons in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "compare_title": "Checkpoints side by side",
    "compare_lead": "Policies: {policies}, from {runs} result folder(s). Differences are against "
    "{baseline}.",
    "compared_heading": "What is compared",
    "compared_one_run": "All are from one run: the same frames, instructions and trials.",
    "compared_same": "{run}: the same frames (by their pixels), instructions and {common} trials "
    "as {baseline}.",
    "compared_instructions": "{run}: its instructions are not those of {baseline} ({names}), so "
    "no differences are given.",
    "compared_frames": "{run}: not all of its frames are those of {baseline} ({names}); these are "
    "not paired.",
    "compared_trials_some": "{run}: {common} of {total} trials are in {baseline} too; only these "
    "are paired.",
    "compared_trials_none": "{run}: none of its trials is one of {baseline}'s, so differences are "
    "not paired and have no interval.",
    "compared_no_trials": "{run}: differences from {baseline} are not paired and have no "
    "interval, for no values by trial were kept in {names} (records of schema 3 have them, where "
    "the upper rungs were measured).",
    "compared_by_name": "Trials are the same where their names are; the pixels of those that are "
    "not among the frames are not in the record.",
    "difference_heading": "Differences from {baseline}",
    "difference_note": "Paired: the mean over trials of the difference on the same trial, with "
    "its 95 % bootstrap interval over episodes. Its trials can be fewer than those of the two "
    "figures. p: two-sided permutation of signs, adjusted (Benjamini-Hochberg) for the number of "
    "differences told here. An interval across 0 does not show that two policies are equal.",
    "difference_interval": "{difference} ({low} to {high})",
    "points": "pp",
    "baseline_column": "Baseline",
    "figure_column": "Figure",
    "value_column": "Value",
    "difference_column": "Difference (95 %)",
    "p_column": "p, adjusted",
    "pairs_column": "Pairs",
    "why_column": "Note",
    "figure_attended": "Attention on the instruction",
    "figure_lift": "Lift of the instruction",
    "figure_mediated": "Used: mediated",
    "figure_swap": "Distance on exchange",
    "figure_following": "Instruction followed",
    "figure_counterfactual": "All of a frame followed",
    "figure_competent": "Competent",
    "without": "{count} without a difference: {why}",
    "why_instructions": "asked differently",
    "why_not_measured": "not measured on both sides",
    "why_unit": "units differ",
    "why_one_number": "no interval: one number a policy",
    "why_no_trials": "no interval: not kept by trial",
    "why_no_common": "no interval: no trial in common",
    "why_one_cluster": "no interval: one episode or frame",
    "why_own_scale": "in units of each policy's own spread",
    "curves_title": "Attention over the layers",
    "curves_caption": "Measured regions, mean over heads and frames; one line a policy. No line: "
    "the sequence has no such position, or no attention was seen.",
    "curves_alt": "Share of the action row's attention on the image and on the instruction over "
    "the layers, a line a policy, a panel an instruction.",
    "depth_axis": "Relative depth (0: first layer, 1: last)",
    "forest_title": "Differences with their intervals",
    "forest_caption": "Points: differences from {baseline}; lines: 95 % intervals. Hollow points "
    "have no interval. Shares in percentage points.",
    "forest_alt": "Differences of every policy's figures from {baseline}, with intervals.",
    "axis_points": "percentage points",
    "axis_distance": "in the figure's unit",
    "legend_beyond": "interval on one side of 0",
    "legend_across": "interval across 0",
    "legend_none": "no interval",
    "compared_summary": "The page's summary, side by side",
}
