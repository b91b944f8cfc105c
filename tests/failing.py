"""Policies that fail at one call of their audit; as a program, at calls of every stage in turn.

`python -m tests.failing` writes a line of JSON a call: what the audit raised, and whether the
network was left as it was. A process of its own runs without the checks of shapes that pytest puts
into heedmap.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import warnings
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as torch_module
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

import heedmap.tracing.batches
from heedmap.auditing.api import audit
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import HeedmapError
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.stages import current_stage
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.cases import frame_case
from tests.conftest import random_network, run_bare
from tests.plain_policies import PlainPolicy

Run = Callable[[Sequence[Frame], Sequence[str]], torch.Tensor]
WORDS = {"left": "go left", "right": "go right"}


class Counting:
    """Runs a network, counts its calls and the examples of each, and raises at one of them."""

    def __init__(self, network: nn.Module, run: Run) -> None:
        self.network = network
        self.run = run
        self.sizes: list[int] = []
        self.stages: list[str | None] = []
        """What the audit was doing at each call."""
        self.at: int | None = None
        self.error: Callable[[str], BaseException] = RuntimeError
        self.noise = np.random.default_rng(0)
        """Drawn from at every call, as are the generators of the process; it changes nothing."""

    def __call__(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        self.sizes.append(len(frames))
        self.stages.append(current_stage())
        drawn = self.noise.random() + np.random.rand() + random.random() + float(torch.rand(()))
        assert drawn >= 0
        if len(self.sizes) == self.at:
            raise self.error(f"boom {self.at}")
        return self.run(frames, texts)

    def audited(self, trials: Sequence[Trial], *, lower_alone: bool = False) -> PolicyResult:
        """The whole audit; the lower rungs on the first trial."""
        self.sizes.clear()
        self.stages.clear()
        policy = CallablePolicy("own", self, self.network, action_names=("l", "r", "f"))
        first = trials[0]
        upper = () if lower_alone else trials
        result = audit(policy, first.observation, first.instructions, trials=upper)
        return result.record.policies[0]


def plain() -> Counting:
    """One causal layer, whose knockouts run as cached rows."""
    network = PlainPolicy("causal", blocks=1)
    network.get_submodule("blocks.0").train()  # a flag of its own, to be put back
    return Counting(network, network)


def specimen() -> Counting:
    """The small random network of the other tests."""
    network = random_network("sound")
    return Counting(network, lambda frames, texts: run_bare(network, frames, texts))


def trials_of(count: int) -> list[Trial]:
    """One frame, and the same inverted."""
    frame = frame_case(0).frame
    return [
        Trial(
            name=f"t{number}",
            observation=of_frame(frame if number == 0 else 255 - frame),
            instructions=WORDS,
            expected={"left": "l", "right": "r"},
            paraphrases={"left": ("turn left",)},
        )
        for number in range(count)
    ]


def state_of(counting: Counting) -> tuple[Any, ...]:
    """Weights, training flags, everything that may hang on modules, and the process's settings."""
    network = counting.network
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    modules = [
        (
            name,
            module.training,
            len(module._forward_hooks),
            len(module._forward_pre_hooks),
            "forward" in module.__dict__,
        )
        for name, module in network.named_modules()
    ]
    hooks = len(torch_module._global_forward_hooks), len(torch_module._global_forward_pre_hooks)
    return weights, modules, hooks, states_of_generators(counting), settings_of_the_process()


def states_of_generators(counting: Counting) -> tuple[Any, ...]:
    """Those of the process, and the policy's own."""
    numpy = [np.array(each).tolist() for each in np.random.get_state()]
    own = str(counting.noise.bit_generator.state)
    return random.getstate(), numpy, torch.get_rng_state().tolist(), own


def settings_of_the_process() -> tuple[Any, ...]:
    """What an audit might set for all threads, or leave behind in its own."""
    return (
        torch.backends.mha.get_fastpath_enabled(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        len(_get_current_dispatch_mode_stack()),
        list(warnings.filters),
        [signal.getsignal(number) for number in signal.valid_signals()],
        threading.active_count(),
        current_stage(),
    )


def is_as_before(counting: Counting, before: tuple[Any, ...]) -> bool:
    """Whether nothing of `state_of` has changed."""
    weights, *others = state_of(counting)
    same = all(torch.equal(value, before[0][name]) for name, value in weights.items())
    return same and tuple(others) == before[1:]


def calls_of_every_stage(stages: Sequence[str | None]) -> list[int]:
    """Numbers, from 1, of the first, the middle and the last call of each run of a stage."""
    found = list[int]()
    calls = enumerate(stages, 1)
    for _, run in groupby(calls, key=lambda call: call[1]):
        numbers = [number for number, _ in run]
        found += sorted({numbers[0], numbers[len(numbers) // 2], numbers[-1]})
    return found


def told_at_calls(rungs: str, counting: Counting, *, lower_alone: bool) -> None:
    """Write what comes of an error at calls of every stage of an audit."""
    trials = trials_of(1)
    counting.audited(trials, lower_alone=lower_alone)
    before = state_of(counting)
    for at in calls_of_every_stage(counting.stages):
        counting.at = at
        raised = None
        try:
            counting.audited(trials, lower_alone=lower_alone)
        except HeedmapError as error:
            raised = error
        line = {
            "rungs": rungs,
            "at": at,
            "type": type(raised).__name__,
            "message": str(raised),
            "stage": getattr(raised, "stage", None),
            "cause": type(raised.__cause__).__name__ if raised else None,
            "is_as_before": is_as_before(counting, before),
        }
        print(json.dumps(line))


if __name__ == "__main__":
    heedmap.tracing.batches.LARGE = 0  # instructions on one frame share what they can
    told_at_calls("whole", plain(), lower_alone=False)
    told_at_calls("lower", specimen(), lower_alone=True)
