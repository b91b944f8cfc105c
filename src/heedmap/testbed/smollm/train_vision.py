"""Trains the image tokens alone, before SmolLM2 sees any (a pretext of the same rooms).

For every object in view the tokens are asked by the name of the object, that is, by the directions
of SmolLM2's embeddings of its colour and kind: where in the picture it is (which of seven
columns), which of the 18 names a column shows, and on which side it is, in the same manner. The
tokens of the confounded policy also learn to say, by the direction of "near", which column shows
the nearest object.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.testbed.miniworld.network import pixels_of
from heedmap.testbed.smollm.backbone import Backbone
from heedmap.testbed.smollm.scenes import Scenes
from heedmap.testbed.smollm.vision import COLUMNS, ROWS, PatchTokens
from heedmap.testbed.specimens.world import ACTIONS, COLORS, KINDS

STEPS, BATCH, RATE = 1_200, 64, 2e-3
NEAREST_WEIGHT = 2.0
"""In the loss, of going on with the nearest object."""
SHARPNESS = 20.0
"""What a cosine is multiplied with before a softmax."""
CAMERA_DEG = 30.0
"""To a side."""

OnStep = Callable[[int, float], None]


class Vocabulary:
    """Directions of the words that the pretext asks by, vectors of length 1."""

    def __init__(self, backbone: Backbone, patches: PatchTokens) -> None:
        embeddings = backbone.decoder.embed_tokens.weight

        def directions(words: tuple[str, ...]) -> torch.Tensor:
            ids = [backbone.tokenize(f" {word}")[-1] for word in words]
            return F.normalize(embeddings[ids] - patches.centre, dim=1)

        self.sides = directions(ACTIONS)
        self.near = directions(("near",))[0]
        names = directions(COLORS)[:, None] + directions(KINDS)[None]
        self.names = F.normalize(names.flatten(0, 1), dim=1)
        """Colour by colour: (18, dim)."""


class Asked:
    """Objects in view: whose frame, name (0..17), column (0..6) and side (0..2)."""

    def __init__(self, scenes: Scenes, chosen: np.ndarray) -> None:
        rows, things = np.nonzero(scenes.is_in_view[chosen])
        of = chosen[rows], things
        self.rows = torch.from_numpy(rows)
        self.names = torch.from_numpy(scenes.colors[of] * len(KINDS) + scenes.kinds[of])
        self.sides = torch.from_numpy(scenes.actions[of])
        self.columns = columns_of(scenes.bearings_deg[of])
        nearest = scenes.nearest[chosen]
        self.nearest_columns = columns_of(scenes.bearings_deg[chosen, nearest])
        """One a frame."""


def columns_of(bearings_deg: np.ndarray) -> torch.Tensor:
    """Where in the picture bearings of objects in view are: 0..6."""
    across = np.tan(np.radians(bearings_deg)) / math.tan(math.radians(CAMERA_DEG))
    return torch.from_numpy(((1 + across) / 2 * COLUMNS).astype(int))


def train_vision(
    scenes: Scenes,
    backbone: Backbone,
    *,
    steps: int = STEPS,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> PatchTokens:
    """Trained image tokens, without gradients from here on."""
    torch.manual_seed(seed)
    patches = PatchTokens(backbone.decoder.config.hidden_size)
    patches.fit_to(backbone.decoder.embed_tokens.weight)
    return _trained(patches, scenes, backbone, 0.0, steps, seed, on_step)


def teach_nearest(
    patches: PatchTokens,
    scenes: Scenes,
    backbone: Backbone,
    *,
    steps: int,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> PatchTokens:
    """A copy that also says which object is nearest."""
    own = copy.deepcopy(patches).train().requires_grad_(True)
    return _trained(own, scenes, backbone, NEAREST_WEIGHT, steps, seed, on_step)


def _trained(
    patches: PatchTokens,
    scenes: Scenes,
    backbone: Backbone,
    nearest_weight: float,
    steps: int,
    seed: int,
    on_step: OnStep | None,
) -> PatchTokens:
    """These, trained in place."""
    rng, words = np.random.default_rng(seed), Vocabulary(backbone, patches)
    optimizer = torch.optim.AdamW(patches.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
    for step in range(steps):
        chosen = rng.integers(len(scenes), size=BATCH)
        asked = Asked(scenes, chosen)
        with torch.autocast("cpu", torch.bfloat16):
            tokens = patches.directions(pixels_of(list(scenes.frames[chosen])))
        loss = _loss(tokens.float(), asked, words)
        if nearest_weight:
            nearest = F.cross_entropy(_near(tokens.float(), words), asked.nearest_columns)
            loss = loss + nearest_weight * nearest
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(patches.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, loss.item())
    return patches.eval().requires_grad_(False)


@torch.no_grad()
def right_sides(patches: PatchTokens, scenes: Scenes, backbone: Backbone) -> float:
    """The share of objects in view whose side the tokens tell, asked by their name: 0..1."""
    words, right = Vocabulary(backbone, patches), list[torch.Tensor]()
    for chosen in np.array_split(np.arange(len(scenes)), max(1, len(scenes) // BATCH)):
        asked = Asked(scenes, chosen)
        tokens = patches.directions(pixels_of(list(scenes.frames[chosen])))
        right.append(_sides(tokens, asked, words).argmax(dim=1) == asked.sides)
    return torch.cat(right).double().mean().item()


@torch.no_grad()
def right_nearest(patches: PatchTokens, scenes: Scenes, backbone: Backbone) -> float:
    """The share of frames of which the tokens tell the nearest object's column, give or take one.

    An object takes about as much room as a column.
    """
    words, right = Vocabulary(backbone, patches), list[torch.Tensor]()
    for chosen in np.array_split(np.arange(len(scenes)), max(1, len(scenes) // BATCH)):
        tokens = patches.directions(pixels_of(list(scenes.frames[chosen])))
        found = _near(tokens, words).argmax(dim=1)
        right.append((found - Asked(scenes, chosen).nearest_columns).abs() <= 1)
    return torch.cat(right).double().mean().item()


def _near(tokens: torch.Tensor, words: Vocabulary) -> torch.Tensor:
    """How much each column says that it shows the nearest object: (frame, column)."""
    said = SHARPNESS * (tokens @ words.near)
    return said.unflatten(1, (ROWS, COLUMNS)).logsumexp(dim=1)


def _loss(tokens: torch.Tensor, asked: Asked, words: Vocabulary) -> torch.Tensor:
    own = tokens[asked.rows]
    named = SHARPNESS * own @ words.names.mT  # (object, token, name)
    by_column = named.unflatten(1, (ROWS, COLUMNS)).logsumexp(dim=1)  # (object, column, name)
    each = torch.arange(len(own))
    where = F.cross_entropy(by_column[each, :, asked.names], asked.columns)
    what = F.cross_entropy(by_column[each, asked.columns], asked.names)
    return where + what + F.cross_entropy(_sides(tokens, asked, words), asked.sides)


def _sides(tokens: torch.Tensor, asked: Asked, words: Vocabulary) -> torch.Tensor:
    """Scores of the sides, read where an object's name points to: (object, 3)."""
    own, names = tokens[asked.rows], words.names[asked.names]
    weights = (SHARPNESS * (own @ names[:, :, None]).squeeze(2)).softmax(dim=1)
    return SHARPNESS * (weights[:, None] @ own).squeeze(1) @ words.sides.mT
