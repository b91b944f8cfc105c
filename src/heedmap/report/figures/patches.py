"""Attention over the image's patches, laid on the frame; masked patches are greyed.

Where a position holds what several patches show, its attention is divided evenly among them.
"""

from __future__ import annotations

import base64
from typing import Any

import altair as alt

from heedmap.ladder.evidence import PatchMap
from heedmap.record.record import Case, FrameInfo
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject
from heedmap.report.figures.style import Chart, beside, data_of, layered

_MOST_PX = 300
_GLOW = "#ffd21f"
_FULL_SHARE = 0.02
"""The colour is full at this share of a patch at least."""


def frame(subject: Subject) -> Figure | None:
    """A panel an instruction; None where no place in the frame is known for the positions."""
    attention = subject.shares_by_position
    maps = [m for m in subject.policy.measurements.patches if m.positions and not m.mixes]
    places = {m.camera: place for m in maps if (place := place_of(subject.frame, m.camera))}
    maps = [m for m in maps if m.camera in places]
    chosen = [case for case in subject.cases if case.instruction in attention]
    is_first = subject.frame.name == subject.result.record.frames[0].name
    if not (maps and chosen and is_first):
        return None  # the map was measured on the first frame
    cells = {
        case.instruction: [
            cell
            for m in maps
            for cell in _cells(m, places[m.camera], case, attention[case.instruction], subject)
        ]
        for case in chosen
    }
    full = max([_FULL_SHARE, *(c["share"] for each in cells.values() for c in each)])
    size = _size(subject.frame, len(chosen))
    panels = [_panel(subject, name, each, full, size) for name, each in cells.items()]
    chart = beside(panels, spacing=14)
    hidden = {name: sum(c["masked"] for c in each) for name, each in cells.items()}
    words = subject.words
    caption = words(
        "frame_caption",
        frame=subject.frame.name,
        layers=subject.policy.layers,
        hidden=", ".join(f"{name}: {count}" for name, count in hidden.items()),
        total=len(next(iter(cells.values()))),
    )
    return subject.figure("frame", chart, caption)


Box = tuple[float, float, float, float]
"""Left, top, width and height within the frame's picture, each 0..1."""


def place_of(info: FrameInfo, camera: str) -> Box | None:
    """Where a camera is in the picture; None in older records."""
    if len(info.cameras) == 1:
        return 0.0, 0.0, 1.0, 1.0
    if camera not in info.cameras or len(info.camera_sizes_px) != len(info.cameras):
        return None
    index = info.cameras.index(camera)
    left = sum(width for _, width in info.camera_sizes_px[:index])
    height, width = info.camera_sizes_px[index]
    return left / info.width_px, 0.0, width / info.width_px, height / info.height_px


def _size(info: FrameInfo, panels: int) -> tuple[int, int]:
    width = min(_MOST_PX, (PANELS_WIDTH_PX - 14 * (panels - 1)) / panels)
    return round(width), round(width * info.height_px / info.width_px)


def _cells(
    patches: PatchMap, box: Box, case: Case, attention: dict[int, float], subject: Subject
) -> list[dict[str, Any]]:
    """One square a patch: its part of the attention, and whether no row may see any of it."""
    words, side = subject.words, patches.cells_a_side
    sharers: dict[int, int] = {}
    for positions in patches.positions:
        for position in positions:
            sharers[position] = sharers.get(position, 0) + 1
    visible = set(case.visible_positions)
    left, top, width, height = box
    found: list[dict[str, Any]] = []
    for index, positions in enumerate(patches.positions):
        row, column = divmod(index, side)
        share = sum(attention.get(p, 0.0) / sharers[p] for p in positions)
        masked = not visible & set(positions)
        said = words("is_masked") if masked else f"{share:.2%}"
        found.append(
            {
                "left": left + width * column / side,
                "right": left + width * (column + 1) / side,
                "top": 1 - top - height * row / side,
                "bottom": 1 - top - height * (row + 1) / side,
                "share": round(share, 6),
                "masked": masked,
                "tip": f"{words('patch')} {row}, {column}: {said}",
            }
        )
    return found


def _panel(
    subject: Subject,
    name: str,
    cells: list[dict[str, Any]],
    full: float,
    size: tuple[int, int],
) -> Chart:
    png = base64.b64encode(subject.result.frame_png[subject.frame.name]).decode()
    unit = alt.Scale(domain=[0, 1], nice=False)
    picture = (
        alt.Chart(data_of([{"url": f"data:image/png;base64,{png}"}]))
        .mark_image(width=size[0], height=size[1], aspect=False, smooth=False, aria=False)
        .encode(url=alt.Url("url:N"), x=alt.XValue(size[0] / 2), y=alt.YValue(size[1] / 2))
    )
    base = alt.Chart(data_of(cells)).encode(
        x=alt.X("left:Q", scale=unit, axis=None),
        x2=alt.X2("right:Q"),
        y=alt.Y("bottom:Q", scale=unit, axis=None),
        y2=alt.Y2("top:Q"),
        description=alt.Description("tip:N"),
    )
    seen = (
        base.transform_filter("!datum.masked")
        .mark_rect(color=_GLOW)
        .encode(
            opacity=alt.Opacity(
                "share:Q",
                scale=alt.Scale(domain=[0, full], range=[0, 0.85]),
                legend=alt.Legend(
                    title=subject.words("patch_axis"),
                    format=".1%",
                    symbolType="square",
                    symbolFillColor=_GLOW,
                    values=[0, full / 4, full / 2, full],
                ),
            ),
        )
    )
    layers: list[alt.Chart] = [picture, seen]
    if any(cell["masked"] for cell in cells):
        masked = base.transform_filter("datum.masked")
        grey = masked.mark_rect(color="#9a9a9a", opacity=0.82, stroke="#ffffff", strokeWidth=0.5)
        hatch = masked.mark_rule(color="#333333", strokeWidth=0.8, opacity=0.6, aria=False)
        layers += [grey, hatch]
    return layered(layers, width=size[0], height=size[1], title=f"{name}")
