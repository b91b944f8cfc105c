"""What a trial says of itself: whether the instruction decides, and between which."""

from __future__ import annotations

import numpy as np

from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial

FRAME = of_frame(np.zeros((8, 8, 3), np.uint8))
TEXTS = {"a": "go left", "b": "go right", "c": "go on"}


def trial(**expected: str) -> Trial:
    return Trial("t", FRAME, TEXTS, expected)


def test_needed_is_known_from_expectations_only() -> None:
    assert trial(a="LEFT", b="RIGHT").is_needed is True
    assert trial(a="LEFT", b="left", c=" Left ").is_needed is False
    assert trial(a="LEFT", b="LEFT").is_needed is None  # of c nobody said anything
    assert trial().is_needed is None


def test_pairs_are_those_that_ask_for_different_actions() -> None:
    assert list(trial(a="LEFT", b="RIGHT", c="LEFT").pairs()) == [("a", "b"), ("b", "c")]
    assert list(trial(a="LEFT", b="RIGHT").pairs()) == [("a", "b")]
    assert list(trial().pairs()) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert list(trial(a="LEFT", b="LEFT", c="LEFT").pairs()) == []


def test_frames_of_an_episode_are_one_cluster() -> None:
    assert trial().cluster == "t"
    assert Trial("t", FRAME, TEXTS, episode="e").cluster == "e"
