"""Checkpoints that are written once a session, and what a test of them needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from heedmap import Permissions, load_policy
from heedmap.policies.lerobot.policy import LeRobotPolicy
from tests_lerobot import tiny, tiny_vla

torch.set_num_threads(1)

Load = Callable[[str], LeRobotPolicy]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """By the name of its builder."""
    root, made = tmp_path_factory.mktemp("checkpoints"), dict[str, Path]()

    def folder(name: str) -> Path:
        if name not in made:
            build = getattr(tiny, name, None) or getattr(tiny_vla, name)
            made[name] = build(root / name)
        return made[name]

    return folder


@pytest.fixture
def load(checkpoint: Callable[[str], Path]) -> Load:
    """A policy by the name of its builder, loaded as a user would."""

    def policy(name: str) -> LeRobotPolicy:
        folder = checkpoint(name)
        beside = {tiny.PALIGEMMA: "words", tiny_vla.COSMOS: "cosmos"}
        found = {hub: folder.with_name(f"{name}-{each}") for hub, each in beside.items()}
        pairs = [f"{hub}:{place}" for hub, place in found.items() if place.exists()]
        local = f"?local={','.join(pairs)}" if pairs else ""
        with tiny.small_gemma():
            loaded = load_policy(f"lerobot:{folder}{local}", Permissions(trust_remote_code=True))
        assert isinstance(loaded, LeRobotPolicy)
        return loaded

    return policy
