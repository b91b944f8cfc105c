"""What the page's explorer reads: a policy's attention by layer, head, position and word.

It shows what the record holds: shares by position are means over heads, shares by head are by
region. Numbers are parts per 100,000, so that they pack well; None is "no such position".
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from heedmap.ladder.messages import LANGUAGES, say
from heedmap.record.record import Case, FrameInfo, PolicyResult
from heedmap.record.regions import in_order
from heedmap.record.result import Result
from heedmap.report.figures.colors import css_class
from heedmap.report.figures.figure import Subject
from heedmap.report.figures.patches import place_of
from heedmap.report.page.explored_trail import explored_trail
from heedmap.report.page.word_links import word_links
from heedmap.report.summary_lines import action_label
from heedmap.report.tables import cases
from heedmap.report.wording import region_name

MOST_VALUES = 1_000_000
"""Shares by position and head of all policies together; further frames are left out."""
MOST_PICTURE_BYTES = 1_000_000
_SHOWN_FRAME_PX = 130
_PARTS = 100_000


def explored_frames(result: Result) -> list[FrameInfo]:
    """The first frame, then those with the most wrong actions, as many as a page can hold."""
    wrong, values = defaultdict[str, int](int), defaultdict[str, int](int)
    expected = {i.name: i.expected_action for i in result.record.instructions}
    for policy in result.record.policies:
        for case in policy.cases:
            wrong[case.frame] += case.action.meets(expected[case.instruction]) is False
            values[case.frame] += policy.layers * (case.sequence_length + 8 * policy.heads)
    first, *others = result.record.frames
    chosen = [first]
    room, bytes_left = MOST_VALUES - values[first.name], MOST_PICTURE_BYTES
    for frame in sorted(others, key=lambda frame: -wrong[frame.name]):
        room -= values[frame.name]
        bytes_left -= len(result.frame_png[frame.name])
        if room < 0 or bytes_left < 0:
            break
        chosen.append(frame)
    return chosen


@dataclass(frozen=True)
class Picture:
    """One frame, as an address that holds it."""

    info: FrameInfo
    url: str

    @property
    def scale(self) -> int:
        """Small frames are enlarged by a whole factor."""
        return max(1, _SHOWN_FRAME_PX // self.info.width_px)


def pictures(result: Result, frames: Iterable[FrameInfo]) -> list[Picture]:
    """The pictures of frames, in their order."""
    return [Picture(frame, _png(result.frame_png[frame.name])) for frame in frames]


def _png(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def explorer_words(regions: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the explorer says, by key and language; names and style classes of regions."""
    said: dict[str, dict[str, Any]] = {
        name: {language: say(key, language) for language in LANGUAGES}
        for name, key in _WORDS.items()
    }
    known = list(regions)
    said["regions"] = {r: {of: region_name(r, of) for of in LANGUAGES} for r in known}
    said["css"] = {region: css_class(region) for region in known}
    return said


_WORDS = {
    "attention": "attention_on_it",
    "effect": "effect_of_hiding",
    "head": "head_axis",
    "head_note": "head_note",
    "layer": "layer",
    "map_effects": "map_effects",
    "map_shares": "heads_share",
    "masked": "is_masked",
    "is_read": "word_is_read",
    "link_masked": "link_masked",
    "link_none": "link_none",
    "links_mean": "links_mean",
    "links_note": "links_note",
    "looked_at": "patch_is_read",
    "looks_at": "patch_reads",
    "masked_patches": "masked_patches",
    "mean": "mean_short",
    "most": "most_of_all",
    "no_patches": "no_patches",
    "no_words": "no_words",
    "nowhere": "no_position",
    "patch": "patch",
    "position": "position",
    "random": "random_edges",
    "reads": "word_reads",
    "strongest": "strongest",
    "trail_frame": "trail_other_frame",
    "trail_instruction": "trail_other_instruction",
    "trail_lost": "trail_lost_here",
    "unmeasured": "not_measured",
    "words_nowhere": "words_nowhere",
    "wrong": "is_wrong",
}
"""Of the script's own names, keys of the catalogue."""


