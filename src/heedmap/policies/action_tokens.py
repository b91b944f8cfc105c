"""Actions that are decoded as tokens: which tokens, and what numbers they stand for.

RT-2 and OpenVLA write each dimension of an action as one token, whose id is a bin of
-1..1; others write words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float

from heedmap.data.gates.documents import json_of
from heedmap.data.gates.files import read_bytes
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase

OPENVLA_PROMPT = "In: What action should the robot take to {instruction}?\nOut:"
"""OpenVLA's prompt; the instruction is in small letters (Kim et al. 2024, arXiv:2406.09246)."""
OPENVLA_SPACE_ID = 29871
"""The empty token between OpenVLA's prompt and its first action token."""
OPENVLA_BINS = 256
OPENVLA_STEPS = 7


@dataclass(frozen=True)
class ActionTokens:
    """The tokens that an action is written with, `steps` of them.

    With `names`, they are the classes of a discrete action of one step. With `values`, each
    step is a number: the mean of the values under the tokens' probabilities.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...] | None = None
    values: tuple[float, ...] | None = None
    steps: int = 1
    low: tuple[float, ...] = ()
    """What -1 stands for in each step; empty: -1 itself."""
    high: tuple[float, ...] = ()
    scaled: tuple[bool, ...] = ()
    """Steps that are given in these units; others stay -1..1, as grippers do."""

    def scores(
        self, logits: Float[torch.Tensor, "batch step vocabulary"]
    ) -> Float[torch.Tensor, "batch action"]:
        """Logits of the classes, or the numbers of every step."""
        own = logits[..., list(self.ids)].float()
        if self.values is None:
            return own[:, 0]
        values = torch.tensor(self.values, device=own.device)
        numbers = (own.softmax(dim=-1) * values).sum(dim=-1)
        if not self.low:
            return numbers
        low, high = (torch.tensor(side, device=own.device) for side in (self.low, self.high))
        in_units = (numbers + 1) / 2 * (high - low) + low
        return torch.where(torch.tensor(self.scaled, device=own.device), in_units, numbers)


def word_tokens(words: str, tokenizer: Any) -> ActionTokens:
    """Classes given as words: `left,right,forward`, each one token of the tokenizer.

    Raises PolicyError for a word of several tokens, one that is unknown, or two alike.
    """
    names = tuple(word.strip() for word in words.split(",") if word.strip())
    ids = tuple(_only_id(name, tokenizer) for name in names)
    if len(ids) < 2 or len(set(ids)) < len(ids):
        raise PolicyError(
            "The actions '{words}' should be two or more different tokens.", words=words
        )
    return ActionTokens(ids, names)


def id_tokens(written: str) -> ActionTokens:
    """Classes given as ids: `20:23` or `5,9,11`. Raises PolicyError for any other text."""
    try:
        if ":" in written:
            begin, end = (int(part) for part in written.split(":"))
            ids = tuple(range(begin, end))
        else:
            ids = tuple(int(part) for part in written.split(","))
    except ValueError:
        ids = ()
    if len(ids) < 2 or min(ids) < 0:
        raise PolicyError(
            "The ids '{written}' cannot be used; write ids=20:23 or ids=5,9,11.", written=written
        )
    return ActionTokens(ids, tuple(f"token_{each}" for each in ids))


def bin_tokens(bins: int, steps: int, last_id: int, statistics: Statistics | None) -> ActionTokens:
    """The vocabulary's last tokens as bins of -1..1, the last one the lowest, as OpenVLA has it.

    There are `bins` edges, and so one bin fewer; the outermost token shares the outermost bin.
    """
    edges = torch.linspace(-1, 1, bins, dtype=torch.float64)
    centres = ((edges[:-1] + edges[1:]) / 2).tolist()
    numbers = [min(max(number - 1, 0), bins - 2) for number in range(1, bins + 1)]
    ids = tuple(last_id + 1 - number for number in range(1, bins + 1))
    values = tuple(centres[number] for number in numbers)
    if statistics is None:
        return ActionTokens(ids, None, values, steps)
    if len(statistics.low) != steps:
        raise PolicyError(
            "The statistics are of {count} dimensions, the action of {steps} steps; give "
            "steps={count}.",
            count=len(statistics.low),
            steps=steps,
        )
    return ActionTokens(
        ids, None, values, steps, statistics.low, statistics.high, statistics.scaled
    )


@dataclass(frozen=True)
class Statistics:
    """What a data set's actions ranged over, dimension by dimension."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    scaled: tuple[bool, ...]


def load_statistics(path: Path, data_set: str | None, inside: str = "") -> Statistics:
    """Read OpenVLA's `dataset_statistics.json`: the 1st and 99th percentiles of actions.

    `inside` names the part of the file that holds them; empty: all of it.

    Raises PolicyError for what is missing or of another form, and where the data set has to
    be named.
    """
    try:
        content = json_of(read_bytes(path, Phrase("statistics"), PolicyError), finite=False)
        content = content[inside] if inside else content
        name = data_set or (next(iter(content)) if len(content) == 1 else None)
        if name is None or name not in content:
            raise PolicyError(
                "{path} has statistics of {known}; name one: data_set=NAME.",
                path=path,
                known=", ".join(list(content)[:8]),
            )
        action = content[name]["action"]
        low, high = (tuple(float(v) for v in action[key]) for key in ("q01", "q99"))
        scaled = tuple(bool(v) for v in action.get("mask", [True] * len(low)))
    except PolicyError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyError(
            "The statistics {path} cannot be read: {why}", path=path, why=repr(error)
        ) from error
    return Statistics(low, high, scaled)


def _only_id(word: str, tokenizer: Any) -> int:
    """As tokenised after a prompt, or on its own."""
    unknown = tokenizer.unk_token_id
    for text in (f" {word}", word):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) == 1 and ids[0] != unknown:
            return ids[0]
    raise PolicyError(
        "The action '{word}' is no single token of the policy's tokenizer; give token ids "
        "(ids=20:23) or other words.",
        word=word,
    )
