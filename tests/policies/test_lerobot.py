"""`lerobot:` as far as it needs no LeRobot; the rest is in tests_lerobot/."""

from __future__ import annotations

import importlib.util
import json
import logging
import warnings
from pathlib import Path

import pytest
from huggingface_hub import constants

from heedmap.errors import CheckpointError, HeedmapError, PolicyError
from heedmap.policies.checkpoints.permissions import SAFE
from heedmap.policies.family import Target
from heedmap.policies.lerobot import load
from heedmap.policies.lerobot.hub import ids_in, missing_id, offline, parse_pairs
from heedmap.policies.lerobot.locate import folder_of, name_of
from heedmap.policies.lerobot.quiet import quiet
from heedmap.policies.registry import load_policy


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of training with two checkpoints, as far as paths go."""
    for step in ("005000", "010000"):
        folder = tmp_path / "run" / "checkpoints" / step / "pretrained_model"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"type": "act"}))
    return tmp_path / "run"


@pytest.mark.skipif(importlib.util.find_spec("lerobot") is not None, reason="it is installed")
def test_without_lerobot_one_sentence_says_what_to_do(run: Path) -> None:
    with pytest.raises(HeedmapError, match="package 'lerobot'") as caught:
        load(Target(f"lerobot:{run}@005000"), SAFE)
    assert "\n" not in str(caught.value)


def test_a_step_is_found_by_its_number(run: Path) -> None:
    folder = run / "checkpoints" / "005000" / "pretrained_model"
    assert folder_of(f"{run}@5000") == folder_of(str(folder.parent)) == folder_of(str(folder))
    assert name_of(folder) == "run/005000"
    with pytest.raises(CheckpointError, match="005000, 010000; say which"):
        folder_of(str(run))


def test_transformers_families_point_to_it(run: Path) -> None:
    folder = run / "checkpoints" / "005000" / "pretrained_model"
    for family in ("pi0", "vlm"):
        with pytest.raises(CheckpointError, match=f"lerobot:{folder}"):
            load_policy(f"{family}:{folder}")


def test_ids_of_the_hub_are_told_from_paths_and_other_settings(tmp_path: Path) -> None:
    settings = {"tokenizer_name": "google/words", "repo_id": "me/mine", "vlm": str(tmp_path)}
    assert ids_in(settings | {"chunk": 4, "mode": "max"}) == {"tokenizer_name": "google/words"}
    deep = ValueError("no step")
    deep.__cause__ = OSError("couldn't find 'google/words' in the cached files")
    assert missing_id(deep, {"google/words", "me/other"}) == "google/words"
    assert missing_id(ValueError("a shape is wrong"), {"google/words"}) is None


def test_pairs_are_read_or_refused() -> None:
    assert parse_pairs("a/b:C,d:e", "local") == {"a/b": "C", "d": "e"}
    for text in ("", "a", "a:", ":b"):
        with pytest.raises(PolicyError, match="FROM:TO"):
            parse_pairs(text, "rename")


def test_nothing_is_fetched_or_printed_inside(capfd: pytest.CaptureFixture[str]) -> None:
    before = constants.HF_HUB_OFFLINE
    with offline(True), quiet(loading=True):
        assert constants.HF_HUB_OFFLINE
        print("loud")
        warnings.warn("loud", stacklevel=1)
        logging.getLogger("loud").error("loud")
    assert before == constants.HF_HUB_OFFLINE
    assert capfd.readouterr() == ("", "")
    assert logging.root.manager.disable == logging.NOTSET
