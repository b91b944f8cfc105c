"""A page of tried remedies: one helps, one breaks what the frame must win."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.remedies import try_remedies
from heedmap.report.remedies.files import write_remedies
from tests.remedies.world import logits, trials
from tests.report.browsing import browser, opened

__all__ = ["browser", "opened"]


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = try_remedies(
        *(logits(0.6), trials(18, blocked=4), "confounded"), names=("guidance", "telling_words")
    )
    return write_remedies(found, tmp_path_factory.mktemp("remedies"))
