"""Several processes that train one policy: the first one reads, all of them know."""

from __future__ import annotations

from typing import Any, TypeVar

import torch.distributed as dist
from torch import nn

from heedmap.errors import MonitorError

T = TypeVar("T")


def is_first_rank() -> bool:
    """Whether this process is the one that reads and logs; always, where there is but one."""
    return not _several() or dist.get_rank() == 0


def from_first_rank(value: T) -> T:
    """The first rank's value, on all of them; the others wait for it here.

    Must be called by every rank. The value must be one that can be pickled.
    """
    if not _several():
        return value
    held: list[Any] = [value]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def refuse_sharded(module: nn.Module) -> None:
    """Raise MonitorError where no single process holds the whole network.

    A pass of the first rank alone would wait for the others' shards for ever. Of what FSDP
    flattened, the modules inside have no parameters left.
    """
    if next(module.parameters(), None) is None:
        raise MonitorError(
            "The policy's module ({module}) has no parameters: they are sharded (FSDP), or it is "
            "not the module in training. Give the policy that one.",
            module=type(module).__name__,
        )
    for name, parameter in module.named_parameters():
        if _is_sharded(parameter):
            raise MonitorError(
                "The parameter '{name}' is sharded over several processes (FSDP, DeepSpeed ZeRO-3 "
                "or tensor parallel); the monitor runs the policy on one process and needs all of "
                "it there. Audit checkpoints instead: heedmap audit CHECKPOINT.",
                name=name,
            )


def _is_sharded(parameter: nn.Parameter) -> bool:
    kinds = {kind.__name__ for part in (parameter, parameter.data) for kind in type(part).__mro__}
    in_parts = {"DTensor", "FlatParameter"}  # FSDP 2 and tensor parallel; FSDP 1
    marks = ("_fsdp_flattened", "ds_id")  # FSDP 1 with the original parameters; ZeRO-3
    return bool(kinds & in_parts) or any(hasattr(parameter, mark) for mark in marks)


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
