"""Adapter for any policy that can be called, around a transformers decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from torch import nn

from heedmap.policies.base import ActionScores, Policy
from heedmap.types import Frame


@final
class CallablePolicy(Policy):
    """A policy given as a function and the modules it runs.

    `run(frames, instructions)` gives scores of shape (batch, action). `decoder` is the
    transformers model whose attention feeds the action; `module`, by default the decoder,
    is the whole network. `action_rows` may be negative (from the end of the sequence).
    """

    family = "callable"

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Frame], Sequence[str]], ActionScores],
        decoder: nn.Module,
        *,
        module: nn.Module | None = None,
        action_names: Sequence[str] | None = None,
        action_rows: Sequence[int] = (-1,),
        token_count: Callable[[str], int] | None = None,
    ) -> None:
        super().__init__(name)
        self._run = run
        self._decoder = decoder
        self._module = module or decoder
        self._action_names = tuple(action_names) if action_names else None
        self._action_rows = tuple(action_rows)
        self._token_count = token_count

    @property
    def module(self) -> nn.Module:
        """The whole network, or the decoder where none was given."""
        return self._module

    @property
    def decoder(self) -> nn.Module:
        """The transformers model that was given."""
        return self._decoder

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """As given; None is a continuous action."""
        return self._action_names

    def act(self, frames: Sequence[Frame], instructions: Sequence[str]) -> ActionScores:
        """Calls `run`."""
        return self._run(frames, instructions)

    def action_rows(self, sequence_length: int) -> tuple[int, ...]:
        """As given, counted from the start."""
        return tuple(row + sequence_length if row < 0 else row for row in self._action_rows)

    def token_count(self, instruction: str) -> int | None:
        """As the given function counts; None without one."""
        return self._token_count(instruction) if self._token_count else None
