"""Named instructions: checked, and read from `name=text` options or a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from heedmap.data.gates.documents import read_yaml
from heedmap.errors import InstructionError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase
from heedmap.visible import whole_characters


class CaseInstruction(Frozen):
    """One entry of a case's `instructions.yaml`."""

    name: str
    text: str
    expert_action: str | None = None
    paraphrases: tuple[str, ...] = ()
    recorded: bool = False
    """Whether the frame came with this instruction in its data set."""


INSTRUCTION = Phrase("instruction")
_FILE = TypeAdapter(list[CaseInstruction])


def check_instructions(instructions: Mapping[str, str]) -> None:
    """Raise InstructionError unless there are two or more, named, non-empty and different."""
    if len(instructions) < 2:
        raise InstructionError(
            "An audit compares instructions, so it needs at least two; got {count}. Add another, "
            'such as --instruction right="go to the right".',
            count=len(instructions),
        )
    for name, text in instructions.items():
        if not name.strip() or not text.strip():
            raise InstructionError("The instruction '{name}' is empty; give it words.", name=name)
        if whole_characters(name + text) != name + text:
            raise InstructionError(
                "The instruction '{name}' holds bytes that are no text ('{text}'); write it in "
                "UTF-8.",
                name=name,
                text=text,
            )
    for name, text in instructions.items():
        twin = next((n for n, t in instructions.items() if n != name and t == text), None)
        if twin is not None:
            raise InstructionError(
                "The instructions '{name}' and '{twin}' have the same text, so nothing can differ "
                "between them; change one.",
                name=name,
                twin=twin,
            )


def check_expected_actions(expected: Mapping[str, str], instructions: Mapping[str, str]) -> None:
    """Raise InstructionError for an expectation whose instruction was not given."""
    for name in expected:
        if name not in instructions:
            raise InstructionError(
                "An action is expected for the instruction '{name}', but the instructions are "
                "{instructions}.",
                name=name,
                instructions=", ".join(instructions),
            )


def parse_repeated(options: Sequence[str], what: str) -> dict[str, tuple[str, ...]]:
    """Read `name=text` options of which a name may have several. Raises as `parse_named`."""
    parsed: dict[str, tuple[str, ...]] = {}
    for option in options:
        for name, text in parse_named([option], what).items():
            parsed[name] = (*parsed.get(name, ()), text)
    return parsed


def parse_named(options: Sequence[str], what: str = INSTRUCTION) -> dict[str, str]:
    """Read `name=text` options in order.

    Raises InstructionError for a part without `=`, or a name given twice.
    """
    parsed: dict[str, str] = {}
    for option in options:
        name, separator, text = option.partition("=")
        name = name.strip()
        if not separator or not name:
            raise InstructionError(
                "The {what} '{option}' has no name; write name=text, such as left=\"go to the "
                'left".',
                what=what,
                option=option,
            )
        if name in parsed:
            raise InstructionError(
                "Two {what}s are named '{name}'; rename one.", what=what, name=name
            )
        parsed[name] = text.strip()
    return parsed


def load_instructions(path: Path) -> list[CaseInstruction]:
    """Read a YAML list of `name`, `text` and, if known, `expert_action`.

    Raises InstructionError when the file is missing, no such list, or has equal names.
    """
    entries = read_yaml(
        path,
        _FILE,
        Phrase("instructions file"),
        Phrase("a list of name and text"),
        InstructionError,
    )
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise InstructionError(
                "Two instructions are named '{name}' in {path}; rename one.", name=name, path=path
            )
    if sum(entry.recorded for entry in entries) > 1:
        raise InstructionError(
            "{path} marks more than one instruction as recorded; a frame comes with one.", path=path
        )
    return entries


def dump_instructions(entries: Sequence[CaseInstruction]) -> str:
    """The YAML text that `load_instructions` reads."""
    plain = [entry.model_dump(mode="json", exclude_defaults=True) for entry in entries]
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
