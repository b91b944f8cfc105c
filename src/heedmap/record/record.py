"""The result of an audit: one folder with `record.json` and Parquet tables.

`record.json` says what was run and what was found; the tables next to it (`heedmap.record.tables`)
hold shares by region, by position, and values by trial. All schemas are documented in
docs/record.md. Nothing here needs torch, so a result can be
read, compared and reported anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8
from pydantic import Field

from heedmap.data.images import pixels_sha256
from heedmap.frozen import Frozen
from heedmap.ladder.delivered import Delivered
from heedmap.ladder.measurements import Facts, Measurements
from heedmap.ladder.verdict import Verdict
from heedmap.record.case_table import CASES_SCHEMA
from heedmap.record.regions import is_image
from heedmap.record.shown import Shown

SCHEMA_VERSION = 4
MANIFEST_SINCE = 4
"""The schema from which on every result has a manifest."""
RECORD_FILE = "record.json"
FRAMES_FOLDER = "frames"
FRAME_FILE = re.compile(rf"{FRAMES_FOLDER}/[0-9]{{5,}}\.png")
"""How a frame's copy is named: a record from a stranger may name no other file."""

LayoutKind = Literal["declared", "measured"]


class RunInfo(Frozen):
    """What was run, enough to run it again."""

    created_utc: str
    arguments: dict[str, Any]
    versions: dict[str, str]
    commit: str | None = None
    seed: int


class FrameInfo(Frozen):
    """One camera frame; `file` is its copy inside the result folder."""

    name: str
    source: str
    file: str = Field(pattern=rf"^{FRAME_FILE.pattern}$")
    sha256: str
    """Of the pixels, (height, width, 3) bytes."""
    height_px: int
    width_px: int
    cameras: tuple[str, ...] = ("image",)
    """Side by side in `file`, in this order."""
    camera_sizes_px: tuple[tuple[int, int], ...] = ()
    """Height and width of each camera's image; empty in older records."""
    state: tuple[float, ...] | None = None


class Instruction(Frozen):
    """One named instruction; `expected_action` where it is known."""

    name: str
    text: str
    expected_action: str | None = None


class RegionCount(Frozen):
    """How many positions a region has, and how many of them the action row can see."""

    visible: int
    total: int
    visible_by_layer: tuple[int, ...] = ()
    """As `visible`, layer by layer: they differ under a sliding window."""


class LayoutInfo(Frozen):
    """Region names to positions; together they cover 0..sequence_length-1 exactly once."""

    regions: dict[str, tuple[int, ...]]
    visible_counts: dict[str, RegionCount]

    @property
    def image_positions(self) -> tuple[int, ...]:
        """Positions of all cameras."""
        return tuple(p for name, held in self.regions.items() if is_image(name) for p in held)

    @property
    def image_counts(self) -> tuple[int, int]:
        """How many of them the action row can see, and how many there are."""
        counts = [count for name, count in self.visible_counts.items() if is_image(name)]
        return sum(count.visible for count in counts), sum(count.total for count in counts)


class WordPositions(Frozen):
    """Which positions of the decoder's input move when one word of the text is replaced."""

    word: str
    positions: tuple[int, ...]


class ActionResult(Frozen):
    """The action chosen under one instruction. `probabilities` only for discrete heads."""

    name: str | None
    values: tuple[float, ...]
    probabilities: dict[str, float] | None = None

    def meets(self, expected: str | None) -> bool | None:
        """Whether the class is the one expected, in any case; None where that is not known."""
        if self.name is None or expected is None:
            return None
        return self.name.strip().casefold() == expected.strip().casefold()


class Case(Frozen):
    """One policy on one frame under one instruction."""

    frame: str
    instruction: str
    token_count: int | None
    sequence_length: int
    action_rows: tuple[int, ...]
    action: ActionResult
    visible_positions: tuple[int, ...]
    """Keys that an action row may see in at least one layer."""
    layouts: dict[LayoutKind, LayoutInfo]
    words: tuple[WordPositions, ...]
    """Empty where no variant of equal token count was found: not measured."""


