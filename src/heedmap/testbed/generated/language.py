"""From instructions to what the rest of a network is given of them, by one of several routes.

*tokens*, *two_hops* and *cross* give a state for every word, *sentence* and *prefix* the mean of
them, *bypass* both, *task* a one-hot code of the task that is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import nn

from heedmap.testbed.generated.wiring import PADDING, TEMPLATE, WORD, Regions, Wiring
from heedmap.testbed.generated.world import DIRECTIONS, PACES, VERBS

Route = Literal["tokens", "sentence", "task", "cross", "prefix", "two_hops", "bypass"]
Padding = Literal["none", "left", "right"]
Prompt = list[tuple[str, int]]
"""Words with their regions."""

UNKNOWN = "<unknown>"
BLANK = "<blank>"
VOCABULARY = (
    *("<padding>", UNKNOWN, BLANK, "robot", ".", *VERBS, *PACES, *DIRECTIONS),
    *("what", "should", "the", "do", "to", "?"),
)
BEFORE, AFTER = ("robot",), (".",)
"""The prompt's template around the instruction."""
MAX_WORDS = 14
"""A prompt is padded to this length; longer ones are cut at the end."""
TASKS = len(DIRECTIONS) * len(PACES)


@dataclass(frozen=True)
class Told:
    """What is given on: words, or a vector, or both."""

    words: Float[torch.Tensor, "batch words dim"] | None = None
    regions: Regions | None = None
    vector: Float[torch.Tensor, "batch dim"] | None = None


class Language(nn.Module):
    """Prompt, ids, embeddings and, where the route wants it, their mean."""

    def __init__(self, route: Route, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.route: Route = route
        self.padding: Padding = "none"
        self.wiring = wiring
        if route == "task":
            self.project = nn.Linear(TASKS, dim)
            return
        self.embed = nn.Embedding(len(VOCABULARY), dim)
        self.positions = nn.Parameter(0.1 * torch.randn(4 * MAX_WORDS, dim))
        if route in ("sentence", "prefix", "bypass"):
            self.project = nn.Linear(dim, dim)

    def forward(self, texts: Sequence[str], image: Float[torch.Tensor, "batch image dim"]) -> Told:
        """What the rest of the network is given; `image` is for faults that mix the two up.

        Raises ValueError for prompts of unequal length where they are not padded.
        """
        prompts = self.wiring("prompt", [_prompt(t) for t in self.wiring("text", list(texts))])
        if self.route == "task":
            codes = torch.stack([_task(prompt) for prompt in prompts])
            vector = self.project(self.wiring("task", codes))
            return Told(vector=self.wiring("vector", vector, image))
        ids, regions = self._ids(prompts)
        words = self.embed(self.wiring("ids", ids, regions))
        words = self.wiring("embedded", words, regions, image)
        kept = regions != PADDING
        places = (kept.cumsum(dim=1) - 1).clamp(min=0)
        words, regions = self.wiring("kept", (words + self.positions[places], regions))
        if self.route in ("tokens", "two_hops", "cross"):
            return Told(words, regions)
        kept = (regions != PADDING)[..., None]
        pooled = (words * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
        vector = self.project(self.wiring("pooled", pooled))
        vector = self.wiring("vector", vector, image)
        return Told(words, regions, vector) if self.route == "bypass" else Told(vector=vector)

    def _ids(self, prompts: Sequence[Prompt]) -> tuple[torch.Tensor, Regions]:
        padded = [self._padded(prompt) for prompt in prompts]
        known = {word: number for number, word in enumerate(VOCABULARY)}
        ids = [[known.get(word, known[UNKNOWN]) for word, _ in prompt] for prompt in padded]
        return torch.tensor(ids), torch.tensor([[kind for _, kind in p] for p in padded])

    def _padded(self, prompt: Prompt) -> Prompt:
        if self.padding == "none":
            return prompt
        filling: Prompt = [(VOCABULARY[0], PADDING)] * (MAX_WORDS - len(prompt))
        cut = prompt[:MAX_WORDS]
        return filling + cut if self.padding == "left" else cut + filling


def _prompt(text: str) -> Prompt:
    return [
        *((word, TEMPLATE) for word in BEFORE),
        *((word, WORD) for word in text.split()),
        *((word, TEMPLATE) for word in AFTER),
    ]


def _task(prompt: Prompt) -> Float[torch.Tensor, " tasks"]:
    """One-hot by direction and pace; zeros for no known task."""
    words = [word for word, kind in prompt if kind == WORD]
    direction = next((i for i, name in enumerate(DIRECTIONS) if name in words), None)
    code = torch.zeros(TASKS)
    if direction is not None:
        code[direction * len(PACES) + int(PACES[1] in words)] = 1.0
    return code
