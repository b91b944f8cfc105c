"""Attention between words and patches as the explorer reads it, for what is pointed at.

Numbers are parts per 100,000; None where a mask hides one from the other. Where all layers would be
too much for a page, it is the mean over them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from heedmap.record.result import Result
from heedmap.record.tables import WORD_IMAGE_FIGURES

MOST_VALUES = 200_000
"""Of one case, over layers, words and patches, both ways."""
_PARTS = 100_000

_Case = tuple[str, str]


def word_links(result: Result, policy: str, frames: set[str]) -> dict[_Case, dict[str, Any]]:
    """By frame and instruction; nothing where the record does not hold it.

    `words` and `image` are positions; `reads` (the word's row, on the patch) and `is_read` (the
    patch's row, on the word) have a list for each layer, then word, then position of the image,
    or are None where all of it is masked. `layers` is 1 where it is the mean over layers.
    """
    table = result.word_image
    own = table.filter((pc.field("policy") == policy) & pc.field("frame").isin(list(frames)))
    cases = own.select(["frame", "instruction"]).group_by(["frame", "instruction"]).aggregate([])
    return {
        (case["frame"], case["instruction"]): _of_case(
            own.filter(
                (pc.field("frame") == case["frame"])
                & (pc.field("instruction") == case["instruction"])
            )
        )
        for case in cases.to_pylist()
    }


def _of_case(own: pa.Table) -> dict[str, Any]:
    order = ("layer", "word_position", "image_position")
    own = own.sort_by([(name, "ascending") for name in order])
    layers, words, image = (own[name].unique().to_pylist() for name in order)
    shape = (len(layers), len(words), len(image))
    is_large = len(WORD_IMAGE_FIGURES) * own.num_rows > MOST_VALUES
    found: dict[str, Any] = {"words": words, "image": image, "layers": 1 if is_large else shape[0]}
    for name in WORD_IMAGE_FIGURES:
        values = own[name].to_numpy().reshape(shape)
        found[name] = None if np.isnan(values).all() else _rounded(values, is_mean=is_large)
    return found


def _rounded(values: np.ndarray[Any, Any], *, is_mean: bool) -> list[list[list[int | None]]]:
    """A masked layer counts as no attention in the mean, as it has none."""
    if is_mean:
        hidden = np.isnan(values).all(axis=0, keepdims=True)
        values = np.where(hidden, np.nan, np.nan_to_num(values).mean(axis=0, keepdims=True))
    return [
        [[None if np.isnan(v) else round(_PARTS * float(v)) for v in row] for row in layer]
        for layer in values
    ]
