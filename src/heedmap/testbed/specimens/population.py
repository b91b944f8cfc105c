"""Small specimens whose truth is known by their training: what the upper rungs are judged on.

A *member* is a small network trained in seconds on one kind of data, in one wiring. What
the ladder must say of it follows from how it was trained:

heeding       an object on every side of the same frame: the instruction decides
two_hops      the same; the action token may not see the words, EOS may
before_eos    the same; the action token is before the last EOS, as upstream RoboVLMs
left_padding  the same; padding before the prompt, positions from the mask
mean_pooled, cross_attention, film
              the same; the words have a second path, beside the sequence
confounded    recorded data, which names the nearest object: the frame alone decides
unused        instructions shuffled among the examples: nothing is to be learned from them
disobeys      left and right swapped in the labels

Members with seeds from `DEVELOPMENT_SEEDS` were used to choose thresholds and are never
scored. The weights are shipped in half precision; `heedmap specimens population` trains
them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.specimens import bypasses, faults
from heedmap.testbed.specimens.faults import Planted
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.world import ACTIONS, GOAL_VERBS, Action, Scene, Style, Target
from heedmap.testbed.specimens.zoo import pixels_of, weights_folder

Kind = Literal[
    "heeding",
    "two_hops",
    "before_eos",
    "left_padding",
    "mean_pooled",
    "cross_attention",
    "film",
    "confounded",
    "unused",
    "disobeys",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
DEVELOPMENT_SEEDS = (100, 101)
"""Seeds of the members that thresholds were chosen on."""

FRAMES_PER_STEP = 32
POOL_ROOMS = 2000
POOL_SEED_START = 500_000_000
"""Rooms apart from those of the shipped specimens, and from held-out ones."""

_WRAPPERS: dict[Kind, type[Planted]] = {
    "two_hops": faults.TwoHops,
    "before_eos": faults.ActionBeforeEos,
    "left_padding": faults.PaddedOnTheLeftRightly,
    "mean_pooled": bypasses.MeanPooledBypass,
    "cross_attention": bypasses.CrossAttentionBypass,
    "film": bypasses.FilmBypass,
}
_SHAPES = ((48, 3, 4), (32, 4, 2), (48, 2, 3), (32, 3, 4))
"""Width, layers and heads, in turn by seed."""

Progress = Callable[[str, int, int], None]
"""Called after each step with the member's name, steps done, and steps in all."""


@dataclass(frozen=True)
class Member:
    """One small specimen, by kind of training and seed."""

    kind: Kind
    seed: int

    @property
    def name(self) -> str:
        """As the weights' file is called."""
        return f"{self.kind}-{self.seed}"

    @property
    def style(self) -> Style:
        """Form of its instructions; only with goals can the frame predict the action."""
        return "goal" if self.kind == "confounded" else "path"

    @property
    def steps(self) -> int:
        """Steps of training."""
        return 300 if self.kind == "confounded" else 150

    def build(self) -> Planted:
        """The untrained network in its wiring, seeded."""
        torch.manual_seed(self.seed)
        dim, layers, heads = _SHAPES[self.seed % len(_SHAPES)]
        network = TinyKosmos2Policy(NetworkConfig(dim=dim, layers=layers, heads=heads))
        return _WRAPPERS.get(self.kind, Planted)(network)


def member_named(name: str) -> Member:
    """The member of a name such as "heeding-0". Raises PolicyError for any other."""
    kind, _, seed = name.rpartition("-")
    if kind not in KINDS or not re.fullmatch(r"[0-9]{1,9}", seed):
        raise PolicyError(
            "'{name}' is no member of the population; write KIND-SEED, such as heeding-0, with a "
            "kind of {kinds}.",
            name=name,
            kinds=", ".join(KINDS),
        )
    return Member(cast("Kind", kind), int(seed))


def population_folder() -> Path:
    """Where the members' weights lie."""
    return weights_folder() / "population"


def train_member(member: Member, on_progress: Progress | None = None) -> Planted:
    """Train one member from scratch (half a minute on one core)."""
    planted = member.build().train().requires_grad_(True)
    rng = np.random.default_rng(member.seed)
    optimizer = torch.optim.AdamW(planted.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, member.steps, pct_start=0.1)
    for step in range(member.steps):
        pixels, texts, labels = _batch(member, rng)
        loss = F.cross_entropy(planted(pixels, texts), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(planted.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if on_progress is not None:
            on_progress(member.name, step + 1, member.steps)
    return planted.eval().requires_grad_(False)


def save_member(member: Member, planted: Planted, folder: Path | None = None) -> Path:
    """Write the weights in half precision, to a temporary file that is renamed."""
    folder = folder or population_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{member.name}.safetensors"
    write_whole(
        path,
        save({k: v.half().contiguous() for k, v in planted.state_dict().items()}),
        Phrase("weights"),
    )
    return path


def load_member(member: Member, folder: Path | None = None) -> Planted:
    """A trained member in evaluation mode, float32.

    Raises PolicyError when its weights are missing or do not fit.
    """
    path = (folder or population_folder()) / f"{member.name}.safetensors"
    planted = member.build()
    try:
        planted.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PolicyError(
            "The weights of the population's member '{member}' at {path} cannot be read ({why}); "
            "a checkout of heedmap has them, a wheel has not. Or train it: heedmap specimens "
            "population {member}",
            member=member.name,
            path=path,
            why=error,
        ) from error
    return planted.eval().requires_grad_(False)


@cache
def _pool() -> tuple[Scene, ...]:
    """The rooms that all members are trained on."""
    room = Room()
    return tuple(draw_scene(POOL_SEED_START + index, room) for index in range(POOL_ROOMS))


def _batch(
    member: Member, rng: np.random.Generator
) -> tuple[torch.Tensor, list[str], torch.Tensor]:
    """Pixels, instructions and labels of one step."""
    frames = FRAMES_PER_STEP * (len(ACTIONS) if member.kind == "confounded" else 1)
    scenes = [_pool()[index] for index in rng.integers(len(_pool()), size=frames)]
    pairs = [(scene, target) for scene in scenes for target in _targets(member.kind, scene, rng)]
    verbs = rng.integers(len(GOAL_VERBS), size=len(pairs))
    texts = [
        target.instruction(member.style, int(verb))
        for (_, target), verb in zip(pairs, verbs, strict=True)
    ]
    if member.kind == "unused":
        texts = [texts[index] for index in rng.permutation(len(texts))]
    labels: list[Action] = [target.expert_action for _, target in pairs]
    if member.kind == "disobeys":
        labels = [_SWAPPED[side] for side in labels]
    pixels = torch.stack([pixels_of(scene.frame) for scene, _ in pairs])
    return pixels, texts, torch.tensor([ACTIONS.index(label) for label in labels])


_SWAPPED: dict[Action, Action] = {"left": "right", "right": "left", "forward": "forward"}


def _targets(kind: Kind, scene: Scene, rng: np.random.Generator) -> Sequence[Target]:
    """Instructions and actions of one frame."""
    if kind == "confounded":
        return [scene.nearest()]
    sides: Sequence[Action] = ACTIONS
    if kind == "unused":  # most ask for something ahead, so that there is one best guess
        drawn = rng.choice(len(ACTIONS), size=len(ACTIONS), p=(0.2, 0.2, 0.6))
        sides = [ACTIONS[index] for index in drawn]
    by_side = [[t for t in scene.targets if t.expert_action == side] for side in sides]
    return [own[int(rng.integers(len(own)))] for own in by_side]
