"""Two processes that train one policy: one reads, both know, and both stop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, os, sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from heedmap.errors import InstructionLostError
from heedmap.monitor import Monitor
from tests.monitor.runs import WithLoss, network, policy_of, trials

def train(rank, wiring, watched):
    net = network(wiring)
    wrapped = DistributedDataParallel(WithLoss(net), find_unused_parameters=True)
    monitor = Monitor(
        policy_of(net), trials()[:1], every_steps=1, until="exchange", most_cost_share=None
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    torch.manual_seed(rank)
    for step in range(2):
        if watched:
            monitor.at(step)
        optimizer.zero_grad()
        wrapped(torch.arange(rank, rank + 2))["loss"].backward()
        optimizer.step()
    return monitor, float(sum(p.double().sum() for p in net.parameters()))

rank, folder = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
_, plain = train(rank, "sound", False)
monitor, watched = train(rank, "sound", True)
told = {"same": plain == watched, "readings": [r.model_dump() for r in monitor.readings]}
try:
    train(rank, "monavla", True)
except InstructionLostError as lost:
    told["lost"] = str(lost)
print(json.dumps(told))
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What each of two processes says."""
    folder = tmp_path_factory.mktemp("ranks")
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(rank), str(folder)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    ended = [process.communicate(timeout=180) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended[0][1][-2000:]
    return [json.loads(out.splitlines()[-1]) for out, _ in ended]


def test_both_know_what_the_first_one_read(told: list[dict]) -> None:
    first, second = told
    assert [reading["step"] for reading in first["readings"]] == [0, 1]
    assert first["readings"] == second["readings"]


def test_both_train_as_without_a_monitor(told: list[dict]) -> None:
    assert [each["same"] for each in told] == [True, True]


def test_both_stop_where_the_instruction_is_lost(told: list[dict]) -> None:
    assert told[0]["lost"] == told[1]["lost"]
    assert "stopped at step 0" in told[0]["lost"]