def packed(content: Mapping[str, Any]) -> str:
    """JSON, deflated, as a `data:` address: unpacked by the browser when it is shown."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    data = base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()
    return f"data:application/octet-stream;base64,{data}"


def explored(
    result: Result, policy: PolicyResult, frames: Sequence[FrameInfo]
) -> dict[str, Any] | None:
    """One policy on some frames; None where its attention was not read."""
    names = {frame.name for frame in frames}
    own = [case for case in cases(result, policy) if case.frame in names]
    by_position = _by_position(result.positions, policy.name, names)
    by_head = _by_head(result.attention, policy, names)
    trail = explored_trail(result, policy)
    links = word_links(result, policy.name, names)
    if not own or not (by_position or by_head or trail):
        return None
    first = {c.instruction: c for c in own if c.frame == result.record.frames[0].name}
    expected = {i.name: i.expected_action for i in result.record.instructions}
    return {
        "layers": policy.layers,
        "heads": policy.heads,
        "cases": [
            {
                "frame": case.frame,
                "instruction": case.instruction,
                "action": action_label(case),
                "right": case.action.meets(expected[case.instruction]),
                "visible": case.visible_positions,
                "positions": by_position.get((case.frame, case.instruction)),
                "regions": by_head.get((case.frame, case.instruction), {}),
                "words": [[entry.word, entry.positions] for entry in case.words],
                "mapped": _is_like(case, first.get(case.instruction)),
                "links": links.get((case.frame, case.instruction)),
            }
            for case in own
        ],
        "trail": trail,
        "patches": _patches(policy, result.record.frames[0]),
        **_effects(result, policy),
    }


_Case = tuple[str, str]


def _by_position(table: pa.Table, policy: str, frames: set[str]) -> dict[_Case, list[list[int]]]:
    """Shares by layer, then position, of every case."""
    own = table.filter((pc.field("policy") == policy) & pc.field("frame").isin(list(frames)))
    found: dict[_Case, dict[int, list[int]]] = {}
    order = [("layer", "ascending"), ("position", "ascending")]
    for row in own.sort_by(order).to_pylist():
        layers = found.setdefault((row["frame"], row["instruction"]), {})
        layers.setdefault(row["layer"], []).append(round(_PARTS * row["share"]))
    return {place: list(layers.values()) for place, layers in found.items()}


def _by_head(
    table: pa.Table, policy: PolicyResult, frames: set[str]
) -> dict[_Case, dict[str, list[list[int]]]]:
    """Shares of measured regions that have a position, by layer, then head."""
    own = table.filter(
        (pc.field("policy") == policy.name)
        & (pc.field("layout") == "measured")
        & pc.field("frame").isin(list(frames))
    )
    held = {
        (case.frame, case.instruction): {
            region for region, at in case.layouts["measured"].regions.items() if at
        }
        for case in policy.cases
        if "measured" in case.layouts
    }
    found: dict[_Case, dict[str, list[list[int]]]] = {}
    for row in own.sort_by([("layer", "ascending"), ("head", "ascending")]).to_pylist():
        place = row["frame"], row["instruction"]
        if row["region"] not in held.get(place, ()):
            continue
        layers = found.setdefault(place, {}).setdefault(row["region"], [])
        if row["layer"] == len(layers):
            layers.append([])
        layers[row["layer"]].append(round(_PARTS * row["share"]))
    return {place: {r: by[r] for r in in_order(by)} for place, by in found.items()}


def _is_like(case: Case, first: Case | None) -> bool:
    """Whether the map of patches, measured on the first frame, holds for this case."""
    if first is None or "measured" not in case.layouts or "measured" not in first.layouts:
        return False
    one, other = case.layouts["measured"], first.layouts["measured"]
    return one.image_positions == other.image_positions


def _patches(policy: PolicyResult, frame: FrameInfo) -> list[dict[str, Any]]:
    """Every camera whose patches have positions of their own, and its place in the picture."""
    return [
        {"box": place, "side": found.cells_a_side, "positions": found.positions}
        for found in policy.measurements.patches
        if found.positions and not found.mixes and (place := place_of(frame, found.camera))
    ]


def _effects(result: Result, policy: PolicyResult) -> dict[str, Any]:
    """Effects of knockouts: of heads on the instruction, and of words by position."""
    found = policy.measurements.causal_map
    if found is None:
        return {"unit": {}, "byHead": [], "byWord": []}
    units = {
        language: Subject(result, policy, result.record.frames[0], language).unit
        for language in ("en", "ko")
    }
    return {
        "unit": units,
        "byHead": [
            [effect.layer, effect.head, round(effect.distance, 3)]
            for effect in found.by_head
            if effect.region == "instruction"
        ],
        "byWord": [
            [e.trial, e.instruction, e.position, round(e.distance, 3), round(e.random_distance, 3)]
            for e in found.by_word
        ],
    }
