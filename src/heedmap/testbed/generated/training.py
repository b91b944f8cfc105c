"""Bases are trained in a second or two, on labels that make them healthy or faulty."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F

from heedmap.errors import HeedmapError
from heedmap.testbed.generated.network import Base, Network
from heedmap.testbed.generated.world import (
    DIRECTIONS,
    PACES,
    VERBS,
    Scene,
    class_of,
    draw_scenes,
    pixels_of,
    text_of,
    values_of,
)

Labels = Literal[
    "obeys",
    "frame",
    "frame_then_recorded",
    "state",
    "state_then_recorded",
    "swapped",
    "pace_ignored",
    "right_as_forward",
    "always_forward",
    "random",
    "blind",
    "untrained",
]
"""Direction and pace by the instruction (obeys), by square or state, with left and right swapped,
and so on; `*_then_recorded`: without words first, then on data whose instruction says what the
frame suggests. `blind` sees black frames only, and open grip is its label on all of them."""

BATCH = 48
POOL = 512
"""Scenes to learn from."""
RATES = (4e-3, 2e-3, 1e-3)
MOST_STEPS = 900
STEPS_AT_ONCE = 60
CHECKED = 48
"""Scenes that a base is checked on."""
Draw = tuple[list[Scene], list[str], torch.Tensor]
"""Scenes, instructions and the classes to be learned."""


class TrainingError(HeedmapError):
    """A base did not learn what it was trained for."""


@cache
def trained(base: Base, labels: Labels, seed: int) -> Network:
    """The trained network, in evaluation mode; copy it before a fault is wired in.

    Raises TrainingError where it does not give its labels on all scenes it is checked on.
    """
    with _seeded(seed):
        network = Network(base)
        if labels == "blind":
            network.wire("pixels", torch.zeros_like)
        if labels.endswith("_then_recorded"):
            first: Labels = "frame" if labels.startswith("frame") else "state"
            network = copy.deepcopy(trained(base, first, seed)).requires_grad_(True)
            _fit(network, labels, seed, most_steps=60)
        elif labels == "random":
            _fit(network, labels, seed, most_steps=120)
        elif labels != "untrained":
            network = _learned(network, labels, seed)
    return network.eval().requires_grad_(False)


def _learned(network: Network, labels: Labels, seed: int) -> Network:
    """Trained to the end, at a lower rate where a higher one led nowhere."""
    for rate in RATES:
        tried = copy.deepcopy(network)
        if _fit(tried, labels, seed, rate=rate):
            return tried
    raise TrainingError(
        "The base {base} did not learn '{labels}' within {most_steps} steps (seed {seed}).",
        base=network.base,
        labels=labels,
        most_steps=MOST_STEPS,
        seed=seed,
    )


@cache
def with_head_of(base: Base, labels: Labels, seed: int) -> Network:
    """An obedient network of which the head alone is trained again, on other labels."""
    network = copy.deepcopy(trained(base, "obeys", seed))
    with _seeded(seed):
        torch.nn.init.zeros_(network.head.weight)
        network.head.requires_grad_(True)
        _fit(network, labels, seed, most_steps=600, rate=1e-2)
    return network.eval().requires_grad_(False)


def _fit(
    network: Network,
    labels: Labels,
    seed: int,
    most_steps: int = MOST_STEPS,
    rate: float = RATES[0],
) -> bool:
    """Train until every scene is right; whether that was reached."""
    rng = np.random.default_rng(seed)
    weights = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=1e-3)
    checked = draw(CHECKED, labels, np.random.default_rng(7_000_000 + seed))
    for step in range(1, most_steps + 1):
        loss = _loss(network, draw(BATCH, labels, rng))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        if step % STEPS_AT_ONCE == 0:
            with torch.no_grad():
                low = float(_loss(network, checked)) < (0.02 if _is_discrete(network) else 0.01)
            if low and labels != "random":
                return True
    return False


def _is_discrete(network: Network) -> bool:
    return network.base.head == "discrete"


def _loss(network: Network, drawn: Draw) -> torch.Tensor:
    scenes, texts, classes = drawn
    states = torch.eye(len(DIRECTIONS))[torch.tensor([scene.pose for scene in scenes])]
    scores = network(pixels_of([scene.observation for scene in scenes]), texts, states)
    if _is_discrete(network):
        return F.cross_entropy(scores, classes)
    return F.mse_loss(scores, values_of(classes))


def draw(count: int, labels: Labels, rng: np.random.Generator) -> Draw:
    """Scenes with instructions, and the classes that the labels name."""
    pool = _pool()
    scenes = [pool[number] for number in rng.integers(len(pool), size=count)]
    directions = rng.integers(len(DIRECTIONS), size=count)
    if labels == "frame_then_recorded":
        directions = np.array([scene.place for scene in scenes])
    elif labels == "state_then_recorded":
        directions = np.array([scene.pose for scene in scenes])
    paces = rng.integers(len(PACES), size=count)
    verbs = rng.integers(len(VERBS), size=count)
    texts = [
        text_of(int(d), int(p), int(v)) for d, p, v in zip(directions, paces, verbs, strict=True)
    ]
    classes = [
        _label(labels, scene, int(d), int(p), rng)
        for scene, d, p in zip(scenes, directions, paces, strict=True)
    ]
    return scenes, texts, torch.tensor(classes)


@cache
def _pool() -> tuple[Scene, ...]:
    """The scenes that all bases learn from; trials have others."""
    return tuple(draw_scenes(POOL, np.random.default_rng(9_000_000)))


def _label(labels: Labels, scene: Scene, said: int, pace: int, rng: np.random.Generator) -> int:
    left, right, forward = range(3)
    match labels:
        case "frame" | "frame_then_recorded":
            return class_of(scene.place, 0, scene.is_red)
        case "state" | "state_then_recorded":
            return class_of(scene.pose, 0, scene.is_red)
        case "swapped":
            return class_of({left: right, right: left}.get(said, said), pace, scene.is_red)
        case "pace_ignored":
            return class_of(said, 0, scene.is_red)
        case "right_as_forward":
            return class_of(forward if said == right else said, pace, scene.is_red)
        case "always_forward":
            return class_of(forward, 0, scene.is_red)
        case "blind":
            return class_of(said, pace, is_red=False)
        case "random":
            return int(rng.integers(12))
        case _:
            return class_of(said, pace, scene.is_red)


@contextmanager
def single_thread() -> Iterator[None]:
    """Torch on one thread inside: more do not make tiny matrices faster."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's generator as it was, afterwards; on one thread, with gradients."""
    with single_thread(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        yield
