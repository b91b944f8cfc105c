"""The planted faults and the healthy policies by name, each with its known cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from heedmap.specimens import bypasses, faults
from heedmap.specimens.network import TinyKosmos2Policy
from heedmap.verdict import Cause

SOUND = "exp42_counterfactual_pta@sound"
MONAVLA = "exp42_counterfactual_pta@monavla"


@dataclass(frozen=True)
class Plant:
    """One policy whose truth is known, and what the ladder must say of it."""

    name: str
    cause: Cause
    base: str
    """The specimen that it is planted on."""
    build: Callable[[TinyKosmos2Policy], nn.Module]
    bypass_module: str | None = None
    """The module that a bypass runs through, where one is planted."""

    @property
    def is_healthy(self) -> bool:
        """Whether no fault is planted."""
        return self.cause == "none"


PLANTS: tuple[Plant, ...] = (
    Plant("wrong_prompt_key", "empty_instruction", SOUND, faults.WrongPromptKey),
    Plant("stale_instruction", "stale_instruction", SOUND, faults.StaleInstruction),
    Plant("truncated", "truncated", SOUND, faults.Truncated),
    Plant("unknown_directions", "unknown_words", SOUND, faults.UnknownDirections),
    Plant("text_overwritten", "overwritten", MONAVLA, faults.FullyVisible),
    Plant("length_leak", "length_leak", MONAVLA, faults.Planted),
    Plant("padded_on_the_left", "shifted_by_padding", SOUND, faults.PaddedOnTheLeft),
    Plant("text_masked", "masked", SOUND, faults.TextMasked),
    Plant("action_before_text", "action_before_instruction", SOUND, faults.ActionBeforeText),
    Plant("image_masked", "image_masked", SOUND, faults.ImageMasked),
    Plant("zeroed_values", "values_zero", SOUND, faults.ZeroedValues),
    Plant("two_hops", "indirect_only", SOUND, faults.TwoHops),
    Plant("mean_pooled_bypass", "bypass", SOUND, bypasses.MeanPooledBypass, "word_mean"),
    Plant(
        "cross_attention_bypass", "bypass", SOUND, bypasses.CrossAttentionBypass, "cross_attention"
    ),
    Plant("film_bypass", "bypass", SOUND, bypasses.FilmBypass, "film"),
    Plant("healthy", "none", SOUND, faults.Planted),
    Plant("healthy_recorded", "none", "exp41c_scratch_pta@sound", faults.Planted),
    Plant("healthy_resumed", "none", "exp41b_resume_exp40_pta@sound", faults.Planted),
    Plant("healthy_left_padding", "none", SOUND, faults.PaddedOnTheLeftRightly),
    Plant("healthy_action_before_eos", "none", SOUND, faults.ActionBeforeEos),
)
"""Rung by rung, then bypasses, then the healthy, unlike each other."""
