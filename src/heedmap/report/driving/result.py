"""What `heedmap drive` stores: one line an episode, and the settings that all of them share.

An episode is driven once under each *condition*, from the same start, and judged by the same
*target*. The *other* goal is the one that the wrong instruction names; not every environment can
tell whether it was reached. None is what did not come about, or was not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from heedmap.frozen import Frozen

Condition = Literal["right", "wrong", "paraphrase", "blank"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
Goal = Literal["target", "other"]
GOALS: tuple[Goal, ...] = get_args(Goal)
HowCopied = Literal["copied", "replayed"]
NotExchanged = Literal["not_repeatable", "policy_not_repeatable"]

Steps = Annotated[int, Field(ge=0, le=1_000_000)]
Text = Annotated[str, Field(max_length=2_000)]
Name = Annotated[str, Field(max_length=500)]


class Run(Frozen):
    """One episode under one instruction."""

    text: Text
    """As first given; some environments say it anew from where the agent is."""
    steps: Steps
    target_step: Steps | None
    """Steps until the target was reached; None where it was not."""
    other_step: Steps | None
    actions_sha256: Name
    """Of all actions in their order: equal for two runs that did the same."""
    start_sha256: Name | None = None
    """Of what was seen first; None in drives of before it was kept."""


class Exchange(Frozen):
    """The wrong instruction exchanged for the right one at one step, against leaving it."""

    step: Steps
    phase: Name | None
    reached: bool
    """The target, after the exchange."""
    kept_reached: bool
    """The target, from the same state under the wrong instruction, in as many steps."""
    distance: float
    """Of the two actions on this frame: what forward passes alone tell."""


class Steered(Frozen):
    """All exchanges in one episode."""

    how: HowCopied | None
    """How the state was restored; None where it could not be."""
    missing: NotExchanged | None = None
    exchanges: tuple[Exchange, ...] = ()


class Episode(Frozen):
    """All runs from one seed; none where the seed gives no episode."""

    seed: Annotated[int, Field(ge=0)]
    runs: dict[Condition, Run]
    steered: Steered | None = None
    """None where it was not asked for."""


class Settings(Frozen):
    """What every episode of a folder was driven with."""

    schema_version: Literal[1] = 1
    policy: Name
    environment: Name
    options: dict[Name, Text]
    """Of the environment, as given."""
    conditions: tuple[Condition, ...]
    max_steps: Steps
    exchange_every: Steps
    """Steps between exchanges; 0 for none."""
    keeps_state: bool
    """Whether the policy keeps what it saw and was told earlier in the episode."""
    unit: Literal["bits", "raw units"]
    """Of distances between actions."""
    judges_other: bool
    """Whether the environment tells when the goal of the wrong instruction was reached."""


@dataclass(frozen=True)
class Drive:
    """Settings and episodes, by seed; those that give no episode are counted apart."""

    settings: Settings
    episodes: tuple[Episode, ...]
    passed_over: int

    @classmethod
    def of(cls, settings: Settings, lines: Sequence[Episode]) -> Drive:
        """Of the lines of a folder."""
        driven = sorted((each for each in lines if each.runs), key=lambda each: each.seed)
        return cls(settings, tuple(driven), len(lines) - len(driven))

    @property
    def steered(self) -> tuple[Steered, ...]:
        """Of the episodes in which an exchange was tried."""
        return tuple(each.steered for each in self.episodes if each.steered is not None)


class Moment(Frozen):
    """One frame of the strip."""

    step: Steps
    action: Name
    distance: float | None
    """Of this action to that under the other instruction on the same frame."""
    jpeg: Annotated[str, Field(max_length=200_000, pattern=r"\A[A-Za-z0-9+/=]*\z")]
    """In base 64."""


class Strip(Frozen):
    """The first episode under one condition, in a few frames."""

    condition: Condition
    text: Text
    target_step: Steps | None
    other_step: Steps | None
    moments: Annotated[tuple[Moment, ...], Field(max_length=24)]
