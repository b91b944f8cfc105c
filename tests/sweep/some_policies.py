"""Factories that grids of the tests name; workers import them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from heedmap.data.pixels import Frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS
from tests.conftest import random_network, random_policy, run_bare
from tests.plain_policies import PlainPolicy

FLAG = "HEEDMAP_TEST_FLAG"
"""Names a file in the environment: once it is there, `dies_once` does not die."""
CALLS_BEFORE_IT_DIES = 60
"""In the middle of a cell."""


def sound() -> Policy:
    """A random network in which the instruction arrives."""
    return random_policy("sound")


def overwritten() -> Policy:
    """A random network in which it does not."""
    return random_policy("monavla")


def continuous() -> Policy:
    """Values, not classes."""
    network = random_network("sound")
    return CallablePolicy("values", lambda f, i: run_bare(network, f, i), network)


def changes_as_rounding_does() -> Policy:
    """Values near 1, of which the network changes no more than 1e-8 or so."""
    network = PlainPolicy("causal")
    return CallablePolicy("rounding", lambda f, i: 1 + 1e-8 * network(f, i).double(), network)


def fails_on_dark_frames() -> Policy:
    """Raises where the frame is black."""
    network = random_network("sound")

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if any(not frame.any() for frame in frames):
            raise ValueError("it is too dark")
        return run_bare(network, frames, texts)

    return CallablePolicy("dark", run, network, action_names=ACTIONS)


def does_not_load() -> Policy:
    """As a checkpoint whose file is broken."""
    raise RuntimeError("the file is broken")


def dies_once() -> Policy:
    """Kills its process in the middle of a cell, unless the flag's file is there."""
    flag = Path(os.environ[FLAG])

    def die() -> None:
        try:
            flag.touch(exist_ok=False)  # of two workers at the same call, one dies
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return _dying(die)


def always_dies() -> Policy:
    """Kills its process in the middle of every cell."""
    return _dying(lambda: os.kill(os.getpid(), signal.SIGKILL))


def ends_its_process() -> Policy:
    """Ends its process as if all were well, past every `except` and `finally`."""
    return _dying(lambda: os._exit(0))


def _dying(die: Callable[[], None]) -> Policy:
    network, calls = PlainPolicy("sdpa"), 0

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == CALLS_BEFORE_IT_DIES:
            die()
        return network(frames, texts)

    return CallablePolicy("dying", run, network, action_names=ACTIONS)


def plain() -> Policy:
    """A random network without a vision tower: the quickest."""
    return _dying(lambda: None)
