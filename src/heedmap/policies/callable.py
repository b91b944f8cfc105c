"""Adapter for any policy that can be called, around any torch module."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, final

from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import PolicyError
from heedmap.policies.base import ActionScores, Policy
from heedmap.visible import whole_characters


@final
class CallablePolicy(Policy):
    """A policy given as a function and the torch module that it runs.

    `run(frames, instructions)` gives scores of shape (batch, action): logits where
    `action_names` are given, or values. It gets uint8 RGB arrays; with
    `takes_observations`, `Observation`s, which hold several cameras and a state.
    `transformer` narrows the search for the transformer that feeds the action to a module
    inside `module`. `token_count` counts the tokens of an instruction. `noise_seed` pins
    the noise of a stochastic or flow-matching head, which draws from torch's generators.
    `reset` empties what a policy keeps between its calls, such as a queue of actions; left out, the
    method `reset` of `run`'s object or of the module is called, where there is one.

    `run` may also give numpy, a list, a dict with "action", or chunks (batch, step, dim); see
    `heedmap.policies.outputs`.

    `run` need not take more than one example: where a batch fails whenever it is tried, examples
    run one by one. For an instruction that it cannot take (too long, say) `run` or `token_count`
    raises `heedmap.errors.InstructionError`; any other exception ends the audit with a
    PolicyRunError that says what was being measured.
    """

    family = "callable"

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Any], Sequence[str]], Any],
        module: nn.Module,
        *,
        action_names: Sequence[str] | None = None,
        transformer: nn.Module | None = None,
        token_count: Callable[[str], int] | None = None,
        special_ids: Sequence[int] = (),
        takes_observations: bool = False,
        noise_seed: int | None = None,
        reset: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(name)
        self._run = run
        self._module = module
        self._action_names = tuple(map(whole_characters, action_names)) if action_names else None
        self._token_count = token_count
        self._takes_observations = takes_observations
        self.special_ids = tuple(special_ids)
        self.noise_seed = noise_seed
        self._is_in_episode = False
        self._reset = reset if reset is not None else _found_reset(run, module)
        if transformer is not None:
            self.transformer_name = _name_of(transformer, module)

    @property
    def module(self) -> nn.Module:
        """The whole network."""
        return self._module

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """As given; None is a continuous action."""
        return self._action_names

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """Calls `run`, with what the policy keeps between its calls cleared before.

        Inside an episode it is kept.
        """
        if self._reset is not None and not self._is_in_episode:
            self._reset()
        if self._takes_observations:
            return self._run(observations, instructions)
        return self._run([observation.frame for observation in observations], instructions)

    def begin_episode(self) -> None:
        """Clears what the policy keeps, and from here on leaves it to the policy."""
        self._is_in_episode = True
        if self._reset is not None:
            self._reset()

    def token_count(self, instruction: str) -> int | None:
        """As the given function counts; None without one."""
        if self._token_count is None:
            return None
        with self.own_errors([instruction]):
            return self._token_count(instruction)


def _found_reset(run: Callable[..., Any], module: nn.Module) -> Callable[[], Any] | None:
    """The method `reset` of the policy, where it has one that takes nothing."""
    for owner in (getattr(run, "__self__", None), run, module):
        reset = getattr(owner, "reset", None)
        if callable(reset) and _takes_nothing(reset):
            return reset
    return None


def _takes_nothing(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True


def _name_of(inner: nn.Module, module: nn.Module) -> str:
    name = next((name for name, each in module.named_modules() if each is inner), None)
    if name is None:
        raise PolicyError(
            "The transformer that was given ({transformer}) is not inside the module ({module}); "
            "give the module that holds the whole network.",
            transformer=type(inner).__name__,
            module=type(module).__name__,
        )
    return name
