"""Options and inputs that the benchmarks share."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from heedmap.data.pixels import Frame

_WHERE = ("left", "right", "forward", "back")
_WHAT = ("key", "ball", "box", "door", "chair", "table", "shelf", "window")


def add_common(parser: argparse.ArgumentParser, *, lengths: bool) -> None:
    """Size, dtype, length, rounds and the file for the rows."""
    parser.add_argument("--size", choices=("real", "small"), default="small")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="add the rows to this file of JSON lines")
    if lengths:
        parser.add_argument("--length", type=int, nargs="+", default=[257])


def frame_of(number: int) -> Frame:
    """A seeded random image."""
    return np.random.default_rng(number).integers(0, 256, (224, 224, 3), dtype=np.uint8)


def instruction(number: int) -> str:
    """One of 32 instructions of twelve words that begin alike, as people write them."""
    where, what = _WHERE[number % 4], _WHAT[number // 4 % 8]
    return f"please navigate to the {where} side until you reach the {what} there"


def unlike_instruction(number: int) -> str:
    """One of many instructions of 6 to 12 words that share no word at the start."""
    words = [f"word{number}", *(f"w{number * 7 + index}" for index in range(5 + number % 7))]
    return " ".join(words)
