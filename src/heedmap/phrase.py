"""A sentence with its parts kept, so that it can be said in another language later.

An error is raised far below whoever knows the reader's language. It therefore keeps what it was
made of: the English template, which stands in the code where it is used, and the values of its
fields. A Phrase is the English sentence, a str like any other, and `in_language` gives it in
Korean.

Translations are found by their English template, as gettext finds them, in its own format: the
files `translations/ko/ROOM.po`, which every tool for translators opens. They are read as text
rather than compiled to a .mo: no build step and nothing binary that could disagree with its source;
some hundred entries are read in milliseconds, and only where a reader of Korean meets an error.
`tests/test_translations.py` holds that every template has one translation and the other way round.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from heedmap.particles import with_particle

Language = Literal["en", "ko"]

VARIABLE = "HEEDMAP_LANG"

_SPOKEN: ContextVar[Language | None] = ContextVar("spoken_language", default=None)

_FOLDER = Path(__file__).parent / "translations"
_ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', re.MULTILINE)


class Phrase(str):
    """`Phrase("{path} has {length} frames.", path=path, length=3)`: the English text, at once.

    Fields are those of `str.format` and may have format specifications. Without values the
    template is taken as it stands, braces and all. A value may be a Phrase (a part of the sentence
    that is translated by itself), or an error, or another object with a `phrase`, which stands for
    what it says.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: object) -> Phrase:
        """Raises KeyError or ValueError where values and fields do not fit: a mistake of ours."""
        kept = {name: _kept(value) for name, value in values.items()}
        made = super().__new__(cls, _filled(template, kept))
        made.template, made.values = template, kept
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """For copies and pickles."""
        return (self.template,), self.values

    def mapped(self, change: Callable[[str], str]) -> Phrase:
        """The same with its texts changed, those of its parts too."""
        if not self.values:
            return Phrase(change(self.template))
        return Phrase(self.template, **{k: _mapped(v, change) for k, v in self.values.items()})

    def in_language(self, language: str) -> str:
        """The text in a language, by its code ("ko"); in English where that has none of it."""
        translated = _translations(language).get(self.template)
        if translated is None:
            if fields_of(self.template)[1] or not self.values:
                return str(self)
            translated = self.template  # nothing but values in a row
        return _filled(translated, {k: in_language(v, language) for k, v in self.values.items()})


def speak(language: Language | None) -> None:
    """In this context, say what names no language in this one; None: in that of HEEDMAP_LANG."""
    _SPOKEN.set(language)


def spoken() -> Language:
    """What is said in this context where no language is named: of `speak`, or of HEEDMAP_LANG."""
    return _SPOKEN.get() or ("ko" if os.environ.get(VARIABLE) == "ko" else "en")


def in_language(value: Any, language: str) -> Any:
    """A Phrase in a language; anything else as it is."""
    return value.in_language(language) if isinstance(value, Phrase) else value


def said_again(text: str, language: str) -> str:
    """A text that was kept in English, such as why a cell failed, in a language.

    The template with the longest words of its own that it fits is what it was made of, and so are
    its parts. As it is where it fits none: then heedmap does not say it, or did so no longer.
    """
    for template in _wordy(language):
        if (match := _fit(template, text)) is not None:
            parts = {k: _Written(said_again(v, language)) for k, v in match.groupdict().items()}
            return _filled(_translations(language)[template], parts)
    return text


def in_a_row(parts: Iterable[object], between: str = ", ") -> Phrase:
    """Several one after the other, each of which may be a Phrase, and so may what is `between`."""
    named: dict[str, object] = {f"part_{number}": part for number, part in enumerate(parts)}
    template = "{between}".join(f"{{{name}}}" for name in named)
    return Phrase(template, between=between, **named)


def fields_of(template: str) -> tuple[list[str], bool]:
    """The fields of a template, each with its specification, and whether it has words besides."""
    parts = _parts(template)
    fields = [f"{name}:{spec}" for _, name, spec, _ in parts if name]
    return fields, any(letter.isalpha() for literal, *_ in parts for letter in literal)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Phrase):
        return value.mapped(change)
    return change(value) if isinstance(value, str) else value


def phrase_of(error: BaseException) -> Phrase | None:
    """What an error of ours says, or any that was raised with a Phrase; None for a library's."""
    said = getattr(error, "phrase", error.args[0] if error.args else None)
    return said if isinstance(said, Phrase) else None


def _kept(value: object) -> object:
    """What a phrase holds on to: texts and numbers, never a tensor or another's object."""
    is_error = isinstance(value, BaseException)
    said = (phrase_of(value) if is_error else getattr(value, "phrase", None)) or value
    if isinstance(said, Phrase | bool):
        return said
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return str(value)


def _filled(template: str, values: dict[str, Any]) -> str:
    """A template with its values.

    In a translation a field without a name is a Korean particle, which fits what stands before it:
    "'{path}'{:을/를}".
    """
    if not values:
        return template
    text = ""
    for literal, name, spec, _ in Formatter().parse(template):
        text += literal
        if name:
            text += format(values[name], spec or "")
        elif name is not None:
            text = with_particle(text, spec or "")
    return text


def _parts(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """Literals and fields in turn; one whose braces are none is a literal whole."""
    try:
        return list(Formatter().parse(template))
    except ValueError:
        return [(template, None, None, None)]


class _Written(str):
    """A figure that was formatted already."""

    def __format__(self, spec: str) -> str:
        return str(self)


@lru_cache
def _wordy(language: str) -> list[str]:
    """Templates by the length of their words; none that a name of the user's may be."""

    def words(template: str) -> str:
        return "".join(literal for literal, *_ in _parts(template))

    known = (each for each in _translations(language) if " " in words(each).strip())
    return sorted(known, key=lambda each: len(words(each)), reverse=True)


def _fit(template: str, text: str) -> re.Match[str] | None:
    """The fields of a template in a text that may be made of it."""
    parts = _parts(template)
    if not all(literal in text for literal, *_ in parts):
        return None
    pattern, seen = "", set[str]()
    for literal, name, *_ in parts:
        pattern += re.escape(literal)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
    return re.fullmatch(pattern, text, re.DOTALL)


@lru_cache
def _translations(language: str) -> dict[str, str]:
    """Every translation into a language, by its English template."""
    texts = (path.read_text(encoding="utf-8") for path in _FOLDER.joinpath(language).glob("*.po"))
    return {_unquoted(en): _unquoted(said) for text in texts for en, said in _ENTRY.findall(text)}


def _unquoted(lines: str) -> str:
    return "".join(json.loads(line) for line in lines.splitlines())
