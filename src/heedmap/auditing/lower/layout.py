"""The measured layout: positions classified by what moves them, and by what they can reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from heedmap.record.layout import Layout
from heedmap.record.regions import in_order
from heedmap.tracing.capture.masks import UNREACHABLE, Hops


def measured_layout(
    length: int,
    *,
    by_camera: Mapping[str, Iterable[int]],
    by_instruction: Iterable[int],
    by_state: Iterable[int] = (),
    prompt: Iterable[int] = (),
    action_rows: Iterable[int],
    hops: Hops,
) -> Layout:
    """Classify positions by what moves them and whether they can reach the action row.

    An action row is `action`, even where something moves it. Of what cameras, instruction
    and state move, each names its own; what two kinds move is `mixed`. Of the rest, words
    of the prompt are `template`; what cannot reach an action row through the masks is
    `padding`, and what can is `special` (BOS, EOS). Masked image and instruction positions
    keep their names. With several cameras a region is `image:NAME`. Empty regions are left
    out.
    """
    actions, words = set(action_rows), set(prompt)
    single = len(by_camera) == 1
    moved = {
        ("image" if single else f"image:{camera}"): set(positions)
        for camera, positions in by_camera.items()
    }
    moved = {**moved, "instruction": set(by_instruction), "state": set(by_state)}

    def region_of(position: int) -> str:
        if position in actions:
            return "action"
        movers = [name for name, positions in moved.items() if position in positions]
        if movers:
            return movers[0] if len(movers) == 1 else "mixed"
        if hops[position] == UNREACHABLE:
            return "padding"
        return "template" if position in words else "special"

    names = [region_of(position) for position in range(length)]
    regions = {
        region: tuple(p for p, name in enumerate(names) if name == region)
        for region in in_order(names)
    }
    return Layout(length, regions)
