"""Every command of docs/your-policy.md does what the page says, on tiny checkpoints.

Of the `pip install` line it is checked that the extra is there; a test installs nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from importlib.metadata import metadata
from pathlib import Path

import h5py
import numpy as np
import pytest

from heedmap.data.images import png_bytes
from heedmap.testbed.specimens.cases import frame_case
from tests.command_line import importing_from, run_heedmap
from tests.data.recordings import image, write_clip, write_lerobot_3
from tests.families import family
from tests.policies.server.test_openpi import heeds, serving
from tests.policies.test_pi0 import network
from tests.robovlms_files import write_checkpoint

PAGE = (Path(__file__).parent.parent / "docs" / "your-policy.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^\$ (heedmap .*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the page speaks of: checkpoints, frames, the file `my_policy.py`, a server."""
    place = tmp_path_factory.mktemp("yours")
    (place / "frame.png").write_bytes(png_bytes(frame_case(0).frame))
    (place / "my_policy.py").write_text(CODE[0])
    write_checkpoint(place / "runs" / "exp42")
    own = family("llava")
    own.model.save_pretrained(place / "my-vla")
    own.processor.save_pretrained(place / "my-vla")
    model, words = network()
    model.save_pretrained(place / "my-pi0")
    words.save_pretrained(place / "my-pi0")
    write_clip(place / "clip.mp4", [image(n) for n in range(10)])
    write_lerobot_3(place / "my-lerobot-set")
    with h5py.File(place / "episode.h5", "w") as file:
        file["observations/images"] = np.stack([frame_case(n).frame for n in range(5)])
        file["observations/state"] = np.zeros((5, 2), np.float32)
        file.attrs["language_instruction"] = "go to the left"
    with serving(heeds) as address:
        (place / "address").write_text(address.removeprefix("ws://"))
        yield place


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=lambda n: COMMANDS[n][:45])
def test_the_command_runs(number: int, folder: Path) -> None:
    address = (folder / "address").read_text()
    words = shlex.split(COMMANDS[number].replace("127.0.0.1:8000", address))
    ran = run_heedmap(*words[1:], cwd=folder)
    assert ran.code == 0, ran.err[-2000:]
    assert "Traceback" not in ran.err
    if "--out" in words:
        made = folder / words[words.index("--out") + 1]
        assert {"record.json", "attention.parquet", "report.html"} <= {
            p.name for p in made.iterdir()
        }
    if words[1] == "audit":
        assert "Step-by-step diagnosis" in ran.out


def test_the_same_in_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, code = CODE
    with importing_from(folder), chdir(folder):
        exec(code, {"__name__": "__main__"})
    assert "The instruction is visible to the action token" in capsys.readouterr().out


def test_the_page_has_commands_of_every_kind() -> None:
    told = " ".join(COMMANDS)
    for kind in ("my_policy:make", "kosmos2:", "vlm:", "pi0:", "server:", "doctor", "counterfact"):
        assert kind in told


def test_the_extra_of_the_page_is_there() -> None:
    (extra,) = re.findall(r"pip install 'PATH-TO-CLONE\[(\w+)\]'", PAGE)
    assert extra in (metadata("heedmap").get_all("Provides-Extra") or [])


def test_the_counterfactuals_are_shown(folder: Path) -> None:
    shown = next(command for command in COMMANDS if "왼쪽" in command)
    ran = run_heedmap(*shlex.split(shown)[1:], cwd=folder)
    assert "오른쪽 상자를 집어 주세요" in ran.out
    assert "왼쪽 공을 집어 주세요" in ran.out
