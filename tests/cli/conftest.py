"""Run the command line as a user would, within this process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from heedmap.data.images import png_bytes
from heedmap.testbed.specimens.world import FrameCase
from tests.command_line import Ran, run_heedmap

FACTORIES = """
import torch
from heedmap import CallablePolicy
from tests.conftest import random_policy
from tests.plain_policies import PlainPolicy

def random_monavla():
    return random_policy("monavla")

def random_sound():
    return random_policy("sound")

def pair():
    network = PlainPolicy("sdpa")
    return network, network

def any_size():
    network = torch.nn.EmbeddingBag(256, 3)

    def run(observations, instructions):
        return torch.cat([network(torch.tensor([list(t.encode())])) for t in instructions])

    return CallablePolicy("any", run, network, action_names=["a", "b", "c"])

def behind_a_server():
    policy = random_policy("sound")
    policy.is_black_box = True
    return policy

def fails():
    def run(frames, instructions):
        raise ValueError("no camera\\nsecond line")
    return run, PlainPolicy("sdpa")

def raises():
    raise RuntimeError("no such checkpoint\\nsecond line")

def returns_a_module():
    return torch.nn.Linear(2, 2)
"""


Cli = Callable[..., Ran]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Runs `heedmap ARGS` in a folder that holds nothing but `factories.py`."""
    (tmp_path / "factories.py").write_text(FACTORIES)
    monkeypatch.chdir(tmp_path)
    return partial(run_heedmap, cwd=tmp_path)


@pytest.fixture
def frame(case: FrameCase, tmp_path: Path) -> Path:
    """A frame that specimens take."""
    path = tmp_path / "hall.png"
    path.write_bytes(png_bytes(case.frame))
    return path
