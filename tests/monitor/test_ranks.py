"""Two processes that train one policy: one reads, both know, and both stop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.apart

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

folder = sys.argv[1]
torch.set_num_threads(1)
second = os.fork()  # what is imported, which takes longest, is imported once
rank = 0 if second else 1
dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
_, plain = train(rank, "sound", False)
monitor, watched = train(rank, "sound", True)
told = {"same": plain == watched, "readings": [r.model_dump() for r in monitor.readings]}
try:
    train(rank, "monavla", True)
except InstructionLostError as lost:
    told["lost"] = str(lost)
with open(f"{folder}/told-{rank}.json", "w") as file:
    json.dump(told, file)
dist.destroy_process_group()
if second:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(second, 0)[1]))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What each of two processes says."""
    folder = tmp_path_factory.mktemp("ranks")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    ran = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=180
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return [json.loads((folder / f"told-{rank}.json").read_text()) for rank in range(2)]


def test_both_know_what_the_first_one_read(told: list[dict]) -> None:
    first, second = told
    assert [reading["step"] for reading in first["readings"]] == [0, 1]
    assert first["readings"] == second["readings"]


def test_both_train_as_without_a_monitor(told: list[dict]) -> None:
    assert [each["same"] for each in told] == [True, True]


def test_both_stop_where_the_instruction_is_lost(told: list[dict]) -> None:
    assert told[0]["lost"] == told[1]["lost"]
    assert "stopped at step 0" in told[0]["lost"]
