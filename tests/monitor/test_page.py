"""docs/monitor.md: its Python runs, and its table names every metric and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from heedmap.monitor.watch import Monitor
from tests.conftest import run_bare
from tests.monitor.conftest import Learned
from tests.monitor.runs import (
    LitSpecimen,
    Scenes,
    WithLoss,
    collate,
    loader,
    loss_of,
    network,
    quiet,
    training_arguments,
    trials,
)

PAGE = (Path(__file__).parents[2] / "docs" / "monitor.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers")
def test_every_block_runs_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = network()
    known: dict[str, Any] = {
        "model": model,
        "run": lambda frames, instructions: run_bare(model, frames, instructions),
        "frames": [trial.observation.frame for trial in trials()[:1]],
        "batches": [[0, 1], [2, 3]],
        "loss_of": loss_of,
        "optimizer": torch.optim.AdamW(model.parameters()),
        "lightning_module": LitSpecimen(model),
        "loader": loader(),
        "quiet": quiet(tmp_path),
        "model_with_loss": WithLoss(model),
        "arguments": training_arguments(tmp_path, max_steps=2),
        "data": Scenes(),
        "collate": collate,
    }
    assert len(BLOCKS) == 4
    monitors: list[Monitor] = []
    for block in BLOCKS:
        exec(block, known)
        monitors += [known["monitor"]] if "monitor" in known else []
    assert [len(monitor.readings) for monitor in monitors] == [1, 1, 1]
    assert (tmp_path / "runs" / "watched" / "history.jsonl").is_file()
    assert known["table"].num_rows == 1
    assert capsys.readouterr().out.count("heedmap: 1 reading, ") == 2


def test_the_table_names_every_metric_and_no_other(learned: Learned) -> None:
    section = PAGE.split("## What is logged")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    documented = {f"heedmap/{name}" for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == {name for reading in learned.monitor.readings for name in reading.metrics}
