"""examples/watch_lerobot_training.py as a person runs it: LeRobot's own script trains, on CPU."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest

from heedmap.record.result import Result

EXAMPLE = Path(__file__).parent.parent / "examples" / "watch_lerobot_training.py"


def test_checkpoints_that_lerobot_train_writes_are_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The data set is written in this process; training and audits have processes of their own."""
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
        "HF_HOME": str(tmp_path / "hub"),
        "OMP_NUM_THREADS": "1",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), "--steps", "2", "--save-every", "2"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed, errors = capfd.readouterr()
    assert ended.value.code == 0, errors[-3000:]
    run = tmp_path / "runs" / "lerobot"
    assert (run / "act/checkpoints/000002/pretrained_model/model.safetensors").is_file()
    (policy,) = Result.load(run / "audits" / "000002").record.policies
    assert policy.verdict.cause == "absent"
    assert "its configuration has no input for an instruction" in policy.sentence
    assert "step 2: Fails step 2" in printed
    assert (run / "audits" / "index.html").is_file()
