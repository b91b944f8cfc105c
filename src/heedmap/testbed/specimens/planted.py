"""The planted faults and the healthy policies by name, each with its known cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from torch import nn

from heedmap.ladder.causes import Cause
from heedmap.testbed.specimens import bypasses, faults
from heedmap.testbed.specimens.network import TinyKosmos2Policy, Wiring, rewired
from heedmap.testbed.specimens.population import KINDS, Kind, Member, load_member, member_named
from heedmap.testbed.specimens.world import Style
from heedmap.testbed.specimens.zoo import load_specimen

SOUND = "exp42_counterfactual_pta@sound"
MONAVLA = "exp42_counterfactual_pta@monavla"
HEEDING_SEEDS = range(5)
SEEDS = range(4)
"""Members of every other kind that are scored."""


@dataclass(frozen=True)
class Plant:
    """One policy whose truth is known, and what the ladder must say of it."""

    name: str
    cause: Cause
    base: str
    """What it is planted on: a specimen, or a member of the population and its wiring."""
    build: Callable[[TinyKosmos2Policy], nn.Module] | None
    """Plants the fault; None where the base itself is what was planted, by its training."""
    bypass_module: str | None = None
    """The module that a bypass runs through, where one is planted."""
    style: Style = "path"
    """Form of the instructions that it is audited with."""

    @property
    def is_healthy(self) -> bool:
        """Whether no fault is planted."""
        return self.cause == "none"

    @property
    def follows(self) -> bool:
        """Whether the instruction reaches the action and decides, on any path."""
        return self.cause in ("none", "indirect_only", "bypass")


STRUCTURAL: tuple[Plant, ...] = (
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
    Plant("healthy", "none", SOUND, faults.Planted),
)
"""Faults of the rungs 1-4, which do not depend on training; and none."""

UNTRAINED_ROADS: tuple[Plant, ...] = (
    Plant("two_hops", "indirect_only", SOUND, faults.TwoHops),
    Plant("mean_pooled_bypass", "bypass", SOUND, bypasses.MeanPooledBypass, "word_mean"),
    Plant(
        "cross_attention_bypass", "bypass", SOUND, bypasses.CrossAttentionBypass, "cross_attention"
    ),
    Plant("film_bypass", "bypass", SOUND, bypasses.FilmBypass, "film"),
    Plant("healthy_left_padding", "none", SOUND, faults.PaddedOnTheLeftRightly),
    Plant("healthy_action_before_eos", "none", SOUND, faults.ActionBeforeEos),
)
"""Other paths and orders, planted on networks that were not trained with them.

Rungs 1-4 and the bypass test identify them; their actions do not.
"""

_TRAINED: dict[Kind, tuple[Cause, str | None]] = {
    "two_hops": ("indirect_only", None),
    "before_eos": ("none", None),
    "left_padding": ("none", None),
    "mean_pooled": ("bypass", "word_mean"),
    "cross_attention": ("bypass", "cross_attention"),
    "film": ("bypass", "film"),
    "confounded": ("confounded", None),
    "unused": ("unused", None),
    "disobeys": ("disobeyed", None),
}


def population_plants() -> tuple[Plant, ...]:
    """All that `heedmap specimens score --full` judges; no member from development."""
    structural = [
        replace(plant, name=f"{plant.name} on heeding-{seed}", base=f"heeding-{seed}@{wiring}")
        for seed in HEEDING_SEEDS
        for plant in STRUCTURAL
        for wiring in (plant.base.split("@")[1],)
    ]
    trained = [trained_plant(kind, seed) for kind in KINDS if kind in _TRAINED for seed in SEEDS]
    return (*structural, *trained)


def short_list() -> tuple[Plant, ...]:
    """One policy of every cause: faults on a shipped specimen, and a member of each kind."""
    return (*STRUCTURAL, *(trained_plant(kind, 0) for kind in KINDS if kind in _TRAINED))


def trained_plant(kind: Kind, seed: int) -> Plant:
    """A member of the population that is what it is by its training."""
    cause, bypass_module = _TRAINED[kind]
    member = Member(kind, seed)
    return Plant(member.name, cause, member.name, None, bypass_module, member.style)


def load_base(name: str) -> nn.Module:
    """A specimen `REGIME@WIRING`, or a member `KIND-SEED`, also with other `@WIRING`.

    Raises PolicyError when there are no weights of that name.
    """
    stem, _, wiring = name.partition("@")
    if stem.rpartition("-")[0] not in KINDS:
        return load_specimen(name)
    planted = load_member(member_named(stem))
    return planted if not wiring else rewired(planted.network, cast("Wiring", wiring))
