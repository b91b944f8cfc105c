"""Every command of docs/servers.md does what the page says, and its tables are the code's."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import h5py
import numpy as np
import pytest

from heedmap.policies.server.options import ProtocolName, ServerOptions
from heedmap.testbed.specimens.cases import frame_case
from tests.command_line import run_heedmap
from tests.policies.server import test_openpi
from tests.policies.server.gr00t_servers import Gr00tForm, gr00t_server
from tests.policies.server.lerobot_servers import lerobot_server
from tests.policies.server.servers import heeds, vla_eval_server

PAGE = (Path(__file__).parents[3] / "docs" / "servers.md").read_text()
COMMANDS = re.findall(r"^\$ (heedmap .*)$", PAGE, re.MULTILINE)
SERVERS = {
    "8000": lambda: test_openpi.serving(test_openpi.heeds),
    "8001": lambda: vla_eval_server(heeds),
    "5555": lambda: gr00t_server(heeds, Gr00tForm("n1.6", state=("arm", "hand"))),
    "8080": lambda: lerobot_server(heeds),
}


@pytest.mark.parametrize("port", SERVERS)
def test_the_command_gives_a_verdict(port: str, tmp_path: Path) -> None:
    (command,) = (each for each in COMMANDS if f"127.0.0.1:{port}" in each)
    with h5py.File(tmp_path / "episode.h5", "w") as file:
        file["observations/images"] = np.stack([frame_case(n).frame for n in range(5)])
        file["observations/state"] = np.zeros((5, 2), np.float32)
    with ExitStack() as stack:
        served = stack.enter_context(SERVERS[port]())
        address = served if isinstance(served, str) else served[0]
        own = re.search(r"127\.0\.0\.1:\d+", address)
        assert own
        words = shlex.split(command.replace(f"127.0.0.1:{port}", own[0]))
        ran = run_heedmap(*words[1:], cwd=tmp_path)
    assert ran.code == 0, ran.err[-2000:]
    assert "Only the policy's actions were observed" in " ".join(ran.out.split())


def test_the_tables_have_every_protocol_and_setting() -> None:
    assert len(COMMANDS) == len(SERVERS) == len(get_args(ProtocolName))
    for name in get_args(ProtocolName):
        assert f"| `{name}`: " in PAGE
    told = set(re.findall(r"[`?&](\w+)[=`]", PAGE))
    assert set(ServerOptions.model_fields) <= told


def test_a_servers_error_reaches_the_terminal_as_one_plain_sentence(tmp_path: Path) -> None:
    with test_openpi.serving(lambda _: "Traceback\n\x1b[2J[bold]boom") as address:
        np.save(tmp_path / "frames.npy", np.stack([frame_case(0).frame]))
        texts = ("--instruction", "a=go left", "--instruction", "b=go right")
        ran = run_heedmap(
            "audit",
            f"server:{address}?protocol=openpi",
            *("--frame", "frames.npy", *texts, "--expect", "a=dim0:+", "--expect", "b=dim0:-"),
            cwd=tmp_path,
        )
    assert ran.code == 1
    assert "[bold]boom" in ran.err
    assert "\x1b[2J" not in ran.err
    assert "Traceback" not in ran.err
