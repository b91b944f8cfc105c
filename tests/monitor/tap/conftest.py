"""The page of a tap for a browser: changes, warnings, hostile words and a heed meter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heedmap.data.images import thumbnail
from heedmap.monitor.tap.page import write_page
from heedmap.monitor.tap.recording import About, Reading
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.story import Told, story_of
from tests.report.browsing import browser, opened

__all__ = ["browser", "opened"]

HOSTILE = "<script>alert(1)</script> \x1b[31m \u202eevil { $x }"
ABOUT = About(
    server="ws://robot:8000",
    listening="ws://127.0.0.1:8100",
    started="2026-01-01T00:00:00+00:00",
    ended="2026-01-01T00:01:00+00:00",
    max_mb=500,
    dropped=2,
    unreadable=1,
    steps_removed=10,
)


def picture(number: int) -> bytes:
    """A picture of a step, as a small JPEG."""
    across, down = np.meshgrid(np.arange(96), np.arange(72))
    bands = (across + down + 9 * number) % 256
    return thumbnail(np.stack([bands, across, 200 - down], axis=2).astype(np.uint8))


def steps() -> list[Step]:
    """Two clients: one whose words go back and get lost, one with hostile words."""
    said = ["pick up the red cup"] * 20 + ["put it on the plate"] * 6
    said += ["pick up the red cup"] * 10 + [""] * 4
    plain = Step(1, 0, 0, 0.0, "", ("front", "wrist"), (), (0.1,), (0.2, 0.1), (8, 7), 31.4)
    first = [
        replace(
            plain,
            step=number,
            time_s=0.4 * number,
            words=words,
            thumbnails=(picture(number), picture(number + 20)),
            findings=("went_back",) if 26 <= number < 36 else ("empty",) if number >= 36 else (),
        )
        for number, words in enumerate(said)
    ]
    odd = ("outside_training", "markup")
    other = [
        replace(plain, client=2, step=n, time_s=1.0 + n, words=HOSTILE, findings=odd, nearest="a")
        for n in range(3)
    ]
    return [*first, *other, replace(plain, client=2, step=3, words=None, findings=("missing",))]


def readings() -> list[Reading]:
    """A policy that heeds less and less."""
    return [
        Reading(
            client=1,
            step=step,
            words="pick up the red cup",
            exchanged="turn left",
            distance=0.4 / (1 + step / 10),
            scaled=1.3,
            same=0.01 * (step % 3),
        )
        for step in range(0, 40, 4)
    ]


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings of the heed meter are taken in at once: a test waits for them."""
    monkeypatch.setattr("heedmap.monitor.tap.run.ABOUT_EVERY_S", 0.3)


@pytest.fixture(scope="session")
def told() -> Told:
    return Told(ABOUT, story_of(steps(), readings()))


@pytest.fixture(scope="session")
def report_file(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(told, tmp_path_factory.mktemp("tap"), is_running=False)
