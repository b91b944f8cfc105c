"""Policies run as they were written: a compiled graph shows nothing of what runs in it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

_COMPILERS = ("torch._dynamo", "torch.nn.attention.flex_attention")


def uncompiled() -> AbstractContextManager[Any]:
    """Inside, what `torch.compile` made runs as it was written; FlexAttention compiles itself."""
    if any(name in sys.modules for name in _COMPILERS):
        return torch.compiler.set_stance("force_eager")
    return nullcontext()  # nothing is compiled, and what would compile takes seconds to load
