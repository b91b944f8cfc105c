"""The table of cases: a row for each policy, frame and instruction, for notebooks and SQL.

What is null was not measured, or is not in the sequence; it is never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pyarrow as pa

from heedmap.ladder.causes import RungName
from heedmap.record.regions import is_image


def _nullable(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


CASES_SCHEMA = _nullable(
    policy=pa.string(),
    frame=pa.string(),
    instruction=pa.string(),
    text=pa.string(),
    token_count=pa.int32(),
    **dict.fromkeys(get_args(RungName), pa.string()),
    bypass=pa.string(),
    cause=pa.string(),
    action=pa.string(),
    values=pa.list_(pa.float64()),
    expected=pa.string(),
    is_right=pa.bool_(),
)
"""Of `Record.table`; docs/record.md says what they hold."""

SHARES_SCHEMA = _nullable(
    **{
        f"{layout}_{scope}_{region}": pa.float64()
        for layout, text in (("declared", "text"), ("measured", "instruction"))
        for scope in ("last", "mean")
        for region in ("image", text)
    }
)
"""Further columns of `Result.table("cases")`."""

Place = tuple[str, str, str]
"""Policy, frame, instruction."""
Positions = Mapping[str, Mapping[str, int]]
"""How many positions every region of every layout has."""


def shares_of_cases(attention: pa.Table) -> dict[tuple[Place, str, str], tuple[float, float]]:
    """By case, layout and region: the last layer's share, and the mean over layers."""
    keys = ["policy", "frame", "instruction", "layout", "region", "layer"]
    means = attention.group_by(keys).aggregate([("share", "mean")])
    by_layer: dict[tuple[Place, str, str], dict[int, float]] = {}
    for row in means.to_pylist():
        place = (row["policy"], row["frame"], row["instruction"])
        found = by_layer.setdefault((place, row["layout"], row["region"]), {})
        found[row["layer"]] = row["share_mean"]
    return {
        key: (layers[max(layers)], sum(layers.values()) / len(layers))
        for key, layers in by_layer.items()
    }


def share_row(
    shares: Mapping[tuple[Place, str, str], tuple[float, float]], place: Place, positions: Positions
) -> dict[str, float | None]:
    """The shares of one case; all cameras together are its image.

    `positions` says which regions its sequence has: one without a position is not 0, but null.
    """
    row: dict[str, float | None] = {}
    for column in SHARES_SCHEMA.names:
        layout, scope, region = column.split("_")
        held = [
            shares[place, layout, name][("last", "mean").index(scope)]
            for name, count in positions.get(layout, {}).items()
            if count and (is_image(name) if region == "image" else name == region)
        ]
        row[column] = sum(held) if held else None
    return row
