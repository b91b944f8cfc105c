"""How many examples run together: as many as memory and policy take, half of that if they do not.

On a GPU, running out of memory is an error that can be met; on a CPU the system may end the
process instead, so the first size is taken from what is free. A policy need not take several
examples at once. Only this module tries that: a batch larger than any that ran before
may fail, and where it fails twice in a row, halves of it run from then on. A batch of a size
that ran before does not fail for its size: its error is the policy's own, and is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import torch

from heedmap.errors import PolicyRunError, first_line_of
from heedmap.phrase import Phrase
from heedmap.policies.attempts import attempt
from heedmap.policies.stages import current_stage
from heedmap.tracing.capture.running import OperatorMode

Item = TypeVar("Item")
Result = TypeVar("Result")

FREE_SHARE = 0.5
"""Of the free memory: what one batch may take."""
LARGE = 50_000_000
"""Parameters from which passes cost more than what prepares them."""
OPERATORS_ALIVE = 6
"""Results as large as the largest one that a forward pass on a CPU holds at one time, about."""


class OutOfMemoryError(PolicyRunError):
    """Even a single example does not fit into the memory that is there."""


@dataclass
class BatchSize:
    """How many examples run together; halved for good when they do not fit."""

    value: int
    ran: int = 1
    """The largest batch that has run: a larger one may be more than the policy takes."""


def in_batches(
    items: Sequence[Item],
    size: int | BatchSize,
    run: Callable[[Sequence[Item]], Iterable[Result]],
    most: int | None = None,
) -> list[Result]:
    """`run` over batches of the items (`most` of them at once), its results in their order.

    A batch for which torch finds no memory is run again in halves, and so are all after it; so
    is one that is larger than `size.ran` and that the policy cannot take (see `attempt`). Of a
    plain number as `size` it is known that the policy takes as many.

    Raises OutOfMemoryError when a single item does not fit, PolicyRunError for what the
    policy raises otherwise; other errors pass.
    """
    size = size if isinstance(size, BatchSize) else BatchSize(size, ran=size)
    results: list[Result] = []
    while len(results) < len(items):
        count = size.value if most is None else max(1, min(size.value, most))
        batch = items[len(results) : len(results) + count]
        found = _one_batch(batch, size, run)
        if found is not None:
            results.extend(found)
            continue
        size.value = len(batch) // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return results


def _one_batch(
    batch: Sequence[Item], size: BatchSize, run: Callable[[Sequence[Item]], Iterable[Result]]
) -> list[Result] | None:
    """The results of a batch; None where it is too large."""
    try:
        if len(batch) <= size.ran:
            return list(run(batch))
        found = attempt(lambda: list(run(batch)))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            stage = current_stage()
            raise OutOfMemoryError(
                "One example does not fit into the memory that is free{doing} ({why}); give "
                "shorter instructions or smaller frames, load the model in half precision, or use "
                "a machine with more memory.",
                stage,
                doing=(Phrase(", while {stage}", stage=stage) if stage else ""),
                why=first_line_of(error),
            ) from error
        return None
    if isinstance(found, PolicyRunError):
        return None
    size.ran = len(batch)
    return found


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this error, or one that it came from, says that torch found no memory.

    Python's own MemoryError does not count: it mostly means a fault, such as an array of a
    wrong size, and smaller batches would hide it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, torch.OutOfMemoryError):
            return True
        if isinstance(cause, RuntimeError) and "not enough memory" in str(cause):
            return True  # torch's allocator on a CPU
        cause = cause.__cause__
    return False


def is_large(module: torch.nn.Module) -> bool:
    """Whether its passes cost so much that it pays to prepare for fewer of them."""
    return sum(parameter.numel() for parameter in module.parameters()) >= LARGE


def size_that_fits(
    module: torch.nn.Module, most: int, run: Callable[[], Any], count: int = 1
) -> int:
    """How many examples like the `count` that `run` runs fit at once, from 1 to `most`."""
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    with _peak(device) as peak:
        run()
    fit = count * FREE_SHARE * free_bytes(device) / max(peak.bytes, 1)
    return max(1, min(most, int(fit)))


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device; on a CPU, also within the container's limit."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    free = psutil.virtual_memory().available
    limit, used = (
        _number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current")
    )
    return free if limit is None or used is None else min(free, limit - used)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None  # no such limit


@dataclass
class _Peak:
    bytes: int = 0


@contextmanager
def _peak(device: torch.device) -> Iterator[_Peak]:
    """Memory that the body takes at its peak: measured on a GPU, estimated on a CPU."""
    peak = _Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield peak
        peak.bytes = torch.cuda.max_memory_allocated(device) - before
        return
    with _LargestResult() as largest:
        yield peak
    peak.bytes = OPERATORS_ALIVE * largest.bytes


class _LargestResult(OperatorMode):
    """Remembers the size of the largest result of an operator."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        for each in result if isinstance(result, tuple | list) else (result,):
            if torch.is_tensor(each):
                self.bytes = max(self.bytes, each.numel() * each.element_size())
        return result
