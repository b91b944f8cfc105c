"""The measured layout covers the sequence exactly, whatever moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heedmap.auditing.lower.layout import measured_layout
from heedmap.record.layout import Layout
from heedmap.record.regions import MEASURED_REGIONS
from heedmap.tracing.capture.masks import UNREACHABLE

positions = st.sets(st.integers(0, 19))


def covered(layout: Layout) -> list[int]:
    return sorted(p for region in layout.regions.values() for p in region)


@given(*[positions] * 5, st.lists(st.sampled_from([UNREACHABLE, 1, 2]), min_size=20, max_size=20))
def test_a_measured_layout_covers_every_position_once(
    by_frame: set[int],
    by_text: set[int],
    by_state: set[int],
    prompt: set[int],
    actions: set[int],
    hops: list[int],
) -> None:
    layout = measured_layout(
        20,
        by_camera={"image": by_frame},
        by_instruction=by_text,
        by_state=by_state,
        prompt=prompt,
        action_rows=actions,
        hops=np.array(hops),
    )
    regions = {region: set(found) for region, found in layout.regions.items()}
    assert covered(layout) == list(range(20))
    assert set(regions) <= set(MEASURED_REGIONS)
    assert regions.get("action", set()) == actions
    twice = (by_frame & by_text) | (by_frame & by_state) | (by_text & by_state)
    assert regions.get("mixed", set()) == twice - actions
    unmoved = set(range(20)) - by_frame - by_text - by_state - actions
    assert regions.get("padding", set()) == {p for p in unmoved if hops[p] == UNREACHABLE}
    reaching = unmoved - regions.get("padding", set())
    assert regions.get("template", set()) == reaching & prompt
    assert regions.get("special", set()) == reaching - prompt


def test_every_camera_has_its_region() -> None:
    layout = measured_layout(
        4,
        by_camera={"front": [0, 1], "wrist": [1, 2]},
        by_instruction=[],
        action_rows=[3],
        hops=np.array([1, 1, 1, 0]),
    )
    assert dict(layout.regions) == {
        "image:front": (0,),
        "image:wrist": (2,),
        "mixed": (1,),
        "action": (3,),
    }
