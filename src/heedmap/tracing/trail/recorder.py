"""Run a policy once and record it: every operator with what it took and gave, every module call.

Any torch module: a `TorchDispatchMode` sees the operators below Python's wrappers, whatever the
architecture. Tensors are held, not copied; what is about to be written over is copied first. So a
recording needs about the memory of all activations of one pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import CaptureError
from heedmap.policies.base import Policy
from heedmap.policies.unwatched import unwatched
from heedmap.tracing.batches import free_bytes
from heedmap.tracing.capture.running import OperatorMode, Running, names_of_modules, watch_modules
from heedmap.tracing.trail.kinds import FILLING, UNINITIALISED
from heedmap.tracing.trail.recording import (
    LEAST_BYTES,
    ModuleCall,
    Operator,
    OperatorKey,
    Place,
    Recording,
    Value,
    rests_on_weights,
)
from heedmap.tracing.trail.tensors import (
    alias_of,
    is_plain,
    points_elsewhere,
    storage_of,
    tensors_in,
    with_values,
    written_by,
)

HELD_AT_ONCE = 8
"""Recordings that free memory has to be enough for."""


def record(
    policy: Policy,
    observation: Observation,
    instruction: str,
    held: Mapping[OperatorKey, torch.Tensor] | None = None,
) -> Recording:
    """Run the policy once and record it; no hook is left behind.

    What an operator in `held` gives (of several tensors the first) is replaced by the tensor there
    (activation patching, operator by operator). Raises what running the policy raises, and
    CaptureError where an operator is held at another shape than it gives.
    """
    recording = Recording(limit_bytes=limit_bytes(policy.module))
    with torch.no_grad(), _recording(policy.module, recording, held or {}) as recorder:
        scores = policy.act_unchecked([observation], [instruction])
        recording.action = recorder.known(scores)
    recording.scores = scores.clone()  # or a policy's next run might write over it
    if recording.action is None or not rests_on_weights(recording.operators, recording.action):
        recording.action = _last_equal(recording.operators, scores)
    return recording


def limit_bytes(module: nn.Module) -> int:
    """Of a recording: a share of what is free where the policy runs. Several are held at once."""
    device = next((each.device for each in module.parameters()), torch.device("cpu"))
    return max(LEAST_BYTES, free_bytes(device) // HELD_AT_ONCE)


@contextmanager
def _recording(
    module: nn.Module, into: Recording, held: Mapping[OperatorKey, torch.Tensor]
) -> Iterator[_Recorder]:
    kinds = {name: type(inner).__name__ for inner, name in names_of_modules(module).items()}
    begun: list[int] = []

    def on_enter(_: str) -> None:
        begun.append(len(into.operators))

    def on_leave(name: str, call: int, output: Any) -> None:
        outputs = tuple(recorder.value(t) for t in tensors_in(output))
        at = begun.pop()
        into.calls.append(ModuleCall(name, kinds[name], call, outputs, at, len(into.operators)))

    with watch_modules(module, on_enter=on_enter, on_leave=on_leave) as running:
        recorder = _Recorder(module, running, into, held)
        with recorder:
            yield recorder
    recorder.keep_written()


class OperatorCounter:
    """Gives the operators of a run their keys, as they come: all of them, or those of some names.

    To be asked once for each operator that runs.
    """

    def __init__(self, running: Running, names: Set[str] | None = None) -> None:
        self._running = running
        self._names = names
        self._seen: Counter[tuple[str, int, str]] = Counter()

    def key_of(self, func: Any) -> OperatorKey | None:
        """Of the operator that runs now; None of one with another name."""
        name = func._schema.name
        if self._names is not None and name not in self._names:
            return None
        place = self._running.innermost, self._running.call, name
        nth = self._seen[place]
        self._seen[place] += 1
        return *place, nth


_Key = tuple[int, int, int, tuple[int, ...], tuple[int, ...], torch.dtype]


class _Recorder(OperatorMode):
    """Notes every operator."""

    def __init__(
        self,
        module: nn.Module,
        running: Running,
        into: Recording,
        replaced: Mapping[OperatorKey, torch.Tensor],
    ) -> None:
        super().__init__()
        self._replaced = replaced
        self._alive: dict[int, tuple[int, torch.UntypedStorage]] = {}
        self._into = into
        held = [*module.parameters(), *module.buffers()]
        self._weights = {storage_of(tensor) for tensor in held if tensor.numel()}
        self._values: dict[_Key, Value] = {}
        self._of_storage: dict[int, list[Value]] = {}
        self._writers: dict[int, list[int]] = {}
        self._writes: Counter[int] = Counter()
        self._counter = OperatorCounter(running)

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._into.is_full or points_elsewhere(func, args):
            return func(*args, **kwargs)
        self._leave_memory_out(func, args)
        inputs = {id(t): self.value(t) for t in tensors_in((args, kwargs))}
        given = with_values(args, inputs), with_values(kwargs, inputs)
        written = written_by(func, args, kwargs)
        for tensor in written:
            self._keep_before_write(storage_of(tensor))
        result = func(*args, **kwargs)
        key = self._counter.key_of(func)
        assert key is not None
        module, call, name, nth = key
        if (instead := self._replaced.get(key)) is not None:
            result = _with_first(result, instead, name, module)
        if name in UNINITIALISED:
            result.zero_()  # what memory held before would differ between two runs
        number = len(self._into.operators)
        outputs = tuple(self._made(t, number) for t in tensors_in(result)) or tuple(
            self._made(t, number) for t in written
        )
        self._into.operators.append(
            Operator(number, name, module, call, nth, func, *given, tuple(inputs.values()), outputs)
        )
        return result

    def _leave_memory_out(self, func: Any, args: tuple[Any, ...]) -> None:
        """Of memory that is filled and that nothing has looked at, what it held is not known."""
        if func._schema.name not in FILLING or not is_plain(args[0]):
            return
        key, storage = self._key(args[0]), storage_of(args[0])
        if key not in self._values and storage not in self._weights | self._writers.keys():
            with unwatched():
                held = torch.zeros_like(args[0])
            self._keep(key, Value(held, (), False, self._place(args[0])))

    def pass_by(self) -> None:
        """What it gave comes from nowhere, as far as the recording knows."""
        self._into.has_gaps = True

    def known(self, tensor: torch.Tensor) -> Value | None:
        """The value that an operator made; None for a tensor that none did."""
        value = self._values.get(self._key(tensor))
        return value if value is not None and value.made_by else None

    def value(self, tensor: torch.Tensor) -> Value:
        """What this tensor is now."""
        key = self._key(tensor)
        if (found := self._values.get(key)) is None:
            storage = storage_of(tensor)
            writers = tuple(self._writers.get(storage, ()))
            is_weight = storage in self._weights
            found = self._keep(
                key, Value(alias_of(tensor), writers, is_weight, self._place(tensor))
            )
        return found

    def keep_written(self) -> None:
        """Copy what is held of storages that were written to: the next run may do so again."""
        for storage in self._writes:
            self._copy(storage)

    def _copy(self, storage: int) -> None:
        for value in self._of_storage.pop(storage, []):
            value.tensor = value.tensor.clone()

    def _made(self, tensor: torch.Tensor, number: int) -> Value:
        storage = storage_of(tensor)
        if storage not in self._writers:
            self._writers[storage] = []
            if storage not in self._weights:
                self._into.held_bytes += tensor.untyped_storage().nbytes()
        self._writers[storage].append(number)
        is_view_of_weight = storage in self._weights
        made = Value(alias_of(tensor), (number,), is_view_of_weight, self._place(tensor))
        return self._keep(self._key(tensor), made)

    def _place(self, tensor: torch.Tensor) -> Place:
        """Storages are kept alive, so that no other one takes the address meanwhile."""
        storage = storage_of(tensor)
        if storage not in self._alive:
            self._alive[storage] = len(self._alive), tensor.untyped_storage()
        number, _ = self._alive[storage]
        return Place(number, int(tensor.storage_offset()), tuple(tensor.stride()))

    def _keep(self, key: _Key, value: Value) -> Value:
        self._values[key] = value
        self._of_storage.setdefault(key[0], []).append(value)
        return value

    def _keep_before_write(self, storage: int) -> None:
        """Copy what is held of a storage that is about to be written to.

        A buffer that a run writes to holds activations from then on, and no weights.
        """
        self._weights.discard(storage)
        self._copy(storage)
        self._writes[storage] += 1

    def _key(self, tensor: torch.Tensor) -> _Key:
        storage = storage_of(tensor)
        shape, stride = tuple(tensor.shape), tuple(tensor.stride())
        offset = int(tensor.storage_offset())
        return storage, self._writes[storage], offset, shape, stride, tensor.dtype


def _with_first(result: Any, instead: torch.Tensor, name: str, module: str) -> Any:
    """What an operator gave, with the first tensor of it replaced."""
    given = result[0] if isinstance(result, tuple | list) else result
    if given.shape != instead.shape or given.dtype != instead.dtype:
        raise CaptureError(
            "{name} in '{module}' gave a tensor of shape {given}, and cannot be held at one of "
            "{instead}; give instructions of one length.",
            name=name,
            module=module,
            given=tuple(given.shape),
            instead=tuple(instead.shape),
        )
    copy = instead.clone()  # or what comes after might write into what is held
    return (copy, *result[1:]) if isinstance(result, tuple | list) else copy


def _last_equal(operators: Sequence[Operator], scores: torch.Tensor) -> Value | None:
    """The last value that holds the scores' numbers: a policy may hand them on through numpy."""
    wanted = scores.detach().flatten().double()
    for operator in reversed(operators):
        for value in operator.outputs:
            held = value.tensor
            is_alike = held.numel() == wanted.numel() and held.is_floating_point()
            if not is_alike or not rests_on_weights(operators, value):
                continue
            if torch.allclose(held.flatten().double(), wanted, rtol=1e-6, atol=0):
                return value
    return None
