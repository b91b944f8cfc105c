"""Read a grid from YAML; what is wrong is told by line and key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from heedmap.data.gates.documents import MOST_YAML_BYTES, check_events, yaml_of
from heedmap.data.gates.files import read_text
from heedmap.data.instructions import load_instructions
from heedmap.errors import HeedmapError, InputError, first_line_of, without_stop
from heedmap.phrase import Phrase, phrase_of
from heedmap.sweep.grid import Asked, FrameEntry, Grid, PolicyEntry, SpecimenCases

Key = tuple[str | int, ...]
"""Where something stands in the file: ("policies", 1, "name")."""


class GridFile:
    """A grid, and where in its file everything stands. Raises InputError for what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.resolve().parent
        self._lines: dict[Key, int] = {}
        content = self._content()
        try:
            self.grid = Grid.model_validate(content)
        except ValidationError as error:
            # A key that is written wrongly also lacks: the former says what to mend.
            first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
            raise self.error(first["loc"], self._told(first)) from error

    def error(self, key: Key, message: str) -> InputError:
        """The error that something at this key is wrong."""
        known = key
        while known and known not in self._lines:
            known = known[:-1]
        line = self._lines.get(known, 1)
        written = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in key).lstrip(".")
        place = f", {written}" if written else ""
        return InputError(
            "{path}, line {line}{place}: {message}.",
            path=self.path.name,
            line=line,
            place=place,
            message=without_stop(message),
        )

    def _content(self) -> Any:
        text = read_text(self.path, Phrase("grid"), InputError, MOST_YAML_BYTES)
        try:
            check_events(text)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = 1 if mark is None else mark.line + 1
            problem = getattr(error, "problem", None) or Phrase("it is no YAML")
            raise InputError(
                "{path}, line {line}: {problem}.", path=self.path.name, line=line, problem=problem
            ) from error
        except ValueError as error:
            raise InputError(
                "The grid {path} cannot be read: {why}.", path=self.path, why=error
            ) from error
        if not isinstance(root, yaml.MappingNode):
            raise InputError(
                "{path}, line 1: a grid is a mapping with the keys policies and frames; see "
                "docs/sweep.md.",
                path=self.path.name,
            )
        self._walk(root, ())
        try:
            content = yaml_of(text)
        except ValueError as error:
            raise InputError(
                "The grid {path} cannot be read: {why}.", path=self.path, why=error
            ) from error
        self._read_sets(content.get("instructions"))
        return content

    def _walk(self, node: yaml.Node, key: Key) -> None:
        """Remember the lines of everything below a node; no key may come twice."""
        self._lines[key] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            for index, each in enumerate(node.value):
                self._walk(each, (*key, index))
        elif isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                here = (*key, str(name.value))
                if here in self._lines:
                    self._lines[here] = name.start_mark.line + 1
                    raise self.error(here, Phrase("this key is there twice"))
                self._walk(value, here)
                self._lines[here] = name.start_mark.line + 1

    def _read_sets(self, sets: Any) -> None:
        """A set may be the path of a file of instructions."""
        for name, value in sets.items() if isinstance(sets, dict) else ():
            if isinstance(value, str):
                try:
                    entries = load_instructions(self.folder / value)
                except HeedmapError as error:
                    raise self.error(("instructions", str(name)), first_line_of(error)) from error
                sets[name] = {e.name: e.model_dump(exclude={"name"}) for e in entries}

    def _told(self, first: Any) -> str:
        """One error of pydantic, in a sentence that also says what is known."""
        loc: Key = first["loc"]
        if first["type"] == "extra_forbidden":
            known = _known_keys(loc[:-1])
            near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
            hint = (
                Phrase("did you mean '{near}'?", near=near[0])
                if near
                else Phrase("known are {known}", known=", ".join(known))
            )
            return Phrase("there is no such key; {hint}", hint=hint)
        if first["type"] == "missing":
            return Phrase("this key is needed; see docs/sweep.md")
        own = first.get("ctx", {}).get("error")
        said = phrase_of(own) if isinstance(own, ValueError) else None
        message = said or f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        got = first.get("input")
        if isinstance(got, str | int | float | bool):
            return Phrase("{message}, got {got}", message=message, got=repr(got))
        return message


def _known_keys(above: Sequence[str | int]) -> list[str]:
    """Keys that may stand below this place."""
    model: type[BaseModel] = Grid
    if above:
        model = {"policies": PolicyEntry, "frames": FrameEntry}.get(str(above[0]), Asked)
    if "specimen_cases" in above:
        model = SpecimenCases
    return list(model.model_fields)
