"""Named instructions: checked, and read from `name=text` options or a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from heedmap.data.gates.documents import read_yaml
from heedmap.errors import InstructionError
from heedmap.frozen import Frozen
from heedmap.visible import whole_characters


class CaseInstruction(Frozen):
    """One entry of a case's `instructions.yaml`."""

    name: str
    text: str
    expert_action: str | None = None
    paraphrases: tuple[str, ...] = ()
    recorded: bool = False
    """Whether the frame came with this instruction in its data set."""


_FILE = TypeAdapter(list[CaseInstruction])


def check_instructions(instructions: Mapping[str, str]) -> None:
    """Raise InstructionError unless there are two or more, named, non-empty and different."""
    if len(instructions) < 2:
        raise InstructionError(
            f"An audit compares instructions, so it needs at least two; got {len(instructions)}. "
            f'Add another, such as --instruction right="go to the right".'
        )
    for name, text in instructions.items():
        if not name.strip() or not text.strip():
            raise InstructionError(f"The instruction '{name}' is empty; give it words.")
        if whole_characters(name + text) != name + text:
            raise InstructionError(
                f"The instruction '{name}' holds bytes that are no text ('{text}'); write it in "
                f"UTF-8."
            )
    for name, text in instructions.items():
        twin = next((n for n, t in instructions.items() if n != name and t == text), None)
        if twin is not None:
            raise InstructionError(
                f"The instructions '{name}' and '{twin}' have the same text, so nothing can "
                f"differ between them; change one."
            )


def check_expected_actions(expected: Mapping[str, str], instructions: Mapping[str, str]) -> None:
    """Raise InstructionError for an expectation whose instruction was not given."""
    for name in expected:
        if name not in instructions:
            raise InstructionError(
                f"An action is expected for the instruction '{name}', but the instructions are "
                f"{', '.join(instructions)}."
            )


def parse_repeated(options: Sequence[str], what: str) -> dict[str, tuple[str, ...]]:
    """Read `name=text` options of which a name may have several. Raises as `parse_named`."""
    parsed: dict[str, tuple[str, ...]] = {}
    for option in options:
        for name, text in parse_named([option], what).items():
            parsed[name] = (*parsed.get(name, ()), text)
    return parsed


def parse_named(options: Sequence[str], what: str = "instruction") -> dict[str, str]:
    """Read `name=text` options in order.

    Raises InstructionError for a part without `=`, or a name given twice.
    """
    parsed: dict[str, str] = {}
    for option in options:
        name, separator, text = option.partition("=")
        name = name.strip()
        if not separator or not name:
            raise InstructionError(
                f"The {what} '{option}' has no name; write name=text, "
                f'such as left="go to the left".'
            )
        if name in parsed:
            raise InstructionError(f"Two {what}s are named '{name}'; rename one.")
        parsed[name] = text.strip()
    return parsed


def load_instructions(path: Path) -> list[CaseInstruction]:
    """Read a YAML list of `name`, `text` and, if known, `expert_action`.

    Raises InstructionError when the file is missing, no such list, or has equal names.
    """
    entries = read_yaml(
        path, _FILE, "instructions file", "a list of name and text", InstructionError
    )
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise InstructionError(f"Two instructions are named '{name}' in {path}; rename one.")
    if sum(entry.recorded for entry in entries) > 1:
        raise InstructionError(
            f"{path} marks more than one instruction as recorded; a frame comes with one."
        )
    return entries


def dump_instructions(entries: Sequence[CaseInstruction]) -> str:
    """The YAML text that `load_instructions` reads."""
    plain = [entry.model_dump(mode="json", exclude_defaults=True) for entry in entries]
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
