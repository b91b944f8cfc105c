"""Frames and instructions as the options of `heedmap audit` give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heedmap.errors import FrameError, InstructionError
from heedmap.instructions import CaseInstruction, load_instructions, parse_named

CASE_FRAME = "frame.png"
CASE_INSTRUCTIONS = "instructions.yaml"


@dataclass(frozen=True)
class AuditInputs:
    """What is put to the policies."""

    frames: list[Path]
    instructions: dict[str, str]
    expected_actions: dict[str, str]


def gather_inputs(
    frames: Sequence[Path] | None,
    instructions: Sequence[str] | None,
    instructions_file: Path | None,
    case: Path | None,
    expect: Sequence[str] | None,
) -> AuditInputs:
    """Join what the options give; a case folder stands for a frame and its instructions.

    Raises FrameError without a frame, InstructionError for a name given twice.
    """
    paths = list(frames or [])
    entries: list[CaseInstruction] = []
    if case is not None:
        if not case.is_dir():
            raise FrameError(
                f"The case folder {case} does not exist; make one with: "
                f"heedmap specimens case --seed 0 --out {case}"
            )
        paths.append(case / CASE_FRAME)
        entries += load_instructions(case / CASE_INSTRUCTIONS)
    if instructions_file is not None:
        entries += load_instructions(instructions_file)
    given = parse_named(instructions or [])
    entries += [CaseInstruction(name=name, text=text) for name, text in given.items()]
    if not paths:
        raise FrameError("No frame was given; add --frame FILE (PNG or JPEG), or --case FOLDER.")
    texts: dict[str, str] = {}
    for entry in entries:
        if entry.name in texts:
            raise InstructionError(f"Two instructions are named '{entry.name}'; rename one.")
        texts[entry.name] = entry.text
    expected = {e.name: e.expert_action for e in entries if e.expert_action is not None}
    return AuditInputs(paths, texts, {**expected, **parse_named(expect or [], "expectation")})
