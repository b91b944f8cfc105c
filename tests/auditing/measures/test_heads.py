"""Counting heads."""

from __future__ import annotations

import numpy as np

from heedmap.auditing.measures.heads import HeadShare, head_table, heads_alive

SHARES = np.array([[0.05, 0.049, 0.9], [0.0, 0.0, 0.01]])


def test_a_head_is_alive_from_the_threshold_on() -> None:
    assert heads_alive(SHARES) == (2, 0)
    assert heads_alive(SHARES, threshold_share=0.5) == (1, 0)
    assert heads_alive(SHARES, threshold_share=0.0) == (3, 3)


def test_the_table_is_sorted_and_cut() -> None:
    table = head_table({"image": SHARES, "instruction": 1 - SHARES}, top=3)
    assert [(row.layer, row.head, row.region) for row in table] == [
        (1, 0, "instruction"),
        (1, 1, "instruction"),
        (1, 2, "instruction"),
    ]
    assert len(head_table({"image": SHARES})) == 6
    assert head_table({"image": SHARES})[0] == HeadShare(0, 2, "image", 0.9)
