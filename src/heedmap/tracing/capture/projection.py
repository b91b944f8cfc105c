"""The output projection of an attention module, found by its size."""

from __future__ import annotations

import torch
from torch import nn

from heedmap.tracing.capture.calls import AttentionCall


def output_weight(module: nn.Module, call: AttentionCall, features: int) -> torch.Tensor | None:
    """Weight of the last linear map in the attention module that takes all heads.

    `features` are heads x value dimensions. None where there is none of that size; the
    values' own lengths count then.
    """
    inner = module.get_submodule(call.module_name).modules()
    fitting = [m for m in inner if isinstance(m, nn.Linear) and m.in_features == features]
    return fitting[-1].weight.detach() if fitting else None
