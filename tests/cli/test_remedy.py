"""The commands `remedy` and `finetune`, as a user runs them on frames of their own."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from heedmap.data.images import png_bytes
from heedmap.record.files import only_writer
from tests.cli.conftest import Cli
from tests.remedies.world import OTHER_WORDS, TEXTS, trials

MINE = """
from torch import nn
from heedmap import CallablePolicy
from tests.remedies.test_finetune import Linear
from tests.remedies.world import ACTIONS, logits

def weak():
    return logits(0.6)

def linear():
    net = Linear(3)
    return CallablePolicy("linear", net, net, action_names=ACTIONS)
"""


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Eighteen corridors, and three that are blocked: there the frame must win."""
    (tmp_path / "mine.py").write_text(MINE)
    for trial in trials(18, blocked=3):
        folder = tmp_path / "cases" / trial.name
        folder.mkdir(parents=True)
        (folder / "frame.png").write_bytes(png_bytes(trial.observation.frame))
        entries = [
            {
                "name": name,
                "text": text,
                "expert_action": trial.expected[name],
                "paraphrases": list(OTHER_WORDS[name]),
                "recorded": name == trial.recorded,
            }
            for name, text in TEXTS.items()
        ]
        (folder / "instructions.yaml").write_text(yaml.safe_dump(entries))
    for name in ("frame-0", "frame-1"):
        copytree(tmp_path / "cases" / name, tmp_path / "few" / name)
    return tmp_path / "cases"


@pytest.mark.usefixtures("cases")
def test_guidance_is_recommended_where_the_words_count_too_little(cli: Cli, tmp_path: Path) -> None:
    ran = cli("remedy", "mine:weak", "--cases", "cases", "--try", "guidance", "--out", "r")
    assert ran.code == 0, ran.err
    assert "Recommended: guidance" in ran.out
    found = json.loads((tmp_path / "r" / "remedies.json").read_text())
    assert found["verdict"] == "recommended"
    assert {each["remedy"] for each in found["tried"]} == {"guidance"}
    assert "guidance" in (tmp_path / "r" / "remedies.html").read_text()


@pytest.mark.usefixtures("cases")
def test_an_adapter_is_trained_watched_and_loaded_over_the_policy(cli: Cli, tmp_path: Path) -> None:
    options = ("--steps", "40", "--lr", "0.05", "--rank", "2", "--batch", "8", "--out", "tuned")
    ran = cli("finetune", "mine:linear", "--cases", "cases", *options)
    assert ran.code == 0, ran.err
    assert "Recommended: fine-tuned 40 steps" in ran.out
    written = {path.name for path in (tmp_path / "tuned" / "adapter").iterdir()}
    assert written == {"adapter_config.json", "adapter_model.safetensors"}
    readings = (tmp_path / "tuned" / "readings.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in readings]
    assert steps[0] == 0
    assert steps == sorted(steps)


@pytest.mark.usefixtures("cases")
def test_a_folder_is_written_by_one_training_at_a_time(cli: Cli, tmp_path: Path) -> None:
    call = ("finetune", "mine:linear", "--cases", "cases", "--steps", "1", "--out", "tuned")
    with only_writer(tmp_path / "tuned"):
        refused = cli(*call)
    assert refused.code == 1
    assert "tuned is being written by another process; wait for it" in refused.err
    (tmp_path / "tuned" / "adapter").write_text("a file")
    refused = cli(*call)
    assert "adapter cannot be made: File exists" in refused.err


@pytest.mark.usefixtures("cases")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("remedy", "mine:weak", "--cases", "cases", "--try", "hope"), "'hope' is no remedy"),
        (("remedy", "mine:weak", "--cases", "none", "--out", "r"), "none"),
        (("finetune", "mine:linear", "--cases", "few", "--out", "r"), "6 or more"),
        (
            ("finetune", "mine:weak", "--cases", "cases", "--out", "r"),
            "no linear layer",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: tuple[str, ...], said: str, cli: Cli, tmp_path: Path
) -> None:
    ran = cli(*arguments)
    assert ran.code == 1
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "r" / "remedies.json").exists()
    assert not (tmp_path / "r" / "adapter").exists()
