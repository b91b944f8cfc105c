"""What a policy keeps between its calls in Python: noted once, and put back before every call.

A cache that was filled by the first instruction is the cause of a stale one. Tensors of the weights
are not touched; a cache is whatever else hangs on the policy or its modules: a value, a list, a
dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.policies.base import ActionScores, Policy
from heedmap.remedies.remedied import Remedied

_OF_TORCH = frozenset(nn.Module().__dict__) - {"training"}
_CONTAINERS = (dict, list, set)


@dataclass(frozen=True)
class Kept:
    """Attributes of a policy and its modules as they were; containers are copied."""

    attributes: tuple[tuple[Any, Mapping[str, tuple[Any, Any]]], ...]
    enclosed: tuple[tuple[Any, Any], ...] = ()
    """Containers in the closure of a callable policy's function, and what they held."""

    @classmethod
    def of(cls, policy: Policy) -> Kept:
        """Before the first call, so that nothing has been kept yet."""
        owners: list[Any] = [*policy.module.modules()]
        owners += [each for each in (policy, _owner_of(policy)) if each is not None]
        held = [cell.cell_contents for cell in getattr(_run_of(policy), "__closure__", None) or ()]
        enclosed = [(each, each.copy()) for each in held if isinstance(each, _CONTAINERS)]
        return cls(tuple((owner, _noted(owner)) for owner in owners), tuple(enclosed))

    def put_back(self) -> None:
        """Everything as it was; attributes that came later go."""
        for owner, before in self.attributes:
            for name in [n for n in vars(owner) if _is_own(n) and n not in before]:
                delattr(owner, name)
            for name, (value, content) in before.items():
                if content is not None:
                    _refill(value, content)
                if vars(owner).get(name) is not value:
                    setattr(owner, name, value)
        for container, content in self.enclosed:
            _refill(container, content)


@final
class Fresh(Remedied):
    """Examples one by one, each from what the policy kept at the beginning: nothing."""

    def __init__(self, inner: Policy, kept: Kept) -> None:
        super().__init__(inner, "no state kept")
        self._kept = kept

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """As the policy inside, started anew for every example."""
        rows: list[torch.Tensor] = []
        for observation, text in zip(observations, instructions, strict=True):
            self._kept.put_back()
            rows.append(self.inner([observation], [text]))
        return torch.cat(rows)


def _owner_of(policy: Policy) -> Any:
    """The object whose method a callable policy runs."""
    owner = getattr(_run_of(policy), "__self__", None)
    return owner if owner is not None and hasattr(owner, "__dict__") else None


def _run_of(policy: Policy) -> Any:
    return getattr(policy, "_run", None)


def _refill(container: Any, content: Any) -> None:
    """Only where it changed: a vocabulary may be large."""
    mine, theirs = (list(c.items() if isinstance(c, dict) else c) for c in (container, content))
    if len(mine) == len(theirs) and all(_is_same(*pair) for pair in zip(mine, theirs, strict=True)):
        return
    container.clear()
    container.extend(content) if isinstance(container, list) else container.update(content)


def _is_same(one: Any, two: Any) -> bool:
    """Of an entry of a dictionary, key and value."""
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(a is b for a, b in zip(one, two, strict=True))
    return one is two


def _noted(owner: Any) -> dict[str, tuple[Any, Any]]:
    return {
        name: (value, value.copy() if isinstance(value, _CONTAINERS) else None)
        for name, value in vars(owner).items()
        if _is_own(name)
    }


def _is_own(name: str) -> bool:
    return name not in _OF_TORCH and name not in ("act_calls", "training")
