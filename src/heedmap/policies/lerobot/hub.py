"""What LeRobot's files name on the Hugging Face hub, and what is done about it.

A checkpoint may name its tokenizer or backbone only by an id of the hub. Such an id is replaced by
a local folder where the user gives one, and fetched only where the user allows it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from heedmap.errors import CheckpointError, PolicyError

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_QUOTED_ID = re.compile(r"['\"]([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)['\"]")
_NOT_READ = ("repo_id", "pretrained_path", "license")
"""Settings that name where a policy came from or went to: loading it does not read them."""


def is_id(text: object) -> bool:
    """Whether a value has the form of an id, OWNER/NAME, and is no path on this machine."""
    return isinstance(text, str) and bool(_ID.fullmatch(text)) and not Path(text).exists()


def ids_in(settings: Mapping[str, Any]) -> dict[str, str]:
    """Ids of the hub among settings, by the setting's name."""
    return {k: v for k, v in settings.items() if is_id(v) and k not in _NOT_READ}


def parse_pairs(text: str, setting: str) -> dict[str, str]:
    """`one:two,three:four` as pairs; the first colon parts them. Raises PolicyError for others."""
    pairs = [part.partition(":") for part in text.split(",") if part]
    if not pairs or any(not (one and two) for one, _, two in pairs):
        raise PolicyError(
            "The setting '{setting}={text}' cannot be read; write FROM:TO,FROM:TO.",
            setting=setting,
            text=text,
        )
    return {one: two for one, _, two in pairs}


@contextmanager
def offline(is_offline: bool) -> Iterator[None]:
    """Inside, nothing is fetched from the hub, whatever code asks for it.

    The hub's library reads its environment once, on import, and this constant on every request.
    """
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or is_offline
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def without_code(is_forbidden: bool) -> Iterator[None]:
    """Inside, transformers runs no Python file of a model's, whatever code asks it to.

    Some of LeRobot's policies load tokenizers with `trust_remote_code=True` whatever the user said.
    """
    dynamic: Any = importlib.import_module("transformers.dynamic_module_utils")
    before = dynamic.get_class_in_module

    def refuse(name: object, path: object, *args: object, **options: object) -> None:
        raise CheckpointError(
            "The policy loads '{name}' from Python code of a model's own ({path}); nothing was "
            "run. Read it, and if you trust it, add --trust-remote-code.",
            name=name,
            path=path,
        )

    dynamic.get_class_in_module = refuse if is_forbidden else before
    try:
        yield
    finally:
        dynamic.get_class_in_module = before


def missing_id(error: BaseException, known: set[str]) -> str | None:
    """The id that a failed load was about, as far as the error and what led to it tell."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        texts.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    whole = " ".join(texts)
    if not re.search(r"huggingface|hub|offline|cached|local folder|identifier", whole, re.I):
        return None
    named = [each for each in sorted(known) if each in whole]
    named += [each for each in _QUOTED_ID.findall(whole) if is_id(each)]
    if named:
        return named[0]
    return next(iter(known)) if len(known) == 1 else None
