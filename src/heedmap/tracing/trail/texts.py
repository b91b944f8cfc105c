"""Which texts a policy encodes: the instruction while it is not yet token ids.

The calls of Python functions in one run are watched. A function that is given a text and returns
numbers encodes it (as token ids, a one-hot code, an embedding); the innermost of such calls is
given the text as it is after every prompt and template. So an instruction that is missing from that
text was lost before the tokenizer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
import torch

DEEPEST = 4
"""A batch of prompts, each a list of words with their kinds."""
MOST_PARTS = 512
"""Strings of one argument that are read; a vocabulary is no text."""
MOST_LETTERS = 20_000

_LIBRARIES = ("torch", "numpy", "importlib", "collections", "functools", "inspect", "logging")
"""Their strings are names of modes and attributes."""


class EncodedText(NamedTuple):
    """A text that became numbers, and the function that it was given to."""

    text: str
    by: str
    """"tokenizer.Tokenizer.encode"."""


@contextmanager
def watching_texts() -> Iterator[list[EncodedText]]:
    """Within it, the texts that become numbers are noted; a profiler that runs keeps running.

    Nothing is noted while another profiler is set.
    """
    seen = list[EncodedText]()
    if sys.getprofile() is not None:
        yield seen
        return
    sys.setprofile(_Watch(seen))
    try:
        yield seen
    finally:
        sys.setprofile(None)


@dataclass
class _Call:
    """A call that has not returned: the texts it was given."""

    texts: list[str]
    has_encoded_within: bool = False


class _Watch:
    """Called by Python at every call and return of a function."""

    def __init__(self, seen: list[EncodedText]) -> None:
        self._seen = seen
        self._calls: list[_Call | None] = []

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        if event == "call":
            self._calls.append(_begun(frame))
        elif event == "return" and self._calls:
            self._ended(self._calls.pop(), frame, value)

    def _ended(self, call: _Call | None, frame: FrameType, value: Any) -> None:
        if call is None:
            return
        encodes = call.has_encoded_within
        if not encodes and _holds_numbers(value):
            name = f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_qualname}"
            passed_on = words_of(_text_in(value) or "")  # as a function that makes a batch does
            texts = [text for text in call.texts if not words_of(text) & passed_on]
            self._seen += [EncodedText(text, name) for text in texts]
            encodes = bool(texts)
        if encodes:
            for outer in self._calls:
                if outer is not None:
                    outer.has_encoded_within = True


def _begun(frame: FrameType) -> _Call | None:
    """The call's texts; None where it has none."""
    code = frame.f_code
    if frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        return None
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # *args, **kwargs
    given = [frame.f_locals.get(name) for name in code.co_varnames[:count]]
    texts = [text for value in given if (text := _text_in(value)) is not None]
    return _Call(texts) if texts else None


def _text_in(value: Any) -> str | None:
    """The strings of one argument as one text; None where it is none, or a name or a mode.

    A list of nothing but empty strings is a text: that of a prompt that was never filled.
    """
    if isinstance(value, str):
        parts = value.split()
        if len(parts) < 2:
            return None
    elif isinstance(value, list | tuple | dict):
        parts = list[str]()
        _gather(value, parts, DEEPEST)
    else:
        return None
    if len(parts) > MOST_PARTS or sum(map(len, parts)) > MOST_LETTERS:
        return None
    text = " ".join(parts)
    if parts and not text.strip():
        return ""
    is_text = any("_" not in word and any(map(str.isalpha, word)) for word in text.split())
    return text if is_text else None


def _gather(value: Any, parts: list[str], depth: int) -> None:
    if isinstance(value, str):
        parts.append(value)
    elif depth and len(parts) <= MOST_PARTS and isinstance(value, list | tuple | dict):
        if len(value) > MOST_PARTS:
            return
        for each in value.values() if isinstance(value, dict) else value:
            _gather(each, parts, depth - 1)


def _holds_numbers(value: Any, depth: int = DEEPEST) -> bool:
    """Whether it is a sequence of numbers, or holds one."""
    if isinstance(value, torch.Tensor):
        return value.dtype != torch.bool and value.ndim > 0
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iuf" and value.ndim > 0
    if isinstance(value, list | tuple):
        is_row = bool(value) and all(type(each) in (int, float) for each in value)
        return is_row or (depth > 0 and any(_holds_numbers(each, depth - 1) for each in value[:8]))
    if isinstance(value, Mapping) and depth:
        return any(_holds_numbers(each, depth - 1) for each in list(value.values())[:16])
    return False


def words_of(text: str) -> set[str]:
    """Its words, without capitals and the punctuation around them."""
    return {word.strip(".,:;!?\"'()<>[]") for word in text.casefold().split()}
