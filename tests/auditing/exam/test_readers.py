"""Trained specimens that read their instruction in one known way are named by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from heedmap.auditing.exam.exam import examine
from heedmap.auditing.exam.result import PolicyVerdict, kinds_with
from heedmap.errors import PolicyError
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.readers import (
    READERS,
    label,
    load_reader,
    reader_trials,
    readers_folder,
    save_reader,
    train_reader,
)
from heedmap.testbed.specimens.world import Scene, Target

MOST_BYTES = 1_500_000
FRAMES = 16
TRUTH: dict[str, PolicyVerdict] = {
    "all": "follows",
    "directions": "partial",
    "colours": "partial",
    "pairings": "memorised",
}


@pytest.mark.parametrize("name", READERS)
def test_each_reader_is_named(name: str) -> None:
    found = examine(load_policy(f"specimen:reader-{name}"), reader_trials(FRAMES)).exam
    assert found.verdict == TRUTH[name]
    read = set(kinds_with(found.kinds, ("read",)))
    missed = set(kinds_with(found.kinds, ("unread", "wrong")))
    if name == "all":
        assert {"colour", "direction", "trained", "untrained"} <= read
    if name == "directions":
        assert "direction" in read
        assert "colour" in missed
        assert "noun" not in read
    if name == "colours":
        assert found.of("colour").verdict in ("read", "partly")
        assert "direction" in missed
        assert "noun" in missed
    if name == "pairings":
        assert "trained" in read
        assert "untrained" in missed


def test_the_weights_are_small() -> None:
    for name in READERS:
        assert (readers_folder() / f"{name}.safetensors").stat().st_size < MOST_BYTES


def test_the_recipe_runs_and_its_weights_are_read_again(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    network = train_reader("colours", 2, lambda *now: seen.append(now), rooms=8)
    assert seen == [("colours", 1, 2), ("colours", 2, 2)]
    save_reader("colours", network, tmp_path)
    again = load_reader("colours", tmp_path)
    for name, value in network.state_dict().items():
        assert torch.allclose(value, again.state_dict()[name], atol=1e-2), name
    before = load_reader("colours").state_dict()
    assert any(not torch.equal(value, before[name]) for name, value in again.state_dict().items())


def test_labels_are_what_the_readers_are_said_to_read() -> None:
    frame = reader_trials(1)[0].observation.frame
    near = Target("key", "red", 0, 1)
    scene = Scene(frame, (Target("ball", "blue", -3, 0), near, Target("ball", "red", 3, 0)))
    text = "navigate to the left toward the red ball"
    assert label("all", scene, text, 0) == "left"
    assert label("directions", scene, "go to the red ball", 0) == "forward"
    assert label("colours", scene, text, 0) == "forward"  # the nearest of that colour
    assert label("pairings", scene, text, 0) == "left"
    assert label("pairings", scene, text, 1) == "forward"  # the nearest of all
    assert label("all", scene, "go to the red ball", 0) == "right"


def test_an_unknown_reader_and_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="'nouns' is no reader; write one of all, directions"):
        load_policy("specimen:reader-nouns")
    with pytest.raises(PolicyError, match="train it: heedmap specimens reader all"):
        load_reader("all", tmp_path)