class HeldOutAccuracy(Frozen):
    """How a specimen acts on held-out frame cases (its recipe's figures, not this run's)."""

    style: str
    frame_cases: int
    per_instruction: dict[str, float]
    all_three: float


class Loaded(Frozen):
    """Where a policy's weights came from, and what was chosen or left out in loading them."""

    checkpoint: str
    choices: dict[str, str] = Field(default_factory=dict)
    """Settings that the checkpoint does not contain, as they were used."""
    random_weights: tuple[str, ...] = ()
    """Weights that the checkpoint lacked (`--allow-partial`): figures speak of these too."""
    ignored_weights: tuple[str, ...] = ()
    """Weights of the checkpoint that found no place."""


class PolicyDescription(Frozen):
    """What an audited policy is, whatever was measured of it; a black box has no layers."""

    family: str
    layers: int
    heads: int
    action_names: tuple[str, ...] | None
    attention_layers: tuple[str, ...]
    """Names of the attention modules captured, in the order they ran."""
    attention_implementation: str
    outputs_unchanged: bool
    """Outputs before, during and after the audit are equal bit for bit."""
    declared: str | None = None
    """The declared regions as they were written; None where there were none."""
    held_out_accuracy: tuple[HeldOutAccuracy, ...] = ()
    loaded: Loaded | None = None
    """None for policies that were not read from a checkpoint."""

    def described(self) -> dict[str, Any]:
        """These fields by name, without those that a subclass adds: to make another one of."""
        return {name: getattr(self, name) for name in PolicyDescription.model_fields}


class PolicyResult(PolicyDescription):
    """One audited policy: what it is, what was measured, and the verdict on it."""

    name: str
    weights_sha256: str | None
    """None for a policy behind a server."""
    verdict: Verdict
    """The first rung of the ladder that fails, with cause and fix."""
    measurements: Measurements
    """What the verdict was judged from."""
    cases: tuple[Case, ...]
    facts: Facts
    sentence: str


class Record(Shown, Frozen):
    """A whole audit, without its tables."""

    schema_version: int = SCHEMA_VERSION
    run: RunInfo
    frames: tuple[FrameInfo, ...]
    instructions: tuple[Instruction, ...]
    policies: tuple[PolicyResult, ...] = Field(min_length=1)
    delivered: Delivered | None = None
    """Rung 0, for all policies; None where nothing was given to measure it from."""

    def table(self) -> pa.Table:
        """A row for each policy, frame and instruction; `.to_pandas()` makes a data frame."""
        asked = {instruction.name: instruction for instruction in self.instructions}
        rows = [
            {
                "policy": policy.name,
                "frame": case.frame,
                "instruction": case.instruction,
                "text": asked[case.instruction].text,
                "token_count": case.token_count,
                **{name: rung.status for name, rung in policy.verdict.rungs.items()},
                "bypass": policy.verdict.bypass.status,
                "cause": policy.verdict.cause,
                "action": case.action.name,
                "values": list(case.action.values),
                "expected": (expected := asked[case.instruction].expected_action),
                "is_right": case.action.meets(expected),
            }
            for policy in self.policies
            for case in policy.cases
        ]
        return pa.Table.from_pylist(rows, schema=CASES_SCHEMA)


def frame_info(
    index: int,
    name: str,
    source: str,
    pixels: UInt8[np.ndarray, "height width 3"],
    cameras: Sequence[str] = ("image",),
    state: Sequence[float] | None = None,
    camera_sizes_px: Sequence[tuple[int, int]] = (),
) -> FrameInfo:
    """Describe one frame; its copy in the result is numbered, so any name is a safe one."""
    height, width = pixels.shape[:2]
    return FrameInfo(
        name=name,
        source=source,
        file=f"{FRAMES_FOLDER}/{index:05d}.png",
        sha256=pixels_sha256(pixels),
        height_px=height,
        width_px=width,
        cameras=tuple(cameras),
        camera_sizes_px=tuple(camera_sizes_px),
        state=None if state is None else tuple(float(value) for value in state),
    )
