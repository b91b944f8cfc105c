"""Choices that several commands of `specimens` offer."""

from __future__ import annotations

from enum import StrEnum


class Wiring(StrEnum):
    """How a specimen's sequence is put together."""

    sound = "sound"
    monavla = "monavla"


class Style(StrEnum):
    """Form of the instructions."""

    path = "path"
    goal = "goal"
