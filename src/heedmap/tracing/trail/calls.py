"""Run a policy once and keep what its module calls gave, without the operators between them.

Seeing every operator takes several times as long as running it in a small network, and is for
nothing where the instruction is not lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from heedmap.data.observation import Observation
from heedmap.policies.base import Policy
from heedmap.tracing.capture.running import names_of_modules, watch_modules
from heedmap.tracing.capture.towers import is_remembered
from heedmap.tracing.trail.recorder import limit_bytes
from heedmap.tracing.trail.recording import ModuleCall, Recording, Value
from heedmap.tracing.trail.tensors import tensors_in


def record_calls(policy: Policy, observation: Observation, instruction: str) -> Recording:
    """Run the policy once; the recording has its module calls and scores, and no operators.

    Such a recording is compared with others of its kind only, as torch rounds otherwise where every
    operator is seen. No hook is left behind. Raises what running the policy raises.
    """
    with torch.no_grad(), watching_calls(policy) as recording:
        scores = policy.act_unchecked([observation], [instruction])
    recording.scores = scores.clone()  # or a policy's next run might write over it
    return recording


@contextmanager
def watching_calls(policy: Policy) -> Iterator[Recording]:
    """Fills a recording with the module calls of the one run in the body; scores are left out.

    What a call gave is copied: what comes after may write into it.
    """
    recording = Recording(limit_bytes=limit_bytes(policy.module))
    kinds = {name: type(each).__name__ for each, name in names_of_modules(policy.module).items()}

    def on_leave(name: str, call: int, output: Any) -> None:
        outputs = tuple(Value(tensor.detach().clone()) for tensor in tensors_in(output))
        recording.held_bytes += sum(value.tensor.nbytes for value in outputs)
        kept = () if recording.is_full else outputs
        recording.calls.append(ModuleCall(name, kinds[name], call, kept, 0, 0))

    with watch_modules(policy.module, on_leave=on_leave):
        yield recording


def add_remembered(policy: Policy, recording: Recording, base: Recording) -> None:
    """Add the calls inside towers that gave what they gave in the base run, from memory.

    They would have been the same: what such a tower is given is, bit for bit.
    """
    for module, tower in names_of_modules(policy.module).items():
        if not is_remembered(module) or _inside(recording, tower):
            continue
        mine, theirs = (
            [value.tensor for call in run.calls if call.module == tower for value in call.outputs]
            for run in (recording, base)
        )
        is_same = len(mine) == len(theirs) > 0
        if is_same and all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True)):
            recording.calls += _inside(base, tower)


def _inside(recording: Recording, tower: str) -> list[ModuleCall]:
    return [call for call in recording.calls if call.module.startswith(f"{tower}.")]
