"""A small world with known remedies: corridors, some of them blocked, and policies of two kinds.

A frame's first pixel says which way the frame itself leans (left or right), its second whether the
way is blocked. The sound action is the side that is named, and to stop where the way is blocked.
The policies add what the frame says to `words` times what the words say: an instruction that
counts too little is what guidance is for. `Net` is a torch module that gives logits, `chunks` a
function that gives a chunk of two continuous steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.policies.callable import CallablePolicy
from heedmap.remedies.result import CellName, Remedies, Tried

ACTIONS = ("left", "right", "stop")
TEXTS = {"left": "turn left now", "right": "turn right now"}
OTHER_WORDS = {"left": ("go left please",), "right": ("go right please",)}


def frame(lean: str, *, blocked: bool, number: int) -> Frame:
    pixels = np.full((8, 8, 3), 40 + number, np.uint8)
    pixels[0, 0] = 250 if lean == "right" else 5
    pixels[0, 1] = 250 if blocked else 5
    return pixels


def trials(
    count: int = 12, *, blocked: int = 0, labelled: bool = True, continuous: bool = False
) -> list[Trial]:
    """`count` free frames and `blocked` ones, each an episode of its own."""
    found: list[Trial] = []
    for number in range(count + blocked):
        lean = ACTIONS[number % 2]
        is_blocked = number >= count
        expected = {name: "stop" if is_blocked else name for name in TEXTS}
        if continuous:
            expected = {name: "dim0:-" if name == "left" else "dim0:+" for name in TEXTS}
            expected = dict.fromkeys(TEXTS, "dim1:+") if is_blocked else expected
        found.append(
            Trial(
                f"frame-{number}",
                of_frame(frame(lean, blocked=is_blocked, number=number)),
                TEXTS,
                expected if labelled else {},
                OTHER_WORDS,
                recorded=lean,
            )
        )
    return found


def parts(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
    """Lean of the frame, side of the words (0 without any), and whether the way is blocked."""
    rows = [
        (
            1.0 if pixels[0, 0, 0] > 128 else -1.0,
            float("right" in text) - float("left" in text),
            float(pixels[0, 1, 0] > 128),
        )
        for pixels, text in zip(frames, texts, strict=True)
    ]
    return torch.tensor(rows)


class Net(nn.Module):
    """Logits of left, right and stop; blocked frames stop, by `stop` against the words."""

    def __init__(self, words: float, stop: float = 3.0) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([1.0, words]), requires_grad=False)
        self.stop = stop

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        lean, words, blocked = parts(frames, texts).unbind(dim=1)
        side = self.weights[0] * lean + self.weights[1] * words
        return torch.stack([-side, side, self.stop * (2 * blocked - 1)], dim=1)


def logits(words: float, stop: float = 3.0) -> CallablePolicy:
    net = Net(words, stop)
    return CallablePolicy("logits", net, net, action_names=ACTIONS)


def chunks(words: float, stop: float = 3.0) -> CallablePolicy:
    """Two steps of (sideways, brake); where the way is blocked it brakes, less against words."""
    net = nn.Linear(2, 1)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> np.ndarray:
        lean, said, blocked = parts(frames, texts).numpy().T
        brake = stop * (2 * blocked - 1) - words * np.abs(said)
        step = np.stack([lean + words * said, brake], axis=1)
        return np.stack([step, 0.5 * step], axis=1)

    return CallablePolicy("chunks", run, net)


def share(of: Remedies | Tried | None, name: CellName) -> float:
    """What was found in a cell."""
    assert of is not None
    found = of.cell(name).found
    assert found is not None
    return found.value


def gain(of: Tried | None, name: CellName) -> float:
    """How a cell changed."""
    assert of is not None
    change = of.cell(name).change
    assert change is not None
    return change.value
