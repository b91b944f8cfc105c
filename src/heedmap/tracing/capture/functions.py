"""Operators of torch that take functions, written out in operators that do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._ops import HigherOrderOperator


def written_out(operator: HigherOrderOperator) -> Callable[..., Any] | None:
    """What gives the same in plain operators; None where we do not know.

    Of FlexAttention it is torch's own: scores, the functions on them, softmax, product.
    """
    if operator.name() == "cond":
        return _cond
    if operator.name() == "flex_attention":
        return operator.py_kernels.get(torch._C.DispatchKey.CompositeExplicitAutograd)
    return None


def _cond(
    chosen: Any, if_true: Callable[..., Any], if_false: Callable[..., Any], operands: Sequence[Any]
) -> Any:
    return (if_true if bool(chosen) else if_false)(*operands)
