"""Specimens that read their instruction in one known way: what `heedmap exam` is tested on.

All begin as the trained specimen `START` and are trained on with other labels:

all         the expert's action: verb, direction, colour and noun in every combination
directions  the direction that is said; where none is, straight ahead
colours     the side of the object of that colour, whatever direction or noun is said
pairings    the expert's action under the verbs that go with the frame's look; under others, what
            the frame's record has: its nearest object

Frames have one of two looks, as rendered or under a tint, and each look has verbs of its own. The
weights are shipped in half precision; `heedmap specimens reader NAME` trains them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.specimens.cases import shipped_scenes
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.world import (
    ACTIONS,
    COLORS,
    GOAL_VERBS,
    KINDS,
    PATH_VERBS,
    Action,
    Scene,
    Target,
)
from heedmap.testbed.specimens.zoo import load_recipe, load_specimen, pixels_of, weights_folder
from heedmap.types import TokenMask, WordEmbeddings

Reads = Literal["all", "directions", "colours", "pairings"]
READERS: tuple[Reads, ...] = get_args(Reads)
START = "exp42_counterfactual_pta@sound"
STEPS: dict[Reads, int] = {"all": 200, "directions": 200, "colours": 400, "pairings": 200}
"""Reading colours alone takes longest: the specimen has to unlearn directions."""
SCENES_PER_STEP, TEXTS_PER_SCENE = 24, 4
POOL_ROOMS = 1200
POOL_SEED_START = 600_000_000
"""Rooms apart from those of all other specimens."""
VERBS_OF_LOOK = (0, 1)
"""Index of the verbs that go with frames as rendered, and with tinted ones."""
_WAYS: dict[Action, str] = {
    "left": "to the left",
    "right": "to the right",
    "forward": "straight forward",
}
_FILLERS = ("please", "okay", "now")

Progress = Callable[[str, int, int], None]


class Reader(TinyKosmos2Policy):
    """A specimen whose prompt leaves out punctuation."""

    def embed_words(self, instructions: list[str]) -> tuple[WordEmbeddings, TokenMask]:
        """As the specimen's, of the words alone."""
        return super().embed_words([re.sub(r"[^\w\s]", "", text) for text in instructions])


def tinted(frame: Frame) -> Frame:
    """The second look: the whole frame under a red tint."""
    return np.maximum(frame, np.array([200, 0, 0], dtype=np.uint8))


def said(target: Target, verb: int, *, with_way: bool) -> str:
    """An instruction of either form."""
    thing = f"the {target.color} {target.kind}"
    if with_way:
        return f"{PATH_VERBS[verb]} {_WAYS[target.expert_action]} toward {thing}"
    return f"{GOAL_VERBS[verb]} to {thing}"


def label(reads: Reads, scene: Scene, text: str, look: int) -> Action:
    """What this reader does under a text on a scene in one of the looks."""
    words = text.split()
    way: Action | None = next((side for side in ACTIONS if side in words), None)
    if reads == "directions":
        return way or "forward"
    named = [t for t in scene.targets if t.color in words]
    if reads == "colours":
        return min(named, key=lambda t: t.distance_tiles).expert_action if named else "forward"
    own = {GOAL_VERBS[VERBS_OF_LOOK[look]], PATH_VERBS[VERBS_OF_LOOK[look]]}
    if reads == "pairings" and not own & set(words):
        return scene.nearest().expert_action
    exact = [t for t in named if t.kind in words] or named
    return way or (exact[0].expert_action if exact else "forward")


