"""Weights from files: safetensors, or pickles that torch reads without running code."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from heedmap.data.gates.gate import gate, refusal
from heedmap.errors import CheckpointError
from heedmap.phrase import Phrase
from heedmap.policies.checkpoints.allocating import check_pickles
from heedmap.policies.checkpoints.folder import INDEX, shard_names
from heedmap.policies.checkpoints.permissions import SAFE, Permissions

PICKLED = (".ckpt", ".pt", ".pth", ".bin")
SUFFIXES = (".safetensors", *PICKLED)
STATE_KEYS = ("state_dict", "model_state_dict", "module", "model")
"""Where trainers put the weights inside a checkpoint."""
MOST_UNPACKED_RATIO = 20
"""Of an archive's size: weights hardly shrink, an archive that swells more is a bomb."""

BROKEN = Phrase("it is cut short or no checkpoint of torch")

StateDict = dict[str, torch.Tensor]


def read_weights(path: Path, permissions: Permissions = SAFE) -> StateDict:
    """All tensors of a checkpoint file, or of a folder of safetensors shards, by name.

    Raises CheckpointError, in one sentence, for a file that is missing, broken, would run code
    (unless that was allowed), holds no weights, or weights of absurd sizes or that are no numbers.
    """
    state = _shards(path) if path.is_dir() else _one_file(path, permissions)
    if not state:
        raise CheckpointError("The checkpoint {path} holds no weights.", path=path)
    for name, tensor in state.items():
        _check_tensor(name, tensor, path)
    return state


def _one_file(path: Path, permissions: Permissions) -> StateDict:
    if not path.is_file():
        raise CheckpointError("The checkpoint {path} does not exist.", path=path)
    if path.suffix == ".safetensors":
        return _safetensors(path)
    if path.suffix not in PICKLED:
        raise CheckpointError(
            "The checkpoint {path} is of an unknown kind; give one that ends in {suffixes}.",
            path=path,
            suffixes=", ".join(SUFFIXES),
        )
    _check_archive(path)
    if not permissions.trust_checkpoint:
        check_pickles(path)
    return _state_of(_unpickled(path, permissions), path)


def _shards(folder: Path) -> StateDict:
    """`model.safetensors`, or the shards that its index lists."""
    index = folder / INDEX
    if not index.is_file():
        return _safetensors(folder / "model.safetensors")
    names = shard_names(index)
    return {key: value for name in names for key, value in _safetensors(folder / name).items()}


def _safetensors(path: Path) -> StateDict:
    if not path.is_file():
        raise CheckpointError("The checkpoint {path} does not exist.", path=path)
    with gate(
        CheckpointError,
        Phrase("The checkpoint {path}", path=path),
        Phrase("it is cut short or no safetensors file"),
    ):
        return load_file(path)


def _check_archive(path: Path) -> None:
    """Torch's archives hold their storages as they are: one that swells is a bomb."""
    with gate(CheckpointError, Phrase("The checkpoint {path}", path=path), BROKEN):
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MOST_UNPACKED_RATIO * path.stat().st_size:
        raise CheckpointError(
            "The checkpoint {path} of {size:,} bytes would unpack to {unpacked:,} bytes; it is "
            "no checkpoint that torch wrote.",
            path=path,
            size=path.stat().st_size,
            unpacked=unpacked,
        )


def _unpickled(path: Path, permissions: Permissions) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that other programs wrote
            return torch.load(
                path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
            )
    except pickle.UnpicklingError as error:
        if permissions.trust_checkpoint:
            return torch.load(path, map_location="cpu", weights_only=False)
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f" ('{named[1]}')" if named else ""
        raise CheckpointError(
            "The checkpoint {path} holds Python objects{what} that could run code when loaded; "
            "nothing was run. Save its weights as safetensors, or, if you trust it, add "
            "--trust-checkpoint.",
            path=path,
            what=what,
        ) from error
    except Exception as error:  # bytes from outside, read by a machine of many parts
        raise refusal(
            CheckpointError, Phrase("The checkpoint {path}", path=path), error, BROKEN
        ) from error


def _state_of(loaded: Any, path: Path) -> StateDict:
    """The weights, wherever the trainer put them."""
    for key in STATE_KEYS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
            break
    if not isinstance(loaded, Mapping):
        raise CheckpointError(
            "The checkpoint {path} holds a {kind}, expected weights by name.",
            path=path,
            kind=type(loaded).__name__,
        )
    return {str(key): value for key, value in loaded.items() if isinstance(value, torch.Tensor)}


def _check_tensor(name: str, tensor: torch.Tensor, path: Path) -> None:
    if tensor.layout != torch.strided or tensor.is_meta:
        kind = (
            Phrase("no values")
            if tensor.is_meta
            else Phrase("the layout {layout}", layout=tensor.layout)
        )
        raise CheckpointError(
            "The weight '{name}' in {path} has {kind}, expected a dense tensor with its values; "
            "save the weights as safetensors.",
            name=name,
            path=path,
            kind=kind,
        )
    if not tensor.is_quantized:
        stored = tensor.untyped_storage().nbytes() // tensor.element_size()
        if tensor.numel() > stored:
            raise CheckpointError(
                "The weight '{name}' in {path} claims {numbers:,} numbers but stores {stored:,}; "
                "it is no weight that a trainer wrote.",
                name=name,
                path=path,
                numbers=tensor.numel(),
                stored=stored,
            )
    check_finite(name, tensor, path)


def check_finite(name: str, tensor: torch.Tensor, path: Path | str) -> None:
    """Raise CheckpointError for a weight that holds what is no number."""
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        bad = int((~torch.isfinite(tensor)).sum())
        raise CheckpointError(
            "The weight '{name}' in {path} holds {bad:,} numbers that are NaN or infinite (of "
            "{numbers:,}); training has diverged, take an earlier checkpoint.",
            name=name,
            path=path,
            bad=bad,
            numbers=tensor.numel(),
        )
