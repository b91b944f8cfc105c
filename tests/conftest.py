"""Shared fixtures: small random networks, and one held-out frame case."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn
from xdist.scheduler.loadscope import LoadScopeScheduling

from heedmap.data.pixels import Frame
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.policy import SpecimenPolicy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.testbed.specimens.zoo import pixels_of

ONE_PROCESS_ROOMS = ("monitor", "policies", "report")
"""Their tests share browsers, trained policies or checkpoints that are made once a session."""

# The networks are too small for more, here and in processes that tests start, and threads that wait
# for each other on busy cores take most of the time.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")


LONGEST_FIRST = (
    "report",
    "monitor",
    "tests/auditing/graph/test_verdicts.py",
    "tests/test_site.py",
    "tests/test_your_policy.py",
    "tests/testbed/generated/test_named.py",
    "tests/sweep/test_sweep_docs.py",
    "tests/sweep/test_commands.py",
    "tests/sweep/test_engines.py",
    "policies",
    "tests/test_imports.py",
    "tests/test_examples_monitor.py",
    "tests/sweep/test_resume.py",
    "tests/testbed/test_scoreboard.py",
)
"""What takes longest, so that at the end no process works alone."""


def together(nodeid: str) -> str:
    """What the tests that share what they make once have in common: a room of some, else a file.

    The page of families is filled by tests of two places, which therefore run together.
    """
    file = nodeid.partition("::")[0]
    room = file.split("/")[1]
    if room == "test_families.py":
        return "policies"
    return room if room in ONE_PROCESS_ROOMS else file


class ByWhatTheyShare(LoadScopeScheduling):
    """Tests that share what they make once run in one process, in the order of collection.

    (Marks of `xdist_group` do nothing with pytest 9.2, which makes node ids anew.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a browser is `apart`; the longest first, all others as they were.

    What is marked `world` is left out unless `-m` names it: nothing of it is skipped there.
    """
    if "world" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("world")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.apart)
    places = {scope: place for place, scope in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(together(item.nodeid), len(places)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatTheyShare | None:
    """For `--dist loadscope`, which `make test` asks for."""
    return ByWhatTheyShare(config, log) if config.getvalue("dist") == "loadscope" else None


def random_network(wiring: Wiring, *, cross_attends_to_words: bool = False) -> TinyKosmos2Policy:
    """A two-layer specimen with seeded random weights, in evaluation mode."""
    torch.manual_seed(0)
    config = NetworkConfig(
        wiring=wiring, cross_attends_to_words=cross_attends_to_words, dim=24, layers=2
    )
    network = TinyKosmos2Policy(config).eval().requires_grad_(False)
    if network.word_attention is not None:
        network.word_attention.gate.fill_(1.0)
    return network


def random_policy(wiring: Wiring, *, cross_attends_to_words: bool = False) -> SpecimenPolicy:
    """The adapter around `random_network`."""
    network = random_network(wiring, cross_attends_to_words=cross_attends_to_words)
    return SpecimenPolicy(f"random@{wiring}", network)


def run_bare(
    network: nn.Module, frames: Sequence[Frame], instructions: Sequence[str]
) -> torch.Tensor:
    """A network of the specimens' kind, run as a plain function of frames and instructions."""
    return network(torch.stack([pixels_of(frame) for frame in frames]), list(instructions))


@pytest.fixture(scope="session")
def case() -> FrameCase:
    """One frame with a left, a right and a forward instruction (12, 12 and 11 tokens)."""
    return frame_case(0)


@pytest.fixture(scope="session")
def bare() -> Callable[..., CallablePolicy]:
    """Makes a policy of which nothing is told but its module, from a specimen's network."""

    def make(network: nn.Module, **options: Any) -> CallablePolicy:
        return CallablePolicy("bare", lambda f, i: run_bare(network, f, i), network, **options)

    return make
