"""What the rows of the instruction's words and those of the image attend to in each other.

The verdict rests on the action rows alone; this is for the reader who points at a word and wants to
see its patches. It costs two products a layer: the pass has run, and is not run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from heedmap.auditing.lower.examine import Examined
from heedmap.record.regions import is_image
from heedmap.tracing.capture.calls import AttentionCall

ROWS_AT_ONCE = 256
"""Query rows whose weights over all keys are held at a time."""

WordByImage = Float[np.ndarray, "layer word image"]


@dataclass(frozen=True)
class WordImage:
    """Attention between words and image, mean over heads; NaN where a mask hides it."""

    words: tuple[int, ...]
    """Positions that replacing a word moves."""
    image: tuple[int, ...]
    reads: WordByImage
    """Of the word's row, on the image position."""
    is_read: WordByImage
    """Of the image position's row, on the word."""


def word_image(one: Examined) -> WordImage | None:
    """None where a word or the image has no position of its own, or a layer no rows for them."""
    words = tuple(sorted({p for entry in one.movement.by_word for p in entry.positions}))
    regions = one.layout.regions
    image = tuple(p for name, held in regions.items() if is_image(name) for p in held)
    calls, length = one.seen.stack.calls, one.layout.length
    if not words or not image or any(_sizes(call) != (length, length) for call in calls):
        return None
    reads = [_weights(call, words, image) for call in calls]
    is_read = [_weights(call, image, words).T for call in calls]
    return WordImage(words, image, np.stack(reads), np.stack(is_read))


def _sizes(call: AttentionCall) -> tuple[int, int]:
    return call.query_count, call.key_count


def _weights(
    call: AttentionCall, rows: Sequence[int], keys: Sequence[int]
) -> Float[np.ndarray, "row key"]:
    """Mean over heads; NaN where the row may not see the key."""
    hidden = ~call.visibility()[0, list(rows)][:, list(keys)].cpu()
    if hidden.all():
        return np.full((len(rows), len(keys)), np.nan)
    parts = [
        call.row_weights(tuple(rows[start : start + ROWS_AT_ONCE]))[0][..., list(keys)].mean(dim=0)
        for start in range(0, len(rows), ROWS_AT_ONCE)
    ]
    return torch.cat(parts).cpu().masked_fill(hidden, torch.nan).numpy()
