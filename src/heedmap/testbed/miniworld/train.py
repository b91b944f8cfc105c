"""Trains the room's specimens (`policy`) by imitation of the expert, and writes their weights.

Beside the action the attention is trained to be on the column of the picture that the meant object
is in: without that, training takes many times as long.

    python -m heedmap.testbed.miniworld.train heeding       (some minutes on one core)
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save

from heedmap.data.pixels import Frame
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.miniworld.network import RoomPolicy, pixels_of
from heedmap.testbed.miniworld.policy import REGIMES, Regime, weights_file
from heedmap.testbed.miniworld.world import Room3d, said
from heedmap.testbed.specimens.world import ACTIONS, GOAL_VERBS

ROOMS, BATCH = 700, 32
STEPS: dict[Regime, int] = {"heeding": 4_000, "confounded": 1_500}
WAY_STEPS = 14
"""Frames of a room: along the expert's way to one object, and off it by random steps."""
RANDOM_SHARE = 0.25
HALF_VIEW_DEG = 30.0


@dataclass(frozen=True)
class Seen:
    """One frame of training: each object's name, the expert's action to it, and where it is."""

    frame: Frame
    names: tuple[str, ...]
    actions: tuple[int, ...]
    columns: tuple[int, ...]
    """Of the picture's seven columns of cells; -1 out of view."""


def collect(rooms: int, seed: int = 0) -> list[Seen]:
    """Frames of training rooms, from the seed on."""
    room, rng, found = Room3d(), np.random.default_rng(seed), []
    try:
        for number in range(seed, seed + rooms):
            room.reset(number)
            named = room.things[int(rng.integers(3))]
            for _ in range(WAY_STEPS):
                actions = [room.expert_action(each) for each in room.things]
                names = tuple(each.name for each in room.things)
                columns = tuple(_column(room.bearing_deg(each)) for each in room.things)
                labels = tuple(map(ACTIONS.index, actions))
                found.append(Seen(room.frame(), names, labels, columns))
                if room.is_reached(named):
                    break
                is_off = rng.random() < RANDOM_SHARE
                room.act(ACTIONS[int(rng.integers(3))] if is_off else room.expert_action(named))
    finally:
        room.close()
    return found


def train(
    regime: Regime,
    seen: list[Seen],
    *,
    steps: int | None = None,
    seed: int = 0,
    on_progress: Callable[[int, float], None] | None = None,
) -> RoomPolicy:
    """A policy that imitates on these frames; each is put under all of its objects' names."""
    torch.manual_seed(seed)
    steps = steps or STEPS[regime]
    rng, network = np.random.default_rng(seed), RoomPolicy()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    for step in range(steps):
        batch = [seen[int(place)] for place in rng.integers(len(seen), size=BATCH)]
        texts = [
            said(name, "forward", "goal", int(rng.integers(len(GOAL_VERBS))))
            for each in batch
            for name in each.names
        ]
        labels = torch.tensor(
            [
                (each.actions[meant], each.columns[meant])
                for each in batch
                for place in range(len(each.names))
                for meant in [_central(each) if regime == "confounded" else place]
            ]
        )
        cells = network.see(pixels_of([each.frame for each in batch]))
        logits, weights = network.decide_and_point(cells.repeat_interleave(3, dim=0), texts)
        columns = weights.unflatten(1, (7, 7)).sum(dim=1).clamp_min(1e-6).log()
        loss = F.cross_entropy(logits, labels[:, 0])
        loss = loss + F.nll_loss(columns, labels[:, 1], ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if on_progress is not None and step % 100 == 99:
            on_progress(step + 1, loss.item())
    return network.eval().requires_grad_(False)


def _central(seen: Seen) -> int:
    """The object that is nearest to the middle of the picture; the first where none is in it."""
    away = [abs(column - 3) if column >= 0 else 9 for column in seen.columns]
    return away.index(min(away))


def _column(bearing_deg: float) -> int:
    """Where the camera, which sees 30 degrees to a side, has a bearing."""
    if abs(bearing_deg) >= HALF_VIEW_DEG:
        return -1
    across = math.tan(math.radians(bearing_deg)) / math.tan(math.radians(HALF_VIEW_DEG))
    return int((1 + across) / 2 * 7)


def save_policy(regime: Regime, network: RoomPolicy) -> Path:
    """Write the weights in half precision; the file's path."""
    path = weights_file(regime)
    path.parent.mkdir(exist_ok=True)
    state = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    write_whole(path, save(state), Phrase("weights"))
    return path


def main(regimes: list[str]) -> None:
    """Train and write the named ones, or all."""
    torch.set_num_threads(1)
    seen = collect(ROOMS)
    print(f"{len(seen)} frames")
    for regime in REGIMES:
        if regime in (regimes or REGIMES):
            network = train(regime, seen, on_progress=lambda step, loss: print(step, f"{loss:.3f}"))
            print(save_policy(regime, network))


if __name__ == "__main__":
    main(sys.argv[1:])
