"""What a sweep's grid may say: policies, frames, instruction sets, measures, interventions.

Paths are relative to the folder of the grid's file. `grid_file` reads one from YAML and tells
errors by line and key.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from heedmap.data.instructions import CaseInstruction
from heedmap.frozen import Frozen
from heedmap.ladder.evidence import INTERVENTIONS, Intervention
from heedmap.phrase import Phrase, in_a_row

Measure = Literal["attention", "positions"]


def _written_short(value: Any, key: str) -> Any:
    """`text` alone stands for `{key: text}`."""
    return {key: value} if isinstance(value, str) else value


class PolicyEntry(Frozen):
    """One policy, or several where `spec` holds a `*` in its path or specimen's name."""

    spec: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)
    declared: str | None = None
    action_scale: tuple[float, ...] | None = None
    """Of every dimension of continuous actions; left out, measured on the grid's first frames."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _written_short(value, "spec")


class SpecimenCases(Frozen):
    """heedmap's own held-out frame cases, which bring instructions of their own."""

    first: int = Field(default=0, ge=0)
    count: int = Field(ge=1, le=100_000)
    style: Literal["path", "goal"] = "path"


class FrameEntry(Frozen):
    """One source of frames: exactly one of `path`, `cases` and `specimen_cases`."""

    path: str | None = Field(default=None, min_length=1)
    """A file, a glob, a folder of images, an episode, or a data set."""
    cases: str | None = Field(default=None, min_length=1)
    """A folder of case folders."""
    specimen_cases: SpecimenCases | None = None
    episodes: Literal["all"] | tuple[int, ...] | None = None
    """Of a data set; left out, the first."""
    first: int = Field(default=0, ge=0)
    stride: int = Field(default=1, ge=1)
    count: int | None = Field(default=None, ge=1)
    """Frames at most, of every episode."""
    history: int = Field(default=0, ge=0)
    counterfactuals: bool = False
    """Instructions are made from the one that the frame was recorded with."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _written_short(value, "path")

    @model_validator(mode="after")
    def _one_source(self) -> FrameEntry:
        given = [k for k in ("path", "cases", "specimen_cases") if getattr(self, k) is not None]
        if len(given) != 1:
            told = in_a_row(given, Phrase(" and ")) or Phrase("none")
            raise ValueError(
                Phrase("give exactly one of path, cases and specimen_cases, got {told}", told=told)
            )
        if self.path is None and (self.counterfactuals or self.episodes is not None):
            raise ValueError(Phrase("counterfactuals and episodes go with path"))
        return self

    @property
    def brings_instructions(self) -> bool:
        """Whether no set of the grid is put to these frames."""
        return self.path is None or self.counterfactuals


class Asked(Frozen):
    """One instruction of a set."""

    text: str = Field(min_length=1)
    expert_action: str | None = None
    paraphrases: tuple[str, ...] = ()
    recorded: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _written_short(value, "text")

    def named(self, name: str) -> CaseInstruction:
        """In the form of a case's file."""
        return CaseInstruction(name=name, **self.model_dump())


class Grid(Frozen):
    """A sweep: everything in it is put to every policy."""

    policies: tuple[PolicyEntry, ...] = Field(min_length=1)
    frames: tuple[FrameEntry, ...] = Field(min_length=1)
    instructions: dict[str, dict[str, Asked]] = Field(default_factory=dict)
    """Sets by name; every one is put to every frame that brings none of its own."""
    measures: tuple[Measure, ...] = ("attention",)
    interventions: tuple[Intervention, ...] = ("exchange", "cut")
    frames_per_cell: int = Field(default=8, ge=1, le=10_000)
    seed: int = 0
    threads: int = Field(default=1, ge=1, le=1024)
    """Of torch, in every process: the last digits of a sum depend on it."""
    batch: int = Field(default=32, ge=1, le=4096)
    """Examples that run together in rungs 5 and 6."""
    device: str = "cpu"
    """Where policies are moved to, such as `cuda`."""
    scale_frames: int = Field(default=16, ge=1)
    """On which the scale of continuous actions is measured."""

    @field_validator("interventions")
    @classmethod
    def _in_order(cls, value: tuple[Intervention, ...]) -> tuple[Intervention, ...]:
        if value != INTERVENTIONS[: len(value)]:
            raise ValueError(
                Phrase(
                    "each needs those before it: write the first ones of {interventions}",
                    interventions=", ".join(INTERVENTIONS),
                )
            )
        return value

    @field_validator("instructions")
    @classmethod
    def _two_or_more(cls, value: dict[str, dict[str, Asked]]) -> dict[str, dict[str, Asked]]:
        for name, asked in value.items():
            if len(asked) < 2:
                raise ValueError(
                    Phrase("the set '{name}' needs at least two instructions to compare", name=name)
                )
        return value
