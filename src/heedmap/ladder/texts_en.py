"""The ladder's texts in English."""

from __future__ import annotations

from heedmap.ladder.texts import CauseText, LadderTexts
from heedmap.verdict import Cause

_CAUSES: dict[Cause, CauseText] = {
    "none": CauseText(
        "The instruction becomes tokens, enters the transformer at positions {positions}, "
        "is visible to the action row and read by it.",
        "Nothing to mend on these rungs.",
    ),
    "empty_instruction": CauseText(
        "The same few token ids reach the model whatever the instruction says: the prompt "
        "holds no instruction.",
        "Check the key under which the instruction is passed to the prompt or processor.",
    ),
    "stale_instruction": CauseText(
        "The same token ids reach the model whatever the instruction says: they are those "
        "of an earlier one.",
        "Clear or key the cache of the tokenised instruction at every call.",
    ),
    "truncated": CauseText(
        "The instruction is cut off: the words {lost_words} change no token id.",
        "Raise the tokenizer's max_length, or shorten the prompt before the instruction.",
    ),
    "unknown_words": CauseText(
        "The words {lost_words} are unknown to the tokenizer: exchanging them changes no token id.",
        "Use the tokenizer that the policy was trained with, or words that it knows.",
    ),
    "same_ids": CauseText(
        "Instructions become the same token ids: {pairs}.",
        "Look at what the tokenizer drops (case, punctuation, stop words).",
    ),
    "overwritten": CauseText(
        "The instruction is not in the sequence: image embeddings stand at positions "
        "{overwritten}, where its words were written.",
        "Insert the image embeddings between the tokens instead of writing over them.",
    ),
    "length_leak": CauseText(
        "The instruction is not in the sequence; only its number of tokens still shapes the "
        "mask, and so the action.",
        "Insert the image embeddings between the tokens, and build the mask for the merged "
        "sequence.",
    ),
    "absent": CauseText(
        "The instruction is not in the sequence: no position entering layer 0 moves with it.",
        "Follow the word embeddings from the embedding layer to the transformer's input.",
    ),
    "shifted_by_padding": CauseText(
        "The instruction's place depends on how long it is: padding stands before it, and "
        "positions count the padding.",
        "Pad on the other side, or derive the positions from the attention mask.",
    ),
    "masked": CauseText(
        "The instruction is in the sequence at positions {positions}, but the mask hides it "
        "from the action row in every layer.",
        "Build the attention mask for the merged sequence, image and text.",
    ),
    "action_before_instruction": CauseText(
        "The instruction stands at positions {positions}, behind the action row, which in a "
        "causal transformer cannot see it.",
        "Put the action token behind the instruction.",
    ),
    "image_masked": CauseText(
        "The instruction is visible, but all {image_total} image tokens are masked: the "
        "policy cannot see.",
        "Build the attention mask for the merged sequence, image and text.",
    ),
    "values_zero": CauseText(
        "The action row attends to the instruction ({share}), but what it reads there is "
        "zero in every layer.",
        "Look at the value projection (a zeroed adapter, a wrong mask on the values).",
    ),
    "unattended": CauseText(
        "The instruction is visible at positions {positions}, but no attention reaches it in "
        "any layer.",
        "Check positions and scale of the word embeddings against those in training.",
    ),
    "unused": CauseText(
        "The instruction reaches the action row and is attended ({share}), but the action does "
        "not depend on it: exchanging it moves the action by {swap}.",
        "Look at the training data: is the instruction right for its action, and does it matter "
        "there? `heedmap needed DATASET` tells.",
    ),
    "confounded": CauseText(
        "The action follows the frame, not the instruction: it is right in {competent} under the "
        "frames' own instructions, and done all the same under {anyway} of the others.",
        "Train on other instructions with other actions for the same frame; `heedmap needed "
        "DATASET` tells how far the frame foretells the action.",
    ),
    "disobeyed": CauseText(
        "The instruction is used, but not obeyed: {rate} of the actions are as asked (chance "
        "{chance}).{swapped}",
        "Check the actions' labels, their order and their signs against those in training.",
    ),
    "not_competent": CauseText(
        "Not competent here: even under the frames' own instructions the action is right in "
        "{competent} only, so obedience cannot be judged.",
        "Audit on frames like those in training, or train further.",
    ),
    "not_needed": CauseText(
        "Not needed on these frames: all instructions ask for the same action, so whether the "
        "policy uses or obeys them cannot show.",
        "Give frames and instructions that ask for different actions.",
    ),
    "indirect_only": CauseText(
        "The instruction at positions {positions} reaches the action row only over other "
        "positions ({hops} hops); its direct attention of 0 % proves nothing.",
        "Nothing to mend, if it is meant so; test by cutting, not by reading attention.",
    ),
    "bypass": CauseText(
        "The instruction reaches the action beside the sequence, through '{module}'; "
        "attention cannot show what goes there.",
        "Nothing to mend, if it is meant so; judge the policy by exchanging instructions.",
    ),
    "not_measured": CauseText(
        "What becomes of the instruction could not be measured: no variant of equal length "
        "was found.",
        "Give instructions of equal token count, or the policy's token_count.",
    ),
}

ENGLISH = LadderTexts(
    rung_names={
        "tokenised": "tokenised",
        "present": "present",
        "visible": "visible",
        "attended": "attended",
        "used": "used",
        "obeyed": "obeyed",
    },
    gate_names={"needed": "needed", "competent": "competent"},
    causes=_CAUSES,
    used=" It is used: the actions differ by {dependence}, and cutting it takes {mediated} of that "
    "away.",
    used_over_others=" It gets there over other positions: cutting the action row's own edges "
    "takes {directly} away.",
    obeyed=" It is obeyed: {rate} of the actions are as asked (chance {chance}).",
    right_way_unknown=" Whether the action is the right one was not measured: nobody said what "
    "the instructions ask for (--expect).",
    upper_not_measured=" Whether it is used and obeyed was not measured.",
    too_small=CauseText(
        " Whether it is used and obeyed was not measured: what exchanging it does is smaller than "
        "{least_change} of the action's own magnitude ({change}), and may be rounding.",
        "Give frames and instructions that ask for clearly different actions; where the actions "
        "have a large constant offset, leave it out of them.",
    ),
    bypassed=" Yet the action follows the instruction by another road, through '{module}'.",
    heeds_by_bypass=" Yet the policy heeds its instruction, through '{module}', not through the "
    "backbone: {rate} of the actions are as asked (chance {chance}).",
    swapped=" Done in each other's place: {swapped}.",
)
