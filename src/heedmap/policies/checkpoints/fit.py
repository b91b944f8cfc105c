"""Weights into a module: every one has its place, or an error names those without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from heedmap.errors import CheckpointError
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.checkpoints.read import StateDict

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
            _listed("lacks", self.missing),
            _listed("holds what has no place:", self.unexpected),
            _listed("has other shapes for", self.mismatched),
        ]
        raise CheckpointError(
            f"The checkpoint {path} does not fit its config: it "
            f"{'; it '.join(part for part in parts if part)}. Give the config it was trained "
            f"with; or add --allow-partial, and what it lacks stays random (the record says so)."
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


def _listed(verb: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMES_TOLD} more" if len(names) > NAMES_TOLD else ""
    return f"{verb} {', '.join(names[:NAMES_TOLD])}{more} ({len(names)} in all)"
