"""Low-rank adapters on a decoder's linear maps: trained beside fixed weights, then merged in.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import nn

DOWN, UP = ".down", ".up"


class LowRankLinear(nn.Module):
    """A fixed linear map, and a trained one of low rank that begins at zero."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, base.in_features) * base.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Float[torch.Tensor, "... inner"]) -> Float[torch.Tensor, "... outer"]:
        """What both give together, in the type of the fixed map."""
        down, up = self.down.to(x.dtype), self.up.to(x.dtype)
        return self.base(x) + (x @ down.mT) @ up.mT


def attach(layers: nn.ModuleList, rank: int) -> None:
    """Put adapters on every linear map of these layers, in place."""
    for layer in layers:
        for name, linear in list(layer.named_modules()):
            if isinstance(linear, nn.Linear):
                parent, _, own = name.rpartition(".")
                setattr(layer.get_submodule(parent), own, LowRankLinear(linear, rank))


def adapters_of(root: nn.Module) -> dict[str, torch.Tensor]:
    """The trained tensors by the name of their linear map, with `.down` or `.up` behind it."""
    found: dict[str, torch.Tensor] = {}
    for name, module in root.named_modules():
        if isinstance(module, LowRankLinear):
            found[name + DOWN], found[name + UP] = module.down.detach(), module.up.detach()
    return found


@torch.no_grad()
def resume(root: nn.Module, adapters: dict[str, torch.Tensor]) -> None:
    """Put stored adapters into the attached ones of the same linear maps, in place."""
    for name, module in root.named_modules():
        if isinstance(module, LowRankLinear) and name + DOWN in adapters:
            module.down.copy_(adapters[name + DOWN])
            module.up.copy_(adapters[name + UP])


@torch.no_grad()
def merge(root: nn.Module, adapters: dict[str, torch.Tensor]) -> None:
    """Add stored adapters to the weights of plain linear maps, in place.

    Raises KeyError, AttributeError or RuntimeError where they do not fit.
    """
    for name in sorted(key.removesuffix(DOWN) for key in adapters if key.endswith(DOWN)):
        weight = root.get_parameter(f"{name}.weight")
        weight += adapters[name + UP].to(weight) @ adapters[name + DOWN].to(weight)
