"""Attention rollout over the graph, by what the positions hold that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch

from heedmap.auditing.graph.rows import ACTION, REST, Graph
from heedmap.errors import CaptureError
from heedmap.tracing.graph.flow import LEAST_SHARE, flow_of


class Rollout(NamedTuple):
    """Shares by region, which add up to 1; empty where it is not known, with the reason."""

    by_region: dict[str, float]
    unknown: str | None = None


def rollout_of(graph: Graph) -> Rollout:
    """From the action back to all rows that no attention made (see `heedmap.tracing.graph.flow`).

    In the graph's own run.
    """
    rows = {each.node.number: each for each in graph.rows}
    try:
        flow = flow_of(graph.base, [each.node for each in graph.rows], graph.made_of)
    except CaptureError as error:
        return Rollout({}, str(error))
    found = {ACTION: flow.chosen}
    for number, shares in flow.keys.items():
        _add(found, rows[number].regions, shares)
    for number, shares in flow.starts.items():
        if (held := rows[number].starts) is None and float(shares.sum()) > LEAST_SHARE:
            module = rows[number].node.module
            return Rollout({}, f"what the rows of '{module}' start from was not recognised")
        _add(found, held or {}, shares)
    known = {name: share for name, share in found.items() if share > 0}
    return Rollout({**known, REST: max(0.0, 1.0 - sum(known.values()))})


def _add(
    found: dict[str, float], regions: Mapping[str, torch.Tensor], shares: torch.Tensor
) -> None:
    """What these rows hold of a flow."""
    for name, held in regions.items():
        found[name] = found.get(name, 0.0) + float((shares * held.cpu()).sum())
