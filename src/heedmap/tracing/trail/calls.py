"""Run a policy once and keep what its module calls gave, without the operators between them.

Seeing every operator takes several times as long as running it in a small network, and is for
nothing where the instruction is not lost.
"""

from __future__ import annotations

from typing import Any

import torch

from heedmap.data.observation import Observation
from heedmap.policies.base import Policy
from heedmap.tracing.capture.running import names_of_modules, watch_modules
from heedmap.tracing.trail.recorder import limit_bytes, tensors_in
from heedmap.tracing.trail.recording import ModuleCall, Recording, Value


def record_calls(policy: Policy, observation: Observation, instruction: str) -> Recording:
    """Run the policy once; the recording has its module calls and scores, and no operators.

    What a call gave is copied: what comes after may write into it. Such a recording is compared
    with others of its kind only, as torch rounds otherwise where every operator is seen. No hook is
    left behind. Raises what running the policy raises.
    """
    recording = Recording(limit_bytes=limit_bytes(policy.module))
    kinds = {name: type(each).__name__ for each, name in names_of_modules(policy.module).items()}

    def on_leave(name: str, call: int, output: Any) -> None:
        outputs = tuple(Value(tensor.detach().clone()) for tensor in tensors_in(output))
        recording.held_bytes += sum(value.tensor.nbytes for value in outputs)
        kept = () if recording.is_full else outputs
        recording.calls.append(ModuleCall(name, kinds[name], call, kept, 0, 0))

    with torch.no_grad(), watch_modules(policy.module, on_leave=on_leave):
        scores = policy.act_unchecked([observation], [instruction])
    recording.scores = scores.clone()  # or a policy's next run might write over it
    return recording
