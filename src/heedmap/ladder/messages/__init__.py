"""Every sentence that a user reads, from a Fluent catalogue: `say(key, language, **values)`.

The catalogues are the `.ftl` files of this package, one folder per language and one file per topic;
all files of a language share one set of keys. Figures are written by `numbers.py` before they
become values. The package imports nothing heavy: Fluent is loaded with the first sentence.

A call without a language is said in that of the terminal: English, or what `speak` was given. What
is stored names its language, so that a record is the same whatever the terminal speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedmap.particles import with_particle
from heedmap.phrase import Language as Language
from heedmap.phrase import in_language
from heedmap.phrase import speak as speak
from heedmap.phrase import spoken as spoken

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

LANGUAGES: tuple[Language, ...] = ("en", "ko")

Value = str | int
"""What a message is filled with; a Phrase is said in the message's language.

A float is a figure and is written by `numbers.py` first.
"""


MOST_LETTERS = 900
"""Of a text in a message; Fluent takes no more than a thousand."""


class MessageError(LookupError):
    """No such message, or a value that it needs is missing: a mistake of the program."""


def say(key: str, language: Language | None = None, **values: Value) -> str:
    """A message with its values filled in.

    Raises MessageError where the catalogue lacks the message, or the call lacks a value.
    """
    language = language or spoken()
    bundle = _bundle_with(key, language)
    if bundle is None:
        raise MessageError(f"no message {key!r} in language {language!r}")
    pattern = bundle.get_message(key).value
    if pattern is None:
        raise MessageError(f"message {key!r} has no text in language {language!r}")
    text, errors = bundle.format_pattern(
        pattern, {k: _as_argument(in_language(v, language)) for k, v in values.items()}
    )
    if errors:
        raise MessageError(f"message {key!r} in language {language!r}: {errors[0]}")
    return str(text)


def has_message(key: str, language: Language | None = None) -> bool:
    """Whether the catalogue holds a message of this name."""
    return key in _sources(language or spoken())


def words_in(language: Language | None) -> Callable[..., str]:
    """The function `say` for one language.

    As in `words = words_in("ko")`, then `words(key, **values)`.
    """
    return partial(say, language=language)


def catalogue_files(language: Language) -> list[Path]:
    """The files that hold a language's messages."""
    return sorted((Path(__file__).parent / language).glob("*.ftl"))


_ENTRY = re.compile(r"^([a-z]\w*) = .*\n(?:(?:[ \t].*)?\n)*", re.MULTILINE)
"""A message and the lines that go on with it."""


@lru_cache
def _sources(language: Language) -> dict[str, str]:
    """Every message of a language as it is written, by key."""
    texts = (f"{path.read_text(encoding='utf-8')}\n" for path in catalogue_files(language))
    return {found[1]: found[0] for text in texts for found in _ENTRY.finditer(text)}


def _bundle_with(key: str, language: Language) -> FluentBundle | None:
    """What holds the message; None where there is none.

    Most commands say few of them, and parsing them all takes half a second.
    """
    source, bundle = _sources(language).get(key), _bundle(language)
    if source is None:
        return None
    if not bundle.has_message(key):
        from fluent.runtime import FluentResource

        bundle.add_resource(FluentResource(source))
    return bundle


@lru_cache
def _bundle(language: Language) -> FluentBundle:
    """The messages of a language that were said.

    Fluent's isolation marks are off: terminals show them as boxes, and the page isolates names
    with <bdi>.
    """
    from fluent.runtime import FluentBundle

    functions: dict[str, Callable[..., Any]] = {"JOSA": _josa, "COUNT": _count, "RANGE": _range}
    return FluentBundle([language], functions=functions, use_isolating=False)


def _josa(word: object, pair: object) -> str:
    """As a Fluent function: `JOSA($name, "은/는")`."""
    return with_particle(str(word), str(pair))


def _count(number: object, forms: object) -> str:
    """As a Fluent function: `COUNT($frames, "frame/frames")` is "1 frame" or "8 frames"."""
    one, other = str(forms).split("/")
    return f"{number} {one if str(number) == '1' else other}"


def _range(numbers: object, forms: object) -> str:
    """As a Fluent function: `RANGE($at, "position/positions")` is "position 3", "positions 3-5"."""
    one, other = str(forms).split("/")
    return f"{one if str(numbers).isdigit() else other} {numbers}"


def _as_argument(value: Value) -> object:
    """A number chooses the plural, and is written without separators of thousands.

    Of a very long text the middle is left out.
    """
    if isinstance(value, str):
        half = MOST_LETTERS // 2
        return value if len(value) <= MOST_LETTERS else f"{value[:half]} ... {value[-half:]}"
    from fluent.runtime.types import fluent_number

    return fluent_number(value, useGrouping=False)
