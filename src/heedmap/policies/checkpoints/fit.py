"""Weights into a module: every one has its place, or an error names those without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from heedmap.errors import CheckpointError
from heedmap.phrase import Phrase, in_a_row
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.checkpoints.read import StateDict
from heedmap.record.manifest import listed

NAMES_TOLD = 6
"""Of a kind, in an error; more are counted."""


@dataclass(frozen=True)
class Fit:
    """What of a checkpoint found no place, and what of a module found no weight."""

    missing: tuple[str, ...] = ()
    """Stay random."""
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    """Of another shape: name, then the shapes here and there."""

    @property
    def is_whole(self) -> bool:
        """Whether everything fits."""
        return not (self.missing or self.unexpected or self.mismatched)

    def check(self, path: Path, permissions: Permissions) -> None:
        """Raise CheckpointError unless everything fits, or partial loading was allowed."""
        if self.is_whole or permissions.allow_partial:
            return
        parts = [
            self.missing and Phrase("lacks {names}", names=_listed(self.missing)),
            self.unexpected
            and Phrase("holds what has no place: {names}", names=_listed(self.unexpected)),
            self.mismatched
            and Phrase("has other shapes for {names}", names=_listed(self.mismatched)),
        ]
        raise CheckpointError(
            "The checkpoint {path} does not fit its config: it {parts}. Give the config it was "
            "trained with; or add --allow-partial, and what it lacks stays random (the record "
            "says so).",
            path=path,
            parts=in_a_row(filter(None, parts), Phrase("; it ")),
        )


def fit_into(module: nn.Module, state: StateDict, optional: Iterable[str] = ()) -> Fit:
    """Load what fits by name and shape; `optional` names may be missing.

    Weights are cast to the module's types. What is missing stays as it was.
    """
    own = module.state_dict()
    shapes = {n: f"{n} {tuple(own[n].shape)} / {tuple(state[n].shape)}" for n in own if n in state}
    good = {n: state[n] for n in shapes if own[n].shape == state[n].shape}
    with torch.no_grad():
        for name, tensor in good.items():
            own[name].copy_(tensor)
    may_lack = set(optional)
    return Fit(
        missing=tuple(n for n in own if n not in state and n not in may_lack),
        unexpected=tuple(n for n in state if n not in own),
        mismatched=tuple(text for n, text in shapes.items() if n not in good),
    )


def joined(fits: Sequence[tuple[str, Fit]]) -> Fit:
    """Of several modules, with the names of each behind its prefix."""
    return Fit(
        tuple(prefix + name for prefix, fit in fits for name in fit.missing),
        tuple(prefix + name for prefix, fit in fits for name in fit.unexpected),
        tuple(prefix + name for prefix, fit in fits for name in fit.mismatched),
    )


def _listed(names: Sequence[str]) -> Phrase:
    first = listed(names, NAMES_TOLD)
    return Phrase("{names} ({count} in all)", names=first, count=len(names))
