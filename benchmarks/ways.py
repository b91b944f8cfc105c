"""Ways to see where the action row attends: ours, the page's, and other tools' ways.

TransformerLens runs its own re-implementations of a list of language models; Kosmos-2 and
vision-language models are not on it, so it cannot do this work and is not measured. captum's
`LayerActivation` keeps what a module gives, whole attention matrices included, of an eager
model; nnsight can cut them down to the row inside the pass.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import torch

from benchmarks.models import KosmosPolicy
from heedmap import CallablePolicy, capture_attention
from heedmap.data.pixels import Frame

Rows = torch.Tensor
"""(layer, head, key): attention of the last row."""

OTHER_TOOLS = ("nnsight", "captum")


def capture_ways(policy: CallablePolicy, frame: Frame, text: str) -> dict[str, Callable[[], Rows]]:
    """By name; the reference, a plain forward, first."""
    network = policy.module
    assert isinstance(network, KosmosPolicy)
    with torch.no_grad():
        embeds, is_image = network.sequence([frame], [text])

    def decode(**options: bool):
        with torch.no_grad():
            return network.decode(embeds.clone(), is_image, **options)

    def plain() -> Rows:
        decode()
        return torch.empty(0)

    def captured() -> Rows:
        with capture_attention(network.model.text_model) as capture:
            decode()
        return torch.stack([weights[0, :, 0] for weights in capture.weights()])

    def eagerly(run: Callable[[], Rows]) -> Callable[[], Rows]:
        def switched() -> Rows:
            network.model.text_model.set_attn_implementation("eager")
            try:
                return run()
            finally:
                network.model.text_model.set_attn_implementation("sdpa")

        return switched

    def page() -> Rows:
        attentions = decode(output_attentions=True).attentions
        return torch.stack([each[0, :, -1] for each in attentions])

    ways = {
        "plain SDPA forward": plain,
        "heedmap capture_attention": captured,
        "eager, output_attentions=True": eagerly(page),
    }
    if find_spec("nnsight"):
        ways["nnsight, row kept in the pass"] = eagerly(lambda: _nnsight(network, embeds))
    if find_spec("captum"):
        ways["captum LayerActivation"] = eagerly(lambda: _captum(network, embeds))
    return ways


def _nnsight(network: KosmosPolicy, embeds: torch.Tensor) -> Rows:
    from nnsight import NNsight  # pyright: ignore[reportMissingImports]

    model = NNsight(network.model.text_model)
    rows = []
    with torch.no_grad(), model.trace(inputs_embeds=embeds.clone(), use_cache=False):
        for layer in model.model.layers:
            rows.append(layer.self_attn.output[1][0, :, -1].save())
    return torch.stack(list(rows))


def _captum(network: KosmosPolicy, embeds: torch.Tensor) -> Rows:
    from captum.attr import LayerActivation  # pyright: ignore[reportMissingImports]

    model = network.model.text_model
    layers = [layer.self_attn for layer in model.model.layers]

    def forward(sequence: torch.Tensor) -> torch.Tensor:
        return model(inputs_embeds=sequence, use_cache=False).last_hidden_state

    with torch.no_grad():
        given = LayerActivation(forward, layers).attribute(embeds.clone())
    return torch.stack([each[1][0, :, -1] for each in given])
