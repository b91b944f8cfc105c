"""What a checkpoint's files claim, looked at before a library builds a network from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heedmap.data.gates.documents import json_of
from heedmap.data.gates.files import check_regular, read_bytes
from heedmap.errors import CheckpointError
from heedmap.phrase import Phrase

MOST_LAYERS = 1_000
MOST_SIZE = 100_000_000
"""Of a vocabulary, a width or a sequence."""
INDEX = "model.safetensors.index.json"
_LAYERS = re.compile(r"(num_|n_)?((hidden_|encoder_|decoder_)?layers?|depth)", re.IGNORECASE)
_SIZES = re.compile(
    r"((num_|n_)?(key_value_|attention_|encoder_attention_|decoder_attention_)?heads?)"
    r"|(hidden|intermediate|vocab|image|patch|embed|ffn|projection|d_model|head|window|chunk)"
    r"(_size|_dim)?|latent_query_num|max_position_embeddings|num_channels",
    re.IGNORECASE,
)


def check_place(place: Path) -> None:
    """Raise CheckpointError for pipes and devices in a checkpoint's place, or in its folder.

    Libraries open whatever has a name that they know, and would wait for ever. A place that is
    not there is no matter of this.
    """
    for path in place.iterdir() if place.is_dir() else [place]:
        if path.exists() and not path.is_dir():
            check_regular(path, Phrase("file of the checkpoint"), CheckpointError)


def read_config(path: Path) -> dict[str, Any]:
    """A config in JSON, whose sizes are those of a network.

    Raises CheckpointError for what is missing or no JSON object, and for sizes that are none: a
    network of 10^9 layers would be built until memory ends.
    """
    try:
        found = json_of(read_bytes(path, Phrase("config"), CheckpointError), finite=False)
    except ValueError as error:
        raise CheckpointError(
            "The config {path} cannot be read as JSON: {why}.", path=path, why=error
        ) from error
    if not isinstance(found, dict):
        raise CheckpointError("The config {path} is no JSON object.", path=path)
    for place, key, value in _numbers(found, ""):
        is_count, is_size = _LAYERS.fullmatch(key), _SIZES.fullmatch(key)
        most = MOST_LAYERS if is_count else MOST_SIZE
        if (is_count or is_size) and not 0 <= value <= most:
            raise CheckpointError(
                "The config {path} has {place} = {value}, expected 0 to {most:,}; give the config "
                "that the weights were trained with.",
                path=path,
                place=place,
                value=value,
                most=most,
            )
    return found


def shard_names(index: Path) -> list[str]:
    """The files that an index of shards lists, all beside it. Raises CheckpointError otherwise."""
    try:
        listed = json_of(read_bytes(index, Phrase("index"), CheckpointError), finite=False)
        names = sorted(set(listed["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            "The index {index} cannot be read: {why}.", index=index, why=error
        ) from error
    if any(not isinstance(name, str) or Path(name).name != name for name in names):
        raise CheckpointError("The index {index} names files outside its folder.", index=index)
    return names


def _numbers(tree: Any, place: str) -> Iterator[tuple[str, str, float]]:
    """Every number under a key, also those in lists."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        here = f"{place}{key}"
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from _numbers(each, f"{here}.")
            elif isinstance(each, int | float) and not isinstance(each, bool):
                yield here, str(key), each
