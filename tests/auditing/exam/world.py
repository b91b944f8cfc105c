"""A small world of three objects, and policies whose one fault is known, in two unlike forms.

A frame has three bands, left, ahead and right, each with an object: its colour is the band's, its
noun which half of the band is filled. Frames have one of two looks, dark or bright; each look has
objects and a verb of its own. `RULES` act by looking things up; `Learned` is a small network that
is trained on what a rule does, words hashed and pixels averaged.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.policies.callable import CallablePolicy

ACTIONS = ("left", "forward", "right")
COLOURS = {
    "red": (250, 30, 30),
    "blue": (30, 30, 250),
    "green": (30, 250, 30),
    "yellow": (250, 250, 30),
}
LOOKS = (
    (10, ("red", "blue"), ("cup", "bowl"), "move"),
    (245, ("green", "yellow"), ("apple", "banana"), "drive"),
)
WAYS = {"left": "to the left", "forward": "straight ahead", "right": "to the right"}
Rule = Callable[[Frame, str], str]


def trials(count: int = 16, seed: int = 0) -> list[Trial]:
    """Frames of both looks in turn, their own instruction naming an object or a direction."""
    rng = np.random.default_rng(seed)
    return [_trial(number, rng) for number in range(count)]


def _trial(number: int, rng: np.random.Generator) -> Trial:
    look, colours, nouns, verb = LOOKS[number % 2]
    one, two = rng.permutation(2)
    things = [(one, one), (one, two), (two, one)]  # each shares its colour or noun with the first
    sides = dict(zip(rng.permutation(ACTIONS).tolist(), things, strict=True))
    frame = np.full((24, 24, 3), look, dtype=np.uint8)
    texts: dict[str, str] = {}
    expected: dict[str, str] = {}
    for band, side in enumerate(ACTIONS):
        colour, noun = sides[side]
        rows = slice(0, 12) if noun == 0 else slice(12, 24)
        frame[rows, 8 * band + 1 : 8 * band + 7] = COLOURS[colours[colour]]
        texts[f"{side} thing"] = f"take the {colours[colour]} {nouns[noun]}"
        texts[f"{side} way"] = f"{verb} {WAYS[side]}"
        expected |= {f"{side} thing": side, f"{side} way": side}
    first = next(side for side, thing in sides.items() if thing == (one, one))
    own = f"{first} thing" if number % 4 < 2 else f"{ACTIONS[rng.integers(3)]} way"
    return Trial(f"f{number}", of_frame(frame), texts, expected, recorded=own)


def seen(frame: Frame) -> dict[str, tuple[str, str]]:
    """Colour and noun of the object on each side."""
    _, _, nouns, _ = next(look for look in LOOKS if look[0] == int(frame[0, 0, 0]))
    found: dict[str, tuple[str, str]] = {}
    for band, side in enumerate(ACTIONS):
        halves = [frame[row, 8 * band + 3].tolist() for row in (6, 18)]
        noun = next(
            n for n, pixel in enumerate(halves) if pixel[0] != pixel[1] or pixel[1] != pixel[2]
        )
        colour = next(name for name, value in COLOURS.items() if list(value) == halves[noun])
        found[side] = colour, nouns[noun]
    return found


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def direction(text: str) -> str | None:
    named = {"ahead": "forward", "left": "left", "right": "right"}
    return next((named[word] for word in words(text) if word in named), None)


def default(frame: Frame) -> str:
    """What a policy does that looks at the frame alone."""
    return max(ACTIONS, key=lambda side: seen(frame)[side])


def _matching(frame: Frame, text: str, parts: Sequence[int]) -> str:
    """The side whose object has most of the words; of equals, and without any, the default."""
    scores = {
        side: sum(2 - part / 2 for part in parts if thing[part] in words(text))
        for side, thing in seen(frame).items()
    }
    best = max(scores.values())
    return default(frame) if best == 0 else next(s for s in ACTIONS if scores[s] == best)


def follows(frame: Frame, text: str) -> str:
    return direction(text) or _matching(frame, text, (0, 1))


def only_directions(frame: Frame, text: str) -> str:
    return direction(text) or default(frame)


def only_colours(frame: Frame, text: str) -> str:
    return _matching(frame, text, (0,))


def memorised(frame: Frame, text: str) -> str:
    """Knows the words of the frame's own look; under others, what the frame alone suggests."""
    _, colours, nouns, verb = next(look for look in LOOKS if look[0] == int(frame[0, 0, 0]))
    trained = {verb, *colours, *nouns} & set(words(text))
    return follows(frame, text) if trained else default(frame)


