"""The words of the terminal, of Markdown and of notebooks in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "given_counts": "Frames: {frames}. Policies: {policies}. Trials of the upper rungs: {trials}.",
    "given_first": "First frame: {frame}.",
    "no_trials": "none",
    "rule_short": "“0 % attention” says",
    "summary_beside": "Attention of the action row, declared beside measured, and what it does",
    "over_frames": "Means over {frames} frames; of the actions, how many.",
    "declared_last_image": "Declared: last Img%",
    "declared_last_text": "Declared: last Text%",
    "declared_mean_image": "Declared: mean Img%",
    "declared_mean_text": "Declared: mean Text%",
    "measured_mean_image": "Measured: mean Img%",
    "measured_mean_text": "Measured: mean Instr%",
    "chosen_action": "Chosen action",
    "would_say": "“0 % attention” would say",
    "regions_disagree": "Declared and measured regions disagree for {count} of {total} policies.",
    "more_with_full": "Every frame, layer, head and interval: add --full.",
}
