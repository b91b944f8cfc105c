"""Task files in LIBERO's form of BDDL: what a task asks for, and what LIBERO says to the policy.

LIBERO gives the policy words made from the *name* of the file; the field `(:language ...)`
inside the file is what the task asks for, and what suites that change the instruction change.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from heedmap.errors import InstructionError
from heedmap.phrase import Phrase
from heedmap.report.words.files import read_text
from heedmap.report.words.texts import Instruction, Unreadable

MOST_BYTES = 1_000_000
"""A task file has a few kilobytes."""
RECORDED = ("libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90")
"""Suites of LIBERO's demonstrations, whose data sets have the words of the file names."""

_COMMENT = re.compile(r";[^\n]*")
_TOKEN = re.compile(r"[()]|[^\s()]+")


def language_field(text: str, what: str) -> str | None:
    """The words of `(:language ...)` as they are written; None where there is no such field.

    Raises InstructionError, in one sentence, for parentheses that do not match.
    """
    text = _COMMENT.sub("", text)
    depth, found, begin = 0, None, None
    previous = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if begin is not None and depth == begin[1] - 1:
                found, begin = text[begin[0] : match.start()], None
            if depth < 0:
                raise _unmatched(
                    what, Phrase("one ')' too many"), text.count("\n", 0, match.start()) + 1
                )
        elif token.lower() == ":language" and previous == "(" and found is None and begin is None:
            begin = match.end(), depth
        previous = token
    if depth or not previous:
        lacking = (
            Phrase("{depth} ')' missing at the end", depth=depth)
            if previous
            else Phrase("nothing in it")
        )
        raise _unmatched(what, lacking, text.count("\n") + 1)
    return None if found is None else " ".join(found.split())


def said_by_name(stem: str) -> str:
    """What LIBERO makes of a file's name (without `.bddl`) and gives to the policy.

    Its rule, to the letter: a name that begins with a capital has a scene in front, which is cut
    off at a fixed distance behind "SCENE", wherever that is.
    """
    if stem[:1].isupper():
        stem = stem[stem.find("SCENE") + (8 if "SCENE10" in stem else 7) :]
    return " ".join(stem.split("_"))


def read_tasks(
    files: Sequence[Path], root: Path, left_out: list[Unreadable], *, says_language: bool
) -> list[Instruction]:
    """The tasks of some BDDL files, each with what the suite it was made from asks for.

    Files that cannot be read are added to `left_out`.

    `says_language`: the evaluation gives the policy the field instead of the file's name. Raises
    InstructionError where none of the files can be read.
    """
    fields: dict[Path, str | InstructionError | None] = {}

    def asked_in(path: Path) -> str | InstructionError | None:
        if path not in fields:
            try:
                fields[path] = language_field(
                    read_text(path, MOST_BYTES, Phrase("task file")), str(path)
                )
            except InstructionError as error:
                fields[path] = error
        return fields[path]

    suites: dict[Path, list[Path]] = {}
    tasks: list[Instruction] = []
    errors: list[InstructionError] = []
    for path in files:
        if path.parent not in suites:
            suites[path.parent] = _made_from(path.parent)
        bases = (folder / path.name for folder in suites[path.parent])
        base = next((each for each in bases if each.is_file()), None)
        place = str(path.relative_to(root)) if path != root else path.name
        asked = asked_in(path)
        if isinstance(asked, InstructionError):
            errors.append(asked)
            left_out.append((place, asked.phrase))
            continue
        before = None if base is None else asked_in(base)
        tasks.append(
            Instruction(
                said=asked if says_language and asked is not None else said_by_name(path.stem),
                place=place,
                asked=asked,
                suite=path.parent.resolve().name,
                base=None if isinstance(before, InstructionError) else before,
            )
        )
    if errors and not tasks:
        raise errors[0]
    return tasks


def _made_from(suite: Path) -> list[Path]:
    """Suites beside this one whose names it carries on, as `libero_goal_lan` does `libero_goal`.

    A suite that others carry on, or that LIBERO recorded, is made from itself.
    """
    suite = suite.resolve()
    parts = suite.name.split("_")
    names = ("_".join(parts[:count]) for count in range(1, len(parts)))
    found = [before for name in names if name and (before := suite.parent / name).is_dir()]
    is_base = suite.name in RECORDED or any(suite.parent.glob(f"{glob.escape(suite.name)}_*/"))
    return [*found, suite] if is_base else found


def _unmatched(what: str, why: str, line: int) -> InstructionError:
    return InstructionError(
        "The task file {what} is no BDDL: {why} (line {line}); expected (define (problem ...) ... "
        "(:language ...)) with matching parentheses.",
        what=what,
        why=why,
        line=line,
    )