def swapped(frame: Frame, text: str) -> str:
    return {"left": "right", "right": "left", "forward": "forward"}[follows(frame, text)]


def gate_only(frame: Frame, text: str) -> str:
    after = {"left": "forward", "forward": "right", "right": "left"}
    return default(frame) if set(words(text)) & VOCABULARY else after[default(frame)]


def no_effect(frame: Frame, text: str) -> str:
    return default(frame)


def wording(frame: Frame, text: str) -> str:
    """Knows the texts of the data set as they are written; of others it does something else."""
    after = {"left": "forward", "forward": "right", "right": "left"}
    return follows(frame, text) if text in TEXTS else after[follows(frame, text)]


def guesses(frame: Frame, text: str) -> str:
    """One of the wrong actions, by the string."""
    wrong = [action for action in ACTIONS if action != follows(frame, text)]
    return wrong[zlib.crc32(text.encode()) % 2]


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        follows,
        only_directions,
        only_colours,
        memorised,
        swapped,
        gate_only,
        no_effect,
        wording,
        guesses,
    )
}
TEXTS = {text for trial in trials(24) for text in trial.instructions.values()}
VOCABULARY = {word for text in TEXTS for word in words(text)}


def looked_up(rule: Rule, sharpness: float = 4.0) -> CallablePolicy:
    """Logits of the rule's action."""

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        chosen = [ACTIONS.index(rule(f, t)) for f, t in zip(frames, texts, strict=True)]
        return sharpness * F.one_hot(torch.tensor(chosen), 3).double()

    return CallablePolicy(rule.__name__, run, nn.Identity(), action_names=ACTIONS)


class Learned(nn.Module):
    """Averaged pixels and hashed words, multiplied and added, through one hidden layer."""

    BUCKETS = 256

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(self.BUCKETS, 48, mode="sum")
        self.pixels = nn.Linear(18, 48)
        self.hidden = nn.Linear(144, 128)
        self.head = nn.Linear(128, 3)

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return self.decide(*self.encode(frames, texts))

    def encode(
        self, frames: Sequence[Frame], texts: Sequence[str]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Averaged pixels, ids of all words, and where each text's begin; without weights."""
        pixels = np.stack([f.reshape(2, 12, 3, 8, 3).mean((1, 3)).ravel() for f in frames])
        bags = [self._ids(text) for text in texts]
        ids = torch.tensor([i for bag in bags for i in bag], dtype=torch.long)
        offsets = torch.tensor(np.cumsum([0, *map(len, bags[:-1])]))
        return torch.tensor(pixels).float() / 128 - 1, ids, offsets

    def decide(
        self, pixels: torch.Tensor, ids: torch.Tensor, offsets: torch.Tensor
    ) -> torch.Tensor:
        """Logits of the actions."""
        image = torch.tanh(self.pixels(pixels))
        said = self.words(ids, offsets)
        return self.head(torch.relu(self.hidden(torch.cat([image, said, image * said], dim=1))))

    def _ids(self, text: str) -> list[int]:
        """Of known words, in lower case and without signs."""
        known = [word for word in words(text) if word in VOCABULARY]
        return [zlib.crc32(word.encode()) % self.BUCKETS for word in known]


@cache
def learned(name: str) -> CallablePolicy:
    """A network trained to do what a rule does, on frames of its own."""
    rule = RULES[name]
    torch.manual_seed(0)
    network = Learned()
    rng = np.random.default_rng(1)
    shown = trials(48, seed=5)
    every = sorted({text for trial in shown for text in trial.instructions.values()})
    pairs = [
        (trial.observation.frame, text)
        for trial in shown
        for text in [*trial.instructions.values(), *rng.choice(every, 6).tolist(), ""]
    ]
    pairs += [  # under a verb that it does not know
        (trial.observation.frame, text.partition(" ")[2])
        for trial in shown
        for text in trial.instructions.values()
    ]
    frames, texts = [f for f, _ in pairs], [t for _, t in pairs]
    labels = torch.tensor([ACTIONS.index(rule(frame, text)) for frame, text in pairs])
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    encoded = network.encode(frames, texts)
    for _ in range(80):
        loss = F.cross_entropy(network.decide(*encoded), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval().requires_grad_(False)
    return CallablePolicy(f"learned {name}", network, network, action_names=ACTIONS)
