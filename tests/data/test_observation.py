"""What tells one observation from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heedmap.data.observation import Observation


def test_the_digest_is_of_pixels_state_and_history() -> None:
    def seen(shade: int = 0, history: tuple[Observation, ...] = ()) -> Observation:
        return Observation({"top": np.full((4, 6, 3), shade, np.uint8)}, np.zeros(2), history)

    same = [seen(), seen()]
    assert same[0].sha256 == same[1].sha256
    others = [
        seen(1),
        replace(seen(), images={"wrist": seen().frame}),
        replace(seen(), images={"top": seen().frame.reshape(6, 4, 3)}),
        replace(seen(), state=None),
        replace(seen(), state=np.ones(2)),
        seen(history=(seen(),)),
        seen(history=(seen(1),)),
    ]
    assert len({each.sha256 for each in (*same, *others)}) == 1 + len(others)
