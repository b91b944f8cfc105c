"""Every word of the report in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "ladder": "The ladder: from words to action",
    "ladder_note": "✓ holds, ✗ fails, – not measured. The first rung that fails is the "
    "verdict. Bypass: another road from the instruction to the action.",
    "fix": "What to do",
    "cause": "Cause",
    "bypass": "bypass",
    "attended_title": "Attended: what the action row reads at the instruction",
    "attended_share": "Share",
    "attended_last": "Last",
    "attended_lift": "Lift",
    "attended_read": "Read",
    "attended_rollout": "Rollout",
    "attended_ivar": "IVAR",
    "attended_shuffled": "Shuffled",
    "attended_nonsense": "Nonsense",
    "attended_heads": "Heads",
    "attended_note": "Share over all layers, in the last; lift against uniform; share of the "
    "norms read; rollout; instruction over instruction and image. Nulls: the share with "
    "shuffled weights, with made-up words. Heads with 5 % on it, layer by layer.",
    "used_title": "Used: what cutting the instruction out takes away",
    "used_unit": "Unit",
    "used_dependence": "Apart",
    "used_after_cut": "Cut",
    "used_after_random": "Random cut",
    "used_mediated": "Mediated (95 %)",
    "used_direct": "Directly",
    "used_p": "p",
    "used_frames": "Frames",
    "used_note": "How far the actions of different instructions are apart: as the policy is, with "
    "the instruction cut out, with as many random edges cut. Mediated: the difference of the last "
    "two; directly: over the action rows' own edges alone.",
    "obeyed_title": "Obeyed: what exchanging the instruction does",
    "obeyed_needed": "Needed",
    "obeyed_competent": "Competent",
    "obeyed_swap": "Swap",
    "obeyed_paraphrase": "Paraphrase",
    "obeyed_followed": "Followed (95 %)",
    "obeyed_chance": "Chance",
    "obeyed_all": "All of a frame",
    "obeyed_grounding": "LGS",
    "obeyed_drop": "Drop",
    "obeyed_note": "Needed: frames whose instructions ask for different actions. Competent: right "
    "under the frame's own instruction; other frames are left out. Swap and paraphrase: distance "
    "of the actions. LGS: done when asked less done when not. Drop: lost under paraphrases.",
    "random_weights": "{count} weights were not in the checkpoint and are random, such as "
    "{first}: figures speak of these too.",
    "architecture": "{family}, {layers} layers, {heads} heads: {transformer}",
    "chosen": "Chosen action",
    "expected": "expected: {action}",
    "is_right": "correct",
    "is_wrong": "wrong",
    "warning": "Declared and measured regions disagree",
    "claim": "Declared “{region}”, positions {positions} ({instructions}): measured as "
    "{composition}; the action row sees {visible} of {total}.",
    "part": "{count} {region}",
    "all_part": "all {region}",
    "nothing": "nothing",
    "frame": "Frame",
    "instruction": "Instruction",
    "text": "Text",
    "declared": "Declared regions",
    "declared_note": "as a script assumes them: {regions}",
    "measured": "Measured regions",
    "measured_note": "found by changing the frame and the words; all regions together make 100 %",
    "model": "Model",
    "seen": "Image seen",
    "seen_of": "{visible} of {total}",
    "last_layer": "Last layer",
    "mean_layers": "Mean over layers",
    "sum": "Sum",
    "absent_note": "– means that the sequence has no position of this kind; it is not 0 %.",
    "region": "Region",
    "no_instruction": "no instruction position",
    "layer": "Layer",
    "accuracy": "Accuracy on held-out frames",
    "accuracy_note": "Frame cases with the right action, in %. These figures come from the "
    "training recipe, not from this run. Chance is 33.3 % per instruction and 3.7 % for all "
    "three.",
    "style": "Instructions",
    "all_three": "all three",
    "frame_cases": "Frame cases",
    "method": "Method and hypothesis",
    "method_text": "The method is that of the page that heedmap began from. The policy gets "
    "the same image with an instruction to go left, right and forward. In each layer, the "
    "attention weights in the action token's row are added up over the image region and over "
    "the text region, then averaged over heads. The tables give the last layer, the mean over "
    "layers, and each layer.",
    "hypothesis_text": "Its hypothesis: an image share far above the text share exposes the "
    "structural cause of a policy that ignores its instruction.",
    "caution_title": "Why a share alone cannot show that",
    "caution_regions": "Regions have to be measured. A share is only as good as the positions "
    "it is summed over: if another component has overwritten the words, or the mask hides "
    "them, a share of 0 % says that they are not there, not that they are ignored. heedmap "
    "therefore changes the frame, then one word at a time, and records which positions "
    "entering layer 0 move.",
    "caution_low": "Low attention proves nothing. One token with a small weight can decide an "
    "action, and other tokens may have gathered the instruction in earlier layers.",
    "caution_road": "The instruction may take another road, such as a cross-attention in the "
    "action head, which attention inside the decoder does not show. Compare the actions "
    "themselves: only intervening on the instruction tells whether they depend on it.",
    "run": "What was run",
    "created": "Run at (UTC)",
    "versions": "Versions",
    "commit": "Commit",
    "seed": "Seed of the perturbations",
    "arguments": "Arguments",
    "weights": "Weights (SHA-256)",
    "implementation": "Attention implementation",
    "not_measured": "not measured",
    "not_known": "not known",
}
