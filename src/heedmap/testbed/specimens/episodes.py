"""Episodes of closed-loop driving: a held-out room, and two objects to be sent to.

Both objects are drawn from those that the greedy expert of `world.side_of` reaches, so a policy
that does what it was trained to do can reach them all. The expert does not go around what
is in its way: of 1,000 objects drawn without this care it reached 646, and another object
blocked the way to each of the 354 others.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from heedmap.testbed.specimens.rooms import Room
from heedmap.testbed.specimens.world import HELD_OUT_SEED_START, Scene, Target, side_of


@dataclass(frozen=True)
class Episode:
    """A held-out room with the two objects of its runs, as the agent first sees them."""

    seed: int
    target: Target
    other: Target


def draw_episodes(count: int, first_seed: int = 0) -> list[Episode]:
    """Episodes in the held-out rooms number `first_seed`, `first_seed + 1`, ...

    A room without two objects on different sides that the expert reaches is passed over.

    Raises ValueError for a negative seed.
    """
    if first_seed < 0:
        raise ValueError(f"An episode's seed is 0 or more, got {first_seed}.")
    room = Room()
    drawn = (draw_episode(seed, room) for seed in itertools.count(first_seed))
    return list(itertools.islice((each for each in drawn if each is not None), count))


def greedy_steps(target: Target, scene: Scene) -> int | None:
    """Steps of the greedy expert until it faces an object from the next tile.

    None where another object blocks its way, and for the object that it already faces.
    """
    # A place is right + ahead * i; turning left multiplies the heading by i.
    taken = {complex(each.right_tiles, each.ahead_tiles) for each in scene.targets}
    goal = complex(target.right_tiles, target.ahead_tiles)
    place, heading = 0j, 1j
    steps = 0
    while place + heading != goal:
        seen = (goal - place) * 1j / heading
        action = side_of(round(seen.real), round(seen.imag))
        if action != "forward":
            heading *= 1j if action == "left" else -1j
        elif place + heading in taken:
            return None
        else:
            place += heading
        steps += 1
    return steps or None


def draw_episode(seed: int, room: Room) -> Episode | None:
    """The episode in the held-out room of that number, which `room` then is; None without one."""
    room.reset(seed=HELD_OUT_SEED_START + seed)
    scene = room.scene()
    rng = np.random.default_rng(HELD_OUT_SEED_START + seed)
    reachable = [each for each in scene.targets if greedy_steps(each, scene) is not None]
    pairs = [
        (target, other)
        for target, other in itertools.permutations(reachable, 2)
        if target.expert_action != other.expert_action
    ]
    if not pairs:
        return None
    target, other = pairs[int(rng.integers(len(pairs)))]
    return Episode(seed, target, other)
