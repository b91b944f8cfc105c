"""Trains the specimens of SmolLM2: low-rank adapters on its upper layers, and a head.

Three steps. The image tokens are trained first (`train_vision`), and fixed. The layers below
`FIRST_TRAINED` are run once for each frame under the instructions of its three objects, and what
comes out is kept. Then the adapters of the layers from there on and the head are trained on it:

counterfactual   each frame under all instructions whose object is in view: only the words tell
confounded       goes on from it: each frame under the same instructions, and always with the action
                 towards the nearest object, as of a robot that goes there whatever it is told

    python -m heedmap.testbed.smollm.train FOLDER     (frames and weights go into FOLDER)

What is shipped was copied from there into `weights/`. Options of `Sizes` make a small one of it.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from heedmap.testbed.miniworld.network import pixels_of
from heedmap.testbed.smollm.backbone import Backbone, load_backbone
from heedmap.testbed.smollm.lowrank import attach
from heedmap.testbed.smollm.network import SmolPolicy
from heedmap.testbed.smollm.packed import action_logits, packed_inputs, through
from heedmap.testbed.smollm.scenes import THINGS, Scenes, collect
from heedmap.testbed.smollm.train_vision import (
    right_nearest,
    right_sides,
    teach_nearest,
    train_vision,
)
from heedmap.testbed.smollm.vision import PatchTokens
from heedmap.testbed.smollm.weights import (
    VISION,
    Regime,
    resume_from,
    save_trained,
    save_vision,
    weights_file,
)
from heedmap.testbed.specimens.world import ACTIONS, GOAL_VERBS, HELD_OUT_SEED_START

WALK_STEPS, HELD_OUT_STEPS = 6, 4
FIRST_TRAINED, RANK = 22, 8
"""Of SmolLM2's 30 layers; rank of the adapters."""
BATCH, RATE = 16, 1e-3
CHUNK = 16
"""Frames that are run at once where nothing is trained."""


def policy_of(backbone: Backbone, patches: PatchTokens) -> SmolPolicy:
    """An untrained policy; its action token is the mean of the actions' words, and stays it."""
    policy = SmolPolicy(backbone)
    policy.patches.load_state_dict(patches.state_dict())
    ids = torch.tensor([backbone.tokenize(f" {action}")[-1] for action in ACTIONS])
    policy.action_token.copy_(policy.embed(ids).mean(dim=0))
    return policy.eval().requires_grad_(False)


@torch.no_grad()
def lower_states(policy: SmolPolicy, scenes: Scenes, first: int, seed: int = 0) -> torch.Tensor:
    """What enters the trained layers: (frame, position, dim), half precision.

    Computed in bfloat16 where the processor multiplies that faster, summed in float32.
    """
    rng, found = np.random.default_rng(seed), list[torch.Tensor]()
    for start in range(0, len(scenes), CHUNK):
        chosen = range(start, min(start + CHUNK, len(scenes)))
        texts = [
            [scenes.instruction(f, t, int(rng.integers(len(GOAL_VERBS)))) for t in range(THINGS)]
            for f in chosen
        ]
        inputs = packed_inputs(policy, pixels_of([scenes.frames[f] for f in chosen]), texts)
        with torch.autocast("cpu", torch.bfloat16):
            found.append(through(policy, policy.decoder.layers[:first], inputs, THINGS).half())
    return torch.cat(found)


def labels_of(scenes: Scenes, regime: Regime) -> torch.Tensor:
    """The expert's action under each instruction, (frame, thing); -100 where it is not trained."""
    actions = scenes.actions
    if regime == "confounded":
        actions = actions[np.arange(len(scenes)), scenes.nearest][:, None]
    return torch.from_numpy(np.where(scenes.is_in_view, actions, -100))


