"""The words of the page around its figures in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "page_title": "Does the policy heed its instruction?",
    "page_lead": "Policies: {policies}. Camera frames: {frames}. Instructions: {instructions}. "
    "Each step from the words to the action was tested by intervening, not by looking alone.",
    "switch_language": "Language",
    "switch_theme": "Light or dark",
    "theme_auto": "as the system",
    "theme_light": "light",
    "theme_dark": "dark",
    "print": "Print",
    "contents": "Contents",
    "skip": "Skip to the ladder",
    "given": "What was given",
    "more_frames": "and {count} more frames",
    "asks_for": "asks for",
    "ladder_heading": "The ladder: where the instruction is lost",
    "what_became": "What became of the instruction",
    "rule_heading": "What “0 % attention” would have told",
    "holds": "holds",
    "fails": "fails",
    "unmeasured": "not measured",
    "head_heeds": "Heeds its instruction",
    "head_heeds_bypass": "Heeds it, around the transformer",
    "head_heeds_both": "Heeds it, also around the transformer",
    "head_no_fault": "No fault found, as far as was measured",
    "head_lost": "Lost at step {number}: {rung}",
    "head_open": "Cannot be judged on these frames",
    "rule_note": "The rule of the page that heedmap began from: next to no attention on the text "
    "(below 1 %) means that the policy ignores its instruction.",
    "rule_says_ignores": "Text gets {share}: “ignores it”",
    "rule_says_reads": "Text gets {share}: “does not ignore it”",
    "rule_says_nothing": "Says nothing",
    "rule_right": "right",
    "rule_wrong": "wrong",
    "rule_unfounded": "no evidence",
    "rule_open_mark": "open",
    "rule_undeclared": "No text positions were declared to add up.",
    "rule_obeys_by_bypass": "It obeys ({rate}), over {module}, which attention maps of the "
    "transformer do not show.",
    "rule_obeys": "It obeys ({rate}): a small share can decide.",
    "rule_absent": "The figure was read at positions {positions} ({composition}). The words never "
    "get there: nobody ignores what was never said.",
    "rule_masked": "The mask hides the words: the share is 0 whatever they say.",
    "rule_used": "Cutting the words out changes what it does.",
    "rule_confirmed": "Cutting and exchanging the words confirm it.",
    "rule_reads_and_obeys": "It does obey ({rate}).",
    "rule_reads_absent": "The share is of positions {positions} ({composition}).",
    "rule_reads_in_vain": "It looks at the words, but they do not decide what it does.",
    "rule_open": "Not enough was measured to tell.",
    "figures": "Pictures",
    "figures_note": "One chapter a policy. Point at a mark to read its figure.",
    "nothing_to_draw": "Nothing can be drawn of this policy: only its actions were seen.",
    "tables": "The page's tables, declared beside measured",
    "summary_table": "Summary",
    "layers_table": "Per layer",
    "layers_are_means": "Means over {count} frames; every frame's rows are in attention.parquet.",
    "differs": "≠ marks a declared figure that is off the measured one by more than half a "
    "percentage point, or whose region the sequence does not have.",
    "filter": "Filter rows",
    "rows_of": "{shown} of {total} rows",
    "download_csv": "Download CSV",
    "rung_figures": "Figures of the upper rungs",
    "definitions": "What the words mean",
    "define_share": "Share",
    "defined_share": "The attention of the action row(s) to a region, summed over its positions, "
    "mean over action rows and heads. All regions of a layout together make 100 %.",
    "define_regions": "Declared, measured",
    "defined_regions": "Declared regions are what a script assumes. Measured ones are found by "
    "intervention: image positions move with the frame, instruction positions with a word; of the "
    "rest, what the masks hide from the action row is padding, words of the prompt are template, "
    "others are special.",
    "define_lift": "Lift",
    "defined_lift": "Share per visible position against an even spread, sinks left out. 1 is even.",
    "define_knockout": "Cutting",
    "defined_knockout": "Edges from query to key set to minus infinity before the softmax, in all "
    "layers unless said. Compared with as many random edges.",
    "define_distance": "Distance",
    "defined_distance": "Between actions: Jensen-Shannon divergence in bits (0..1) for classes, "
    "root mean square in units of each dimension's spread for continuous ones.",
    "define_interval": "Interval",
    "defined_interval": "95 % bootstrap over episodes (frames, where no episode is known). None "
    "where there is one only.",
    "define_mediated": "Mediated",
    "defined_mediated": "What the difference between instructions loses when the words are cut "
    "out, beyond what it loses under random edges.",
    "limits": "Limits",
    "limit_low": "Low attention proves nothing, and high attention neither: only cutting and "
    "exchanging tell.",
    "limit_frames": "What is said holds for these frames and instructions.",
    "limit_map": "Maps by head, words and patching are of a few frames; no verdict rests on them.",
    "limit_length": "Words are exchanged at equal token count only; where no such exchange exists, "
    "the result says “not measured”.",
    "reproduce": "To run it again",
    "data": "The data",
    "data_inside": "Inside this page: {size}",
    "data_beside": "Beside this page, in the result's folder: {size}",
    "made_by": "Made by heedmap {version}.",
    "actions_of_frame": "Chosen on {frame}",
}
