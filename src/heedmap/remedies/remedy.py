"""What a remedy must offer, and which are tried for which cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from heedmap.errors import RemedyError
from heedmap.ladder.causes import Cause
from heedmap.policies.base import Policy
from heedmap.remedies.guidance import WEIGHTS, Guided, choose_null
from heedmap.remedies.questions import Questions
from heedmap.remedies.result import REMEDIES, NullBranch, RemedyName

READS_TOO_LITTLE: frozenset[Cause] = frozenset(
    {"unattended", "unused", "confounded", "state_decides", "partial", "not_identified", "none"}
)
"""Words may arrive, but the action rests on them too little."""


@dataclass(frozen=True)
class Setting:
    """What a remedy may look at: the policy as it is, and what it is asked."""

    policy: Policy
    questions: Questions

    @cached_property
    def null(self) -> tuple[NullBranch, tuple[str, ...]]:
        """The null branch of guidance, chosen once."""
        return choose_null(self.policy, self.questions.trials, self.questions.texts)


class Remedy(Protocol):
    """One change of how a policy is run, in one setting."""

    @property
    def name(self) -> RemedyName:
        """Its code."""
        ...

    @property
    def setting(self) -> str:
        """What it is set to; empty where there is nothing to set."""
        ...

    @property
    def is_untrained(self) -> bool:
        """Whether it gives the weights what they were never trained on."""
        ...

    def fits(self, cause: Cause) -> bool:
        """Whether it could help against this cause."""
        ...

    def apply(self, setting: Setting) -> Policy:
        """The policy with the remedy. Raises RemedyError, in one sentence, where it has no place."""
        ...


@dataclass(frozen=True)
class Guidance:
    """Guidance with one weight."""

    weight: float
    name: RemedyName = "guidance"
    is_untrained: bool = False

    @property
    def setting(self) -> str:
        """The weight."""
        return f"w = {self.weight:g}"

    def fits(self, cause: Cause) -> bool:
        """Where words may arrive."""
        return cause in READS_TOO_LITTLE

    def apply(self, setting: Setting) -> Policy:
        """Guided against the null branch that the setting chose."""
        return Guided(setting.policy, self.weight, setting.null[1])


Makes = Callable[[Sequence[float]], Sequence[Remedy]]
"""From the weights of guidance to remedies, each in one setting."""


@dataclass(frozen=True)
class Shelf:
    """Remedies by name, each in its settings."""

    by_name: Mapping[RemedyName, Sequence[Remedy]] = field(default_factory=dict)

    def chosen(self, cause: Cause, names: Sequence[str]) -> list[Remedy]:
        """Those that are named; where none is, those that fit the cause.

        Raises RemedyError for a name that is not known.
        """
        for name in names:
            if name not in self.by_name:
                raise RemedyError(
                    f"'{name}' is no remedy that can be tried here; write one or several of "
                    f"{', '.join(self.by_name)}."
                )
        all_of_them = [(name, remedy) for name in REMEDIES for remedy in self.by_name.get(name, ())]
        if names:
            return [remedy for name, remedy in all_of_them if name in names]
        return [remedy for _, remedy in all_of_them if remedy.fits(cause)]


def shelf(weights: Sequence[float] = WEIGHTS) -> Shelf:
    """Every remedy at inference, guidance with these weights."""
    remedies: list[Remedy] = [Guidance(weight) for weight in weights]
    by_name: dict[RemedyName, list[Remedy]] = {}
    for remedy in remedies:
        by_name.setdefault(remedy.name, []).append(remedy)
    return Shelf(by_name)
