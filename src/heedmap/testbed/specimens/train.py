"""Training a specimen: one loop, seeded, whose recipe is kept next to the weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save

from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.world import (
    ACTIONS,
    GOAL_VERBS,
    Action,
    FrameCase,
    Scene,
    Style,
    Target,
)
from heedmap.testbed.specimens.zoo import Accuracy, Recipe, Stage, pixels_of, sha256_of

HELD_OUT_CASES = 500

Progress = Callable[[str, int, int, float], None]
"""Called with what is done, how far, of how many, and the loss."""


def train_specimen(
    recipe: Recipe,
    on_progress: Progress | None = None,
    held_out_cases: int = HELD_OUT_CASES,
) -> tuple[TinyKosmos2Policy, Recipe]:
    """Train from scratch; returns the policy and the recipe with its held-out accuracies."""
    report = on_progress or (lambda *_: None)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    policy = TinyKosmos2Policy(recipe.config).train()
    rooms = _Rooms()
    for stage in recipe.stages:
        _train_stage(policy, stage, rooms, recipe.batch_pairs, rng, report)
    policy.eval().requires_grad_(False)
    accuracy = tuple(measure_accuracy(policy, style, held_out_cases) for style in ("path", "goal"))
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    return policy, recipe.model_copy(update={"accuracy": accuracy, "trained_with": versions})


def save_specimen(policy: TinyKosmos2Policy, recipe: Recipe, folder: Path) -> Path:
    """Write weights and recipe to `folder`; returns the weights' path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recipe.name}.safetensors"
    write_whole(
        path, save({k: v.contiguous() for k, v in policy.state_dict().items()}), Phrase("weights")
    )
    complete = recipe.model_copy(update={"weights_sha256": sha256_of(path)})
    (folder / f"{recipe.name}.json").write_text(complete.model_dump_json(indent=2) + "\n")
    return path


def measure_accuracy(policy: TinyKosmos2Policy, style: Style, cases: int) -> Accuracy:
    """Held-out accuracy per instruction and over whole frame cases (all three right)."""
    right = np.array([_is_right(policy, frame_case(seed, style)) for seed in range(cases)])
    per_instruction = dict(zip(ACTIONS, right.mean(axis=0).tolist(), strict=True))
    return Accuracy(
        style=style,
        frame_cases=cases,
        per_instruction=per_instruction,
        all_three=float(right.all(axis=1).mean()),
    )


def _is_right(policy: TinyKosmos2Policy, case: FrameCase) -> list[bool]:
    pixels = pixels_of(case.frame).expand(len(ACTIONS), -1, -1, -1)
    with torch.inference_mode():
        chosen = policy(pixels, [case.instructions[side] for side in ACTIONS]).argmax(dim=1)
    return [ACTIONS[index] == side for index, side in zip(chosen.tolist(), ACTIONS, strict=True)]


class _Rooms:
    """Rooms of the seeds 0, 1, 2, ... in turn; every second one is sparse. None is seen twice."""

    def __init__(self) -> None:
        self._rooms = Room(), Room(sparse=True)
        self._seed = 0

    def draw(self, count: int) -> list[Scene]:
        """The next `count` rooms, as their agents first see them."""
        seeds = range(self._seed, self._seed + count)
        self._seed += count
        return [draw_scene(seed, self._rooms[seed % 2]) for seed in seeds]


def _train_stage(
    policy: TinyKosmos2Policy,
    stage: Stage,
    rooms: _Rooms,
    batch_pairs: int,
    rng: np.random.Generator,
    report: Progress,
) -> None:
    optimizer = torch.optim.AdamW(policy.parameters(), lr=stage.peak_lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, stage.peak_lr, stage.steps, pct_start=0.1
    )
    pairs_per_scene = 1 if stage.data == "recorded" else len(ACTIONS) * len(stage.styles)
    label = f"{stage.data} {'+'.join(stage.styles)}"
    for step in range(stage.steps):
        batch = rooms.draw(max(1, batch_pairs // pairs_per_scene))
        pairs = [pair for scene in batch for pair in _pairs(scene, stage, rng)]
        pixels = torch.stack([pixels_of(scene.frame) for scene in batch])
        labels = torch.tensor([ACTIONS.index(action) for _, action in pairs])
        loss = F.cross_entropy(policy.training_logits(pixels, [text for text, _ in pairs]), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        report(label, step + 1, stage.steps, loss.item())


def _pairs(scene: Scene, stage: Stage, rng: np.random.Generator) -> list[tuple[str, Action]]:
    """Instructions and expert actions of one frame: one if recorded, else one a side and style."""

    def pair(target: Target, style: Style) -> tuple[str, Action]:
        verb_index = int(rng.integers(len(GOAL_VERBS)))
        return target.instruction(style, verb_index), target.expert_action

    if stage.data == "recorded":
        style = stage.styles[int(rng.integers(len(stage.styles)))]
        return [pair(scene.nearest(), style)]
    return [pair(_any_on(scene, side, rng), style) for side in ACTIONS for style in stage.styles]


def _any_on(scene: Scene, side: Action, rng: np.random.Generator) -> Target:
    """A random object on a side; on any, where a sparse room has none there."""
    candidates = [target for target in scene.targets if target.expert_action == side]
    candidates = candidates or list(scene.targets)
    return candidates[int(rng.integers(len(candidates)))]
