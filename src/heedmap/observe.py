"""One forward pass of a policy, observed: its scores, its action rows' attention, its input."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from heedmap.capture.attention import LayerAttention, capture_attention
from heedmap.capture.inputs import capture_first_layer_input
from heedmap.errors import CaptureError
from heedmap.policies.base import ActionScores, Policy
from heedmap.record import ActionResult
from heedmap.types import ActionAttention, Frame, VisiblePositions


@dataclass(frozen=True)
class Observation:
    """What one forward pass showed. Positions are those of the sequence entering layer 0."""

    scores: ActionScores
    sequence_length: int
    action_rows: tuple[int, ...]
    layer_names: tuple[str, ...]
    attention: ActionAttention
    visible: VisiblePositions
    """Whether an action row may see a position in at least one layer."""


def observe(policy: Policy, frame: Frame, instruction: str) -> Observation:
    """Run the policy once and record.

    Raises CaptureError when a layer was not seen, or the layers' sequences differ.
    """
    length = _sequence_length(policy, frame, instruction)
    rows = policy.action_rows(length)
    with capture_attention(policy.decoder, rows) as capture:
        scores = policy([frame], [instruction])
    layers = capture.layers()
    _check_one_sequence(layers, length)
    weights = torch.stack([layer.weights[0] for layer in layers])
    visible = torch.stack([layer.visible[0] for layer in layers]).any(dim=(0, 1))
    return Observation(
        scores=scores,
        sequence_length=length,
        action_rows=rows,
        layer_names=capture.seen_layers,
        attention=weights.cpu().numpy(),
        visible=visible.cpu().numpy(),
    )


def describe_action(scores: ActionScores, names: tuple[str, ...] | None) -> ActionResult:
    """The action that one row of scores stands for: the likeliest, or the values."""
    values = tuple(float(value) for value in scores[0])
    if names is None:
        return ActionResult(name=None, values=values)
    probabilities = torch.softmax(scores[0].double(), dim=0).tolist()
    return ActionResult(
        name=names[int(scores[0].argmax())],
        values=values,
        probabilities=dict(zip(names, probabilities, strict=True)),
    )


def _sequence_length(policy: Policy, frame: Frame, instruction: str) -> int:
    with capture_first_layer_input(policy.decoder) as capture:
        policy([frame], [instruction])
    return capture.only().shape[1]


def _check_one_sequence(layers: list[LayerAttention], length: int) -> None:
    for layer in layers:
        keys = layer.weights.shape[-1]
        if keys != length:
            raise CaptureError(
                f"The layer '{layer.module_name}' attends to {keys} keys, but {length} positions "
                f"entered the first layer; heedmap describes one sequence through all layers. "
                f"Give the transformer that feeds the action, without a key-value cache."
            )
