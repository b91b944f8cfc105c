"""JSON and YAML from outside: bounded, parsed without surprises, and held against a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from heedmap.data.gates.files import MOST_TEXT_BYTES, read_bytes, read_text
from heedmap.errors import HeedmapError, without_stop
from heedmap.phrase import Phrase, phrase_of

MOST_YAML_BYTES = 4 * 2**20
MOST_NESTED = 64
"""Levels of lists and mappings: no file that people write has as many."""

Schema = TypeVar("Schema")


def json_of(content: bytes | str, *, finite: bool = True) -> Any:
    """The value of a JSON text. Raises ValueError, in one line, for whatever is no such text.

    NaN and infinity are no JSON (but, where not `finite`, Python's writers use them); a key may
    come once; nothing is nested deeper than `MOST_NESTED` levels.
    """
    constant = _no_number if finite else None
    try:
        found = json.loads(content, parse_constant=constant, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError(_too_deep()) from error
    _check_depth(found)
    return found


def yaml_of(text: str) -> Any:
    """The value of a YAML text. Raises ValueError, in one line, for whatever is no such text.

    Aliases are refused: a few bytes of them can stand for any amount. So are keys that come
    twice, and merges.
    """
    try:
        check_events(text)
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(yaml_problem(error)) from error
    except RecursionError as error:
        raise ValueError(_too_deep()) from error


def check_events(text: str) -> None:
    """What a YAML text holds, looked at before anything is made of it.

    Raises ValueError for aliases and what is nested too deep, YAMLError for what is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, _Parser):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(
                Phrase("it has aliases (*name), which can stand for any amount; write them out")
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTED:
            raise ValueError(_too_deep())


def yaml_problem(error: yaml.YAMLError) -> str:
    """What a parser says, with the line, in one line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if mark is None:
        return str(problem)
    return Phrase("line {line}: {problem}", line=mark.line + 1, problem=problem)


def checked(schema: TypeAdapter[Schema], content: Any) -> Schema:
    """The content as the schema has it. Raises ValueError with the first place that does not."""
    try:
        return schema.validate_python(content)
    except ValidationError as error:
        raise ValueError(first_misfit(error)) from error


def first_misfit(error: ValidationError) -> str:
    """The first thing that does not fit a schema, and where: "2.text: Field required"."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    where = place or Phrase("the file")
    misfit = first["msg"].removeprefix("Value error, ")
    return Phrase("{where}: {misfit}", where=where, misfit=misfit)


def read_yaml(
    path: Path, schema: TypeAdapter[Schema], what: str, expected: str, error: type[HeedmapError]
) -> Schema:
    """A YAML file as its schema has it.

    Raises `error` in one sentence: the file, which goes by `what`, is missing, too large, no YAML,
    or not `expected`.
    """
    text = read_text(path, what, error, MOST_YAML_BYTES)
    try:
        content = yaml_of(text)
    except ValueError as cause:
        raise error(
            "The {what} {path} cannot be read: {why}.", what=what, path=path, why=_short(cause)
        ) from cause
    return _fitting(content, schema, _unlike(what, path, expected), error)


def read_json(
    path: Path,
    schema: TypeAdapter[Schema],
    what: str,
    expected: str,
    error: type[HeedmapError],
    most: int = MOST_TEXT_BYTES,
) -> Schema:
    """A JSON file as its schema has it. Raises `error` as `read_yaml`."""
    content = read_bytes(path, what, error, most)
    try:
        found = json_of(content)
    except ValueError as cause:
        raise error(
            "The {what} {path} cannot be read as JSON: {why}.",
            what=what,
            path=path,
            why=_short(cause),
        ) from cause
    return _fitting(found, schema, _unlike(what, path, expected), error)


def _fitting(
    content: Any, schema: TypeAdapter[Schema], otherwise: str, error: type[HeedmapError]
) -> Schema:
    try:
        return checked(schema, content)
    except (ValueError, RecursionError) as cause:
        raise error("{otherwise}: {why}.", otherwise=otherwise, why=_short(cause)) from cause


def _unlike(what: str, path: Path, expected: str) -> Phrase:
    return Phrase("The {what} {path} is not {expected}", what=what, path=path, expected=expected)


def _short(cause: Exception) -> str:
    return without_stop(phrase_of(cause) or str(cause))


def _too_deep() -> Phrase:
    return Phrase("it is nested deeper than {most} levels", most=MOST_NESTED)


def _twice(key: object) -> Phrase:
    return Phrase("the key '{key}' is there twice", key=key)


_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):
    """Plain values; a date that is none stays a text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Each key once."""
        found = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = next((key for key in keys if keys.count(key) > 1), "a key")
            raise yaml.constructor.ConstructorError(None, None, _twice(twice), node.start_mark)
        return found

    def construct_yaml_timestamp(self, node: Any) -> Any:
        """2026-02-30 looks like a date."""
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return node.value

    def construct_yaml_int(self, node: Any) -> Any:
        """Python makes no number of thousands of digits."""
        try:
            return super().construct_yaml_int(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _check_depth(content: Any) -> None:
    ahead = [(content, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > MOST_NESTED:
            raise ValueError(_too_deep())
        inside = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            ahead += [(each, depth + 1) for each in inside if isinstance(each, dict | list)]


def _no_number(name: str) -> NoReturn:
    raise ValueError(Phrase("it holds {name}, which is no number", name=name))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_twice(twice))
    return found
