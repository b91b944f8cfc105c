"""The rows of the report's tables, from a result: pure, and in the record's order.

A share is 0..1 and averaged over heads. Under one layout the shares of a row sum to 1; a
region without any position is left out of the row, because "not there" is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from heedmap.record.record import Case, PolicyResult
from heedmap.record.regions import in_order
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind

Shares = dict[str, float]
"""Region name to share (0..1); all regions of a layout together make 1."""


@dataclass(frozen=True)
class LayerRow:
    """One layer of one case under one layout."""

    policy: str
    frame: str
    instruction: str
    layer: int
    shares: Shares


@dataclass(frozen=True)
class SummaryRow:
    """One case under one layout: the last layer, and the mean over layers."""

    policy: str
    frame: str
    instruction: str
    text_len: int | None
    """Tokens of the instruction; None where the policy does not say."""
    last: Shares
    mean: Shares


def cases(result: Result, policy: PolicyResult) -> Iterator[Case]:
    """The cases of a policy in the record's order of frames, then instructions."""
    by_place = {(case.frame, case.instruction): case for case in policy.cases}
    for frame in result.record.frames:
        for instruction in result.record.instructions:
            if (case := by_place.get((frame.name, instruction.name))) is not None:
                yield case


def layer_rows(
    result: Result, layout: LayoutKind, policy_name: str | None = None
) -> list[LayerRow]:
    """Shares of every case and layer, mean over heads; empty where no case has the layout.

    Of one policy, or of all of them.
    """
    chosen = pc.field("layout") == layout
    if policy_name is not None:
        chosen &= pc.field("policy") == policy_name
    table = result.attention.filter(chosen)
    keys = ["policy", "frame", "instruction", "layer", "region"]
    means = table.group_by(keys).aggregate([("share", "mean")])
    share_of = {tuple(row[key] for key in keys): row["share_mean"] for row in means.to_pylist()}
    rows: list[LayerRow] = []
    for policy in result.record.policies:
        if policy_name not in (None, policy.name):
            continue
        for case in cases(result, policy):
            if layout not in case.layouts:
                continue
            held = case.layouts[layout].regions
            regions = in_order(region for region, positions in held.items() if positions)
            for layer in range(policy.layers):
                place = (policy.name, case.frame, case.instruction, layer)
                shares = {region: share_of[(*place, region)] for region in regions}
                rows.append(LayerRow(*place, shares))
    return rows


def summary_rows(
    result: Result, layout: LayoutKind, policy_name: str | None = None
) -> list[SummaryRow]:
    """Last layer and mean over layers of every case, mean over heads; of one policy, or of all."""
    by_case: dict[tuple[str, str, str], list[Shares]] = {}
    for row in layer_rows(result, layout, policy_name):
        by_case.setdefault((row.policy, row.frame, row.instruction), []).append(row.shares)
    text_len = {
        (policy.name, case.frame, case.instruction): case.token_count
        for policy in result.record.policies
        for case in policy.cases
    }
    return [
        SummaryRow(*place, text_len=text_len[place], last=layers[-1], mean=mean_shares(layers))
        for place, layers in by_case.items()
    ]


def regions_of(shares: Iterable[Shares]) -> list[str]:
    """Every region that occurs in at least one row, in the order of columns."""
    return in_order(region for row in shares for region in row)


def image_seen(case: Case) -> tuple[int, int]:
    """How many measured image positions the action row can see, and of how many."""
    return case.layouts["measured"].image_counts


def mean_shares(rows: Sequence[Shares]) -> Shares:
    """Means over rows; a region that a row does not have counts as nothing there."""
    regions = in_order(region for row in rows for region in row)
    return {r: sum(row.get(r, 0.0) for row in rows) / len(rows) for r in regions}
