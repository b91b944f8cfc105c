"""Where declared regions are not what was measured: pure, no model runs here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heedmap.record.record import Case, PolicyResult
from heedmap.record.regions import MEASURED_REGIONS, UNDECLARED, in_order

MEANT_BY = {"text": "instruction"}
"""The measured name of what a declared region means, where the two names differ."""


@dataclass(frozen=True)
class Disagreement:
    """A declared region, and what is measured at its positions.

    `measured` counts its positions in each measured region. Instructions and frames with
    the same finding are listed together.
    """

    region: str
    positions: tuple[int, ...]
    measured: dict[str, int]
    visible: int
    instructions: tuple[str, ...]
    frames: tuple[str, ...]


def disagreements(cases: Sequence[Case], instruction_measured: bool) -> list[Disagreement]:
    """Declared regions that are not what their name says, or are partly masked.

    Only cases with both layouts count. What was not measured is no disagreement: where no
    other wording was found to test the instruction with, its place is not judged.
    """
    found: dict[tuple[object, ...], tuple[Disagreement, dict[str, None], dict[str, None]]] = {}
    for case in cases:
        for finding in _of_case(case, instruction_measured):
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


def policy_disagreements(policy: PolicyResult) -> list[Disagreement]:
    """The disagreements over all cases of an audited policy."""
    return disagreements(policy.cases, policy.facts.instruction_measured)


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
    """Whether positions declared as a region are measured to be another one."""
    meant = MEANT_BY.get(region, region)
    if meant not in MEASURED_REGIONS:
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