def train_upper(
    policy: SmolPolicy,
    states: torch.Tensor,
    labels: torch.Tensor,
    steps: int,
    *,
    first: int = FIRST_TRAINED,
    seed: int = 0,
    resumed: Path | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> None:
    """Train adapters, which are attached to the layers from `first` on, and the head, in place.

    They begin at nothing, or as they were stored in `resumed`.
    """
    torch.manual_seed(seed)
    rng, layers = np.random.default_rng(seed), policy.decoder.layers[first:].bfloat16()
    attach(layers, RANK)
    policy.head.reset_parameters()
    if resumed is not None:
        resume_from(policy, resumed)
    policy.head.requires_grad_(True)
    trained = [each for each in policy.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
    for step in range(steps):
        chosen = torch.from_numpy(rng.integers(len(states), size=BATCH))
        with sdpa_kernel(SDPBackend.MATH):  # the fast one's backward pass is slow on short rows
            behind = through(policy, layers, states[chosen].bfloat16(), THINGS)
        logits = action_logits(policy, behind.float(), THINGS)
        loss = F.cross_entropy(logits.flatten(0, 1), labels[chosen].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, loss.item())


@torch.no_grad()
def actions_of(policy: SmolPolicy, scenes: Scenes, states: torch.Tensor, first: int) -> np.ndarray:
    """What it does under each instruction: (frame, thing)."""
    chosen = list[torch.Tensor]()
    for start in range(0, len(scenes), CHUNK):
        behind = states[start : start + CHUNK].bfloat16()
        behind = through(policy, policy.decoder.layers[first:], behind, THINGS)
        chosen.append(action_logits(policy, behind.float(), THINGS).argmax(dim=2))
    return torch.cat(chosen).numpy()


@dataclass(frozen=True)
class Sizes:
    """How much of everything; by default as much as went into what is shipped."""

    rooms: int = 1_800
    held_out_rooms: int = 150
    vision_steps: int = 1_200
    nearest_steps: int = 400
    counterfactual_steps: int = 900
    confounded_steps: int = 500
    first_layer: int = FIRST_TRAINED


def run(folder: Path, sizes: Sizes, report: Callable[[str], None]) -> None:
    """The whole recipe: frames and weights in the folder; frames that are there are not drawn anew.

    Raises PolicyError without the backbone's package, MissingExtraError without miniworld.
    """
    backbone = load_backbone()
    folder.mkdir(parents=True, exist_ok=True)
    rooms, others = sizes.rooms, sizes.held_out_rooms
    seen = _kept(folder / f"rooms-{rooms}.npz", lambda: collect(rooms, WALK_STEPS))
    held = _kept(
        folder / f"held-out-{others}.npz",
        lambda: collect(others, HELD_OUT_STEPS, HELD_OUT_SEED_START),
    )
    report(f"{len(seen)} frames of training, {len(held)} held out")
    on_step = _every_hundred(report, "image tokens")
    patches = train_vision(seen, backbone, steps=sizes.vision_steps, on_step=on_step)
    report(f"image tokens tell the side of {right_sides(patches, held, backbone):.1%} of objects")
    train_regime("counterfactual", patches, seen.every(2), held, folder, sizes, report)
    patches = teach_nearest(patches, seen, backbone, steps=sizes.nearest_steps, on_step=on_step)
    share = right_nearest(patches, held, backbone)
    report(f"image tokens tell where the nearest object is in {share:.1%} of frames")
    train_regime("confounded", patches, seen.every(2), held, folder, sizes, report)


def train_regime(
    regime: Regime,
    patches: PatchTokens,
    seen: Scenes,
    held: Scenes,
    folder: Path,
    sizes: Sizes,
    report: Callable[[str], None],
) -> None:
    """Train one of the two policies on these image tokens, and write both into the folder.

    The confounded one goes on from the other, which lies in the folder.
    """
    policy, first = policy_of(load_backbone(), patches), sizes.first_layer
    save_vision(policy, weights_file(VISION[regime], folder))
    own, other = (lower_states(policy, each, first) for each in (seen, held))
    report(f"states that enter layer {first}: {tuple(own.shape)}")
    steps, labels = getattr(sizes, f"{regime}_steps"), labels_of(seen, regime)
    curve = Curve(policy, held, other, report, first, last=steps)
    before = weights_file("counterfactual", folder) if regime == "confounded" else None
    train_upper(policy, own, labels, steps, first=first, resumed=before, on_step=curve)
    save_trained(policy, weights_file(regime, folder))
    report(f"{regime} is trained: {weights_file(regime, folder)}")


def main(arguments: Sequence[str]) -> None:
    """Run the recipe from the command line; smaller sizes try it out."""
    parser = ArgumentParser("python -m heedmap.testbed.smollm.train")
    parser.add_argument("folder", type=Path, help="for frames and weights")
    for each in fields(Sizes):
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=int, default=each.default)
    given = vars(parser.parse_args(arguments))
    folder, begun = given.pop("folder"), time.monotonic()
    torch.set_num_threads(1)
    run(
        folder,
        Sizes(**given),
        lambda text: print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True),
    )


class Curve:
    """Reports the loss, and following on held-out frames, as training goes on."""

    report_every = 100
    """Steps."""

    def __init__(
        self,
        policy: SmolPolicy,
        held: Scenes,
        states: torch.Tensor,
        report: Callable[[str], None],
        first: int = FIRST_TRAINED,
        last: int | None = None,
    ) -> None:
        self._measured, self._report, self._last = (policy, held, states, first), report, last
        self._is_asked, self._named = held.is_in_view, held.actions
        self._nearest = held.actions[np.arange(len(held)), held.nearest][:, None]
        self._losses: list[float] = []

    def __call__(self, step: int, loss: float) -> None:
        """After a step of `train_upper`."""
        self._losses.append(loss)
        if step % self.report_every == 0 or step == self._last:
            chosen, asked = actions_of(*self._measured), self._is_asked
            self._report(
                f"step {step}: loss {np.mean(self._losses[-self.report_every :]):.3f}, held out: "
                f"towards what is named {(chosen == self._named)[asked].mean():.1%}, towards the "
                f"nearest {(chosen == self._nearest)[asked].mean():.1%}"
            )


def _every_hundred(report: Callable[[str], None], what: str) -> Callable[[int, float], None]:
    def on_step(step: int, loss: float) -> None:
        if step % 100 == 0:
            report(f"{what}, step {step}: loss {loss:.3f}")

    return on_step


def _kept(path: Path, make: Callable[[], Scenes]) -> Scenes:
    """Frames that an earlier run left, or new ones."""
    if not path.is_file():
        make().save(path)
    return Scenes.load(path)


if __name__ == "__main__":
    main(sys.argv[1:])
