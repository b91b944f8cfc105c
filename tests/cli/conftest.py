"""Run the command line as a user would, within this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from heedmap.cli.main import main
from heedmap.data.images import png_bytes
from heedmap.testbed.specimens.world import FrameCase

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

def fails():
    def run(frames, instructions):
        raise ValueError("no camera\\nsecond line")
    return run, PlainPolicy("sdpa")

def raises():
    raise RuntimeError("no such checkpoint\\nsecond line")

def returns_a_module():
    return torch.nn.Linear(2, 2)
"""


@dataclass(frozen=True)
class Ran:
    """What one run of the command line did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Runs `heedmap ARGS` in a folder that holds nothing but `factories.py`."""
    (tmp_path / "factories.py").write_text(FACTORIES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "factories", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["heedmap", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
            raise SystemExit(0)
        code = stopped.value.code
        told = capsys.readouterr()
        return Ran(code if isinstance(code, int) else int(code is not None), told.out, told.err)

    return run


@pytest.fixture
def frame(case: FrameCase, tmp_path: Path) -> Path:
    """A frame that specimens take."""
    path = tmp_path / "hall.png"
    path.write_bytes(png_bytes(case.frame))
    return path
