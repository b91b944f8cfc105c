"""What a share would be without any learning: the same transformer, its weights shuffled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import nn

from heedmap.tracing.capture.running import OperatorMode

_PRODUCTS = {"aten::mm": (0, 1), "aten::addmm": (1, 2), "aten::bmm": (0, 1), "aten::linear": (0, 1)}
"""Operators that multiply features with a weight: which arguments are which."""


@contextmanager
def shuffled_weights(module: nn.Module, blocks: Iterable[str], seed: int) -> Iterator[None]:
    """Inside, the columns of every weight matrix in these layers are in another order.

    The entries' distribution stays, what was learned goes; vectors (biases, norms) and what
    enters the stack stay. No weight is touched: the features that each matrix is multiplied
    with are put into a random order, which is the same. The orders are drawn from `seed`.
    """
    matrices = [
        parameter
        for name in dict.fromkeys(blocks)
        for parameter in module.get_submodule(name).parameters()
        if parameter.ndim == 2
    ]
    with _Shuffling({_address(matrix): number for number, matrix in enumerate(matrices)}, seed):
        yield


@final
class _Shuffling(OperatorMode):
    """Puts the features that known matrices are multiplied with into another order."""

    def __init__(self, number_of: dict[int, int], seed: int) -> None:
        super().__init__()
        self._number_of = number_of
        self._seed = seed

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        places = _PRODUCTS.get(func._schema.name)
        if places is not None:
            features, weight = (args[place] for place in places)
            number = self._number_of.get(_address(weight))
            if number is not None:
                shuffled = features[..., self._order(number, features)]
                args = (*args[: places[0]], shuffled, *args[places[0] + 1 :])
        return func(*args, **kwargs)

    def _order(self, number: int, features: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self._seed + number)
        return torch.randperm(features.shape[-1], generator=generator).to(features.device)


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
