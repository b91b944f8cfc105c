"""Rung 4, measured: what the action rows read at the instruction's positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from heedmap.auditing.lower.examine import Examined
from heedmap.auditing.lower.nulls import shuffled_weights
from heedmap.auditing.measures.heads import head_table, heads_alive
from heedmap.auditing.measures.lift import ivar, lift
from heedmap.auditing.measures.norms import norm_share, value_weighted_norms
from heedmap.auditing.measures.rollout import rollout
from heedmap.auditing.measures.sinks import attention_sinks, massive_activations
from heedmap.auditing.variants import made_up
from heedmap.errors import CaptureError, InstructionError, NonFiniteError
from heedmap.ladder.measurements import AttendedFacts, HeadOnInstruction
from heedmap.ladder.pooling import AttendedCase, mean_attended, mean_of_known
from heedmap.ladder.thresholds import ZERO_VALUE_SHARE
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.record.regions import is_image
from heedmap.tracing.capture.inputs import SequenceLengthError
from heedmap.tracing.capture.projection import output_weight
from heedmap.tracing.observe import Pass
from heedmap.types import ActionAttention

TOP_HEADS = 5


@dataclass
class AttendedGatherer:
    """Gathers the facts case by case; holds no attention."""

    seed: int
    _cases: list[AttendedCase] = field(default_factory=list)
    _first: AttendedFacts | None = None
    """Sinks, heads and nulls, of the first case that has an instruction to attend to."""

    def add(self, one: Examined) -> AttendedCase | None:
        """Take one case in; None for one without an instruction in its sequence."""
        positions = list(one.instruction_positions)
        if not positions:
            return None
        attention = one.seen.attention(one.rows)
        if self._first is None:
            self._first = _first_facts(one, attention, self.seed)
        visible = one.seen.visible_anywhere(one.rows)
        case = AttendedCase(
            share=_share(attention, positions),
            last_layer_share=_share(attention[-1:], positions),
            lift=lift(attention, positions, visible, self._first.sinks),
            value_share=_value_share(one, positions),
            rollout_share=_rollout_share(one, positions),
            values_are_zero=_values_are_zero(one.seen, positions),
            ivar=ivar(attention, positions, _image(one)),
        )
        self._cases.append(case)
        return case

    def facts(self, cases: Sequence[AttendedCase] | None = None) -> AttendedFacts | None:
        """Means over these cases (left out: all); None where none has an instruction to attend to.

        What is measured on one case alone is that of the first of all.
        """
        chosen = self._cases if cases is None else cases
        if self._first is None or not chosen:
            return None
        return mean_attended(self._first, chosen)


def _first_facts(first: Examined, attention: ActionAttention, seed: int) -> AttendedFacts:
    """What is measured on one case alone; the means are filled in when all cases are known."""
    sinks = _sinks(first, attention)
    by_head = attention[..., list(first.instruction_positions)].sum(axis=-1).mean(axis=-1)
    return AttendedFacts(
        share=0.0,
        last_layer_share=0.0,
        lift=None,
        lift_by_region=_lift_by_region(first, attention, sinks),
        sinks=sinks,
        value_share=None,
        rollout_share=0.0,
        values_are_zero=None,
        heads_alive_by_layer=heads_alive(by_head),
        top_heads=tuple(
            HeadOnInstruction(layer=head.layer, head=head.head, share=head.share)
            for head in head_table({"instruction": by_head}, top=TOP_HEADS)
        ),
        ivar=None,
        null_shuffled_weights=_share_with_shuffled_weights(first, seed),
        null_nonsense=_share_of_nonsense(first),
    )


def _share(attention: ActionAttention, positions: Sequence[int]) -> float:
    """Over layers, heads and rows."""
    return float(attention[..., list(positions)].sum(axis=-1, dtype=np.float64).mean())


def _lift_by_region(
    examined: Examined, attention: ActionAttention, sinks: tuple[int, ...]
) -> dict[str, float | None]:
    visible = examined.seen.visible_anywhere(examined.rows)
    regions = examined.layout.regions
    return {name: lift(attention, held, visible, sinks) for name, held in regions.items()}


def _image(examined: Examined) -> list[int]:
    regions = examined.layout.regions
    return [p for region, held in regions.items() if is_image(region) for p in held]


def _sinks(examined: Examined, attention: ActionAttention) -> tuple[int, ...]:
    """Positions that draw attention by either criterion and hold no content."""
    still = {"special", "padding", "template"}
    regions = examined.layout.regions
    content = {p for region, held in regions.items() if region not in still for p in held}
    states = examined.seen.leaving or examined.subject.run(keep_leaving=True).leaving
    padding = set(regions.get("padding", ()))  # its states mean nothing, and shift the median
    kept = [p for p in range(examined.layout.length) if p not in padding]
    massive = {
        kept[index]
        for layer in states
        for index in massive_activations(layer[0, kept].float().cpu().numpy())
    }
    return tuple(sorted({*attention_sinks(attention, content), *(massive - content)}))


def _value_share(examined: Examined, positions: Sequence[int]) -> float | None:
    """Share of the norms over all layers; None where some layer's values were not seen."""
    module = examined.subject.policy.module
    shares: list[float | None] = []
    for call in examined.seen.stack.calls:
        values = call.values()
        if values is None:
            return None
        weights = call.row_weights(examined.rows)[0]
        projection = output_weight(module, call, weights.shape[0] * values.shape[-1])
        norms = value_weighted_norms(weights, values[0], projection)
        shares.append(norm_share(norms, positions))
    return mean_of_known(shares)


def _values_are_zero(seen: Pass, positions: Sequence[int]) -> bool | None:
    """Whether the values at these positions are zero in every layer."""
    for call in seen.stack.calls:
        values = call.values()
        if values is None:
            return None
        lengths = values[0].float().norm(dim=-1).amax(dim=0)
        if lengths[list(positions)].max() > ZERO_VALUE_SHARE * lengths.median():
            return False
    return True


def _rollout_share(examined: Examined, positions: Sequence[int]) -> float:
    layers = [
        lambda rows, call=call: call.row_weights(rows)[0] for call in examined.seen.stack.calls
    ]
    flow = rollout(layers, examined.rows, examined.seen.stack.length)
    return float(flow[list(positions)].sum())


@stage(Phrase("measuring attention with shuffled weights"))
def _share_with_shuffled_weights(examined: Examined, seed: int) -> float | None:
    subject = examined.subject
    try:
        with shuffled_weights(subject.policy.module, subject.base.stack.block_names, seed):
            attention = subject.run().attention(examined.rows)
    except (NonFiniteError, CaptureError):
        return None  # without its training a network runs into NaN, or takes another way
    return _share(attention, examined.instruction_positions)


@stage(Phrase("measuring attention under made-up words"))
def _share_of_nonsense(examined: Examined) -> float | None:
    """The share at the same positions when every word is a made-up one."""
    subject = examined.subject
    nonsense = made_up(subject.instruction)
    if not subject.same_length(nonsense):
        return None
    try:
        attention = subject.run(instruction=nonsense).attention(examined.rows)
    except (SequenceLengthError, InstructionError):
        return None
    return _share(attention, examined.instruction_positions)
