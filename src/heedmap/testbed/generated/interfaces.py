"""The ways in which a network is handed over as a policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from heedmap.data.observation import Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.generated.network import Head, Network
from heedmap.testbed.generated.world import CLASSES, pixels_of

Interface = Literal[
    "logits", "vector", "state", "single", "inference", "chunk", "dict", "numpy", "queue"
]
INTERFACES: tuple[Interface, ...] = get_args(Interface)
Run = Callable[[Sequence[Any], Sequence[str]], Any]
"""Frames or observations and instructions in, actions of some form out."""
CHUNK_STEPS = 2
"""Actions that a chunk holds and a queue is refilled with."""


def head_of(interface: Interface) -> Head:
    """The head that an interface is made with."""
    return "continuous" if interface in ("vector", "inference", "chunk", "queue") else "discrete"


def policy_of(name: str, network: Network, interface: Interface) -> Policy:
    """The network as a policy; what it gives is what `Interface` says.

    logits, vector  a tensor (batch, action)
    state           as logits, from observations with a state
    single          as logits, for a batch of one; ValueError for more
    inference       as vector, under `torch.inference_mode`
    chunk           a tensor (batch, steps, action)
    dict            {"action": logits}
    numpy           logits as an array
    queue           the next action of a queue that is refilled when it is empty
    """
    run = run_of(network, interface)
    module = run if isinstance(run, ActionQueue) else network
    return CallablePolicy(
        name,
        run,
        module,
        action_names=CLASSES if network.base.head == "discrete" else None,
        takes_observations=interface == "state",
    )


def run_of(network: Network, interface: Interface) -> Run:
    """What `CallablePolicy` is given to call."""
    return ActionQueue(network) if interface == "queue" else _Run(network, interface)


class _Run:
    """Called as `CallablePolicy` calls it."""

    def __init__(self, network: Network, interface: Interface) -> None:
        self.network = network
        self.interface = interface

    def __call__(self, seen: Sequence[Frame | Observation], texts: Sequence[str]) -> Any:
        """The action, in the interface's form."""
        if self.interface == "single" and len(seen) != 1:
            raise ValueError(f"This policy takes one example at a time; got {len(seen)}.")
        if self.interface == "inference":
            with torch.inference_mode():
                return scores_of(self.network, seen, texts)
        scores = scores_of(self.network, seen, texts)
        match self.interface:
            case "chunk":
                return chunk_of(scores)
            case "dict":
                return {"action": scores}
            case "numpy":
                return scores.detach().numpy()
            case _:
                return scores


class ActionQueue(nn.Module):
    """Plans some steps ahead and gives them out one by one, as LeRobot's policies do."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.reset()

    def reset(self) -> None:
        """Forget what was planned."""
        self.planned: deque[torch.Tensor] = deque()

    def forward(self, seen: Sequence[Frame | Observation], texts: Sequence[str]) -> torch.Tensor:
        """The next action of the plan, of shape (batch, action)."""
        if not self.planned:
            self.planned.extend(chunk_of(scores_of(self.network, seen, texts)).unbind(dim=1))
        return self.planned.popleft()


def scores_of(
    network: Network, seen: Sequence[Frame | Observation], texts: Sequence[str]
) -> Float[torch.Tensor, "batch action"]:
    """The network on frames, or on observations with a state where it has one."""
    observations = [each if isinstance(each, Observation) else of_frame(each) for each in seen]
    states = None
    if network.base.with_state:
        stacked = np.stack([o.state for o in observations if o.state is not None])
        states = torch.from_numpy(stacked).float()
    return network(pixels_of(observations), list(texts), states)


def chunk_of(scores: torch.Tensor) -> Float[torch.Tensor, "batch steps action"]:
    """The action, fading over the steps."""
    return torch.stack([scores * 0.9**step for step in range(CHUNK_STEPS)], dim=1)


def plain_action(run: Run, observation: Observation, text: str) -> Float[np.ndarray, " action"]:
    """One action as numbers, whatever the interface; a queue is emptied before."""
    if isinstance(run, ActionQueue):
        run.reset()
    with torch.no_grad():
        given = run([observation], [text])
    row = np.asarray(given["action"] if isinstance(given, dict) else given)[0]
    return row[0] if row.ndim == 2 else row
