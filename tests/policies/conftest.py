"""Checkpoints in the RoboVLMs form, one for each head, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robovlms_files import HEADS, write_checkpoint


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders by the kind of head."""
    root = tmp_path_factory.mktemp("robovlms")
    return {kind: write_checkpoint(root / kind, kind) for kind in HEADS}