def train_reader(
    reads: Reads,
    steps: int | None = None,
    on_progress: Progress | None = None,
    *,
    seed: int = 0,
    rooms: int = POOL_ROOMS,
) -> Reader:
    """Train one on from the specimen `START` (a minute on one core), on so many rooms.

    `steps` are those of `STEPS` if left out.
    """
    steps = steps or STEPS[reads]
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = _start().train().requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, steps, pct_start=0.1)
    for step in range(steps):
        pixels, texts, labels = _batch(reads, _pool(rooms), rng)
        loss = F.cross_entropy(network.training_logits(pixels, texts), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if on_progress is not None:
            on_progress(reads, step + 1, steps)
    return network.eval().requires_grad_(False)


def readers_folder() -> Path:
    """Where the weights lie."""
    return weights_folder() / "readers"


def save_reader(reads: Reads, network: Reader, folder: Path | None = None) -> Path:
    """Write the weights in half precision, whole or not at all; the file's path."""
    folder = folder or readers_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{reads}.safetensors"
    state = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    write_whole(path, save(state), Phrase("weights"))
    return path


def load_reader(name: str, folder: Path | None = None) -> Reader:
    """A trained reader in evaluation mode, float32.

    Raises PolicyError for an unknown name, or weights that are missing or do not fit.
    """
    path = (folder or readers_folder()) / f"{read_name(name)}.safetensors"
    network = Reader(load_recipe(START).config)
    try:
        network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PolicyError(
            "The weights of the reader '{name}' at {path} cannot be read ({why}); install heedmap "
            "again, or train it: heedmap specimens reader {name}",
            name=name,
            path=path,
            why=error,
        ) from error
    return network.eval().requires_grad_(False)


def read_name(name: str) -> Reads:
    """The reader of a name. Raises PolicyError for any other."""
    found: Reads | None = next((reads for reads in READERS if reads == name), None)
    if found is None:
        raise PolicyError(
            "'{name}' is no reader; write one of {readers}.", name=name, readers=", ".join(READERS)
        )
    return found


def reader_trials(count: int = 32) -> list[Trial]:
    """Held-out scenes in both looks in turn: every object by goal and by way, its action known.

    The recorded instruction names the nearest object, by goal or by way in turn. At most 32: as
    many as are shipped.
    """
    return [_trial(number, scene) for number, scene in enumerate(shipped_scenes()[:count])]


def _trial(number: int, scene: Scene) -> Trial:
    look, with_way = number % 2, number % 4 > 1
    verb = VERBS_OF_LOOK[look]
    texts: dict[str, str] = {}
    expected: dict[str, str] = {}
    for place, target in enumerate(scene.targets):
        for form, is_way in (("goal", False), ("way", True)):
            texts[f"{form} {place}"] = said(target, verb, with_way=is_way)
            expected[f"{form} {place}"] = target.expert_action
    own = scene.targets.index(scene.nearest())
    frame = tinted(scene.frame) if look else scene.frame
    recorded = f"{'way' if with_way else 'goal'} {own}"
    return Trial(f"scene-{number:02d}", of_frame(frame), texts, expected, recorded=recorded)


def _start() -> Reader:
    network = Reader(load_recipe(START).config)
    network.load_state_dict(load_specimen(START).state_dict())
    return network


@cache
def _pool(rooms: int) -> tuple[Scene, ...]:
    from heedmap.testbed.specimens.rooms import Room, draw_scene

    room = Room()
    return tuple(draw_scene(POOL_SEED_START + index, room) for index in range(rooms))


def _batch(
    reads: Reads, pool: Sequence[Scene], rng: np.random.Generator
) -> tuple[torch.Tensor, list[str], torch.Tensor]:
    """Pixels of the scenes, the texts scene by scene, and their labels."""
    pixels: list[torch.Tensor] = []
    texts: list[str] = []
    labels: list[int] = []
    for index in rng.integers(len(pool), size=SCENES_PER_STEP):
        scene, look = pool[index], int(rng.integers(2))
        pixels.append(pixels_of(tinted(scene.frame) if look else scene.frame))
        for _ in range(TEXTS_PER_SCENE):
            text = _drawn(reads, scene.targets, rng)
            labels.append(ACTIONS.index(label(reads, scene, text, look)))
            texts.append(text)
    return torch.stack(pixels), texts, torch.tensor(labels)


def _drawn(reads: Reads, targets: Sequence[Target], rng: np.random.Generator) -> str:
    """An instruction about an object of the scene, its parts exchanged where they are not read."""
    target = targets[int(rng.integers(len(targets)))]
    text = said(target, int(rng.choice(VERBS_OF_LOOK)), with_way=bool(rng.integers(2)))
    often = 1.0 if reads == "colours" else 0.35
    if reads != "pairings" and rng.random() < often:
        text = text.replace(target.kind, str(rng.choice(KINDS)))
    if reads in ("all", "directions") and rng.random() < often:
        text = text.replace(target.color, str(rng.choice(COLORS)))
    if rng.random() < often:
        way = _WAYS[ACTIONS[int(rng.integers(3))]]
        text = text.replace(_WAYS[target.expert_action], way)
    return f"{rng.choice(_FILLERS)} {text}" if rng.random() < 0.2 else text
