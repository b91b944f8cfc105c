"""The rows of the report's tables, from a result: pure, and in the record's order.

A share is 0..1 and averaged over heads. Under one layout the shares of a row sum to 1; a
region without any position is left out of the row, because "not there" is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow.compute as pc

from heedmap.record import Case, LayoutKind, PolicyResult, Result

Shares = dict[str, float]
"""Region name to share (0..1); all regions of a layout together make 1."""

REGION_ORDER = (
    "image",
    "text",
    "instruction",
    "template",
    "state",
    "mixed",
    "special",
    "action",
    "padding",
)
"""Columns stand in this order; regions of other names follow, then `undeclared`."""

UNDECLARED = "undeclared"

MEANT_BY = {"text": "instruction"}
"""The measured name of what a declared region means, where the two names differ."""

MEASURED = frozenset(REGION_ORDER) - {"text"}


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
    """Tokens of the instruction; None where the policy does not tell."""
    last: Shares
    mean: Shares


@dataclass(frozen=True)
class Disagreement:
    """A declared region, and what really stands at its positions.

    `measured` counts its positions in each measured region. Instructions and frames with
    the same finding are told once, and listed.
    """

    region: str
    positions: tuple[int, ...]
    measured: dict[str, int]
    visible: int
    instructions: tuple[str, ...]
    frames: tuple[str, ...]


def cases(result: Result, policy: PolicyResult) -> Iterator[Case]:
    """The cases of a policy in the record's order of frames, then instructions."""
    by_place = {(case.frame, case.instruction): case for case in policy.cases}
    for frame in result.record.frames:
        for instruction in result.record.instructions:
            if (case := by_place.get((frame.name, instruction.name))) is not None:
                yield case


def layer_rows(result: Result, layout: LayoutKind) -> list[LayerRow]:
    """Shares of every case and layer, mean over heads; empty where no case has the layout."""
    table = result.attention.filter(pc.field("layout") == layout)
    keys = ["policy", "frame", "instruction", "layer", "region"]
    means = table.group_by(keys).aggregate([("share", "mean")])
    share_of = {tuple(row[key] for key in keys): row["share_mean"] for row in means.to_pylist()}
    rows: list[LayerRow] = []
    for policy in result.record.policies:
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


def summary_rows(result: Result, layout: LayoutKind) -> list[SummaryRow]:
    """Last layer and mean over layers of every case, mean over heads."""
    by_case: dict[tuple[str, str, str], list[Shares]] = {}
    for row in layer_rows(result, layout):
        by_case.setdefault((row.policy, row.frame, row.instruction), []).append(row.shares)
    text_len = {
        (policy.name, case.frame, case.instruction): case.token_count
        for policy in result.record.policies
        for case in policy.cases
    }
    return [
        SummaryRow(*place, text_len=text_len[place], last=layers[-1], mean=_mean(layers))
        for place, layers in by_case.items()
    ]


def in_order(regions: Iterable[str]) -> list[str]:
    """Each region once, in the order of the report's columns."""
    found = dict.fromkeys(regions)
    known = [region for region in REGION_ORDER if region in found]
    others = [region for region in found if region not in {*REGION_ORDER, UNDECLARED}]
    return [*known, *others, *([UNDECLARED] if UNDECLARED in found else [])]


def regions_of(shares: Iterable[Shares]) -> list[str]:
    """Every region that occurs in at least one row, in the order of columns."""
    return in_order(region for row in shares for region in row)


def image_seen(case: Case) -> tuple[int, int]:
    """How many measured image positions the action row can see, and of how many."""
    count = case.layouts["measured"].visible_counts.get("image")
    return (count.visible, count.total) if count else (0, 0)


def disagreements(policy: PolicyResult) -> list[Disagreement]:
    """Declared regions that are not what their name says, or are partly masked.

    Only cases with both layouts count. What was not measured is no disagreement: where no
    other wording was found to test the instruction with, its place is not judged.
    """
    found: dict[tuple[object, ...], tuple[Disagreement, dict[str, None], dict[str, None]]] = {}
    for case in policy.cases:
        for finding in _of_case(case, policy.facts.instruction_measured):
            composition = tuple(finding.measured.items())
            key = (finding.region, finding.positions, composition, finding.visible)
            _, names, frames = found.setdefault(key, (finding, {}, {}))
            names[case.instruction] = None
            frames[case.frame] = None
    return [
        Disagreement(
            first.region,
            first.positions,
            first.measured,
            first.visible,
            tuple(names),
            tuple(frames),
        )
        for first, names, frames in found.values()
    ]


def _of_case(case: Case, instruction_measured: bool) -> Iterator[Disagreement]:
    if not {"declared", "measured"} <= set(case.layouts):
        return
    declared = case.layouts["declared"].regions
    for region in in_order(declared):
        positions = declared[region]
        if region == UNDECLARED or not positions:
            continue
        measured = _composition(case, positions)
        visible = len(set(positions) & set(case.visible_positions))
        is_known = instruction_measured or bool(case.words)
        is_masked = region != "padding" and visible < len(positions)
        if is_masked or _is_other(region, measured, instruction_is_known=is_known):
            places = ((case.instruction,), (case.frame,))
            yield Disagreement(region, positions, measured, visible, *places)


def _is_other(region: str, measured: dict[str, int], *, instruction_is_known: bool) -> bool:
    """Whether positions declared as a region are measured to be something else."""
    meant = MEANT_BY.get(region, region)
    if meant not in MEASURED:
        return False  # a name of the user's own: nobody knows what it claims to be
    if meant == "instruction" and not instruction_is_known:
        # Unmoved positions could then still be the instruction; moved ones are not.
        return bool(set(measured) & {"image", "mixed", "action"})
    return set(measured) != {meant}


def _composition(case: Case, positions: tuple[int, ...]) -> dict[str, int]:
    """How many of the positions lie in each measured region."""
    wanted = set(positions)
    regions = case.layouts["measured"].regions
    counts = {region: len(wanted & set(regions[region])) for region in in_order(regions)}
    return {region: count for region, count in counts.items() if count}


def _mean(rows: list[Shares]) -> Shares:
    return {region: sum(row[region] for row in rows) / len(rows) for region in rows[0]}
