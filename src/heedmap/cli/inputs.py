"""Frames and instructions as the options of `heedmap audit` give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heedmap.errors import FrameError, InstructionError
from heedmap.inputs.cases import CASE_FRAME, CASE_INSTRUCTIONS, load_case, load_cases
from heedmap.inputs.instructions import (
    CaseInstruction,
    load_instructions,
    parse_named,
    parse_repeated,
)
from heedmap.inputs.trials import Trial


@dataclass(frozen=True)
class InputOptions:
    """What the options give, as they were written."""

    frames: Sequence[Path] = ()
    instructions: Sequence[str] = ()
    instructions_file: Path | None = None
    case: Path | None = None
    cases: Path | None = None
    expect: Sequence[str] = ()
    paraphrases: Sequence[str] = ()
    recorded: str | None = None


@dataclass(frozen=True)
class AuditInputs:
    """What is put to the policies."""

    frames: list[Path]
    instructions: dict[str, str]
    expected_actions: dict[str, str]
    paraphrases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: str | None = None
    trials: list[Trial] | None = None
    """Of `--cases`; None where the frames with these instructions are the trials."""


def gather_inputs(given: InputOptions) -> AuditInputs:
    """Join what the options give.

    A case folder stands for a frame and its instructions; of a folder of cases the first is
    examined rung by rung, and all are trials. Raises FrameError without a frame,
    InstructionError for a name given twice.
    """
    if given.cases is not None:
        return _of_cases(given)
    paths = list(given.frames)
    entries: list[CaseInstruction] = []
    if given.case is not None:
        load_case(given.case)  # refuses what is missing or broken
        paths.append(given.case / CASE_FRAME)
        entries += load_instructions(given.case / CASE_INSTRUCTIONS)
    if given.instructions_file is not None:
        entries += load_instructions(given.instructions_file)
    named = parse_named(given.instructions)
    entries += [CaseInstruction(name=name, text=text) for name, text in named.items()]
    if not paths:
        raise FrameError(
            "No frame was given; add --frame FILE (PNG or JPEG), --case FOLDER or --cases FOLDER."
        )
    texts: dict[str, str] = {}
    for entry in entries:
        if entry.name in texts:
            raise InstructionError(f"Two instructions are named '{entry.name}'; rename one.")
        texts[entry.name] = entry.text
    expected = {e.name: e.expert_action for e in entries if e.expert_action is not None}
    own = {e.name: e.paraphrases for e in entries if e.paraphrases}
    return AuditInputs(
        paths,
        texts,
        {**expected, **parse_named(given.expect, "expectation")},
        {**own, **_known(parse_repeated(given.paraphrases, "paraphrase"), texts)},
        given.recorded or next((e.name for e in entries if e.recorded), None),
    )


def _of_cases(given: InputOptions) -> AuditInputs:
    """A folder of cases, which bring everything with them."""
    assert given.cases is not None
    others = (given.frames, given.instructions, given.instructions_file, given.case)
    if any(others) or given.expect or given.paraphrases or given.recorded:
        raise InstructionError(
            "--cases brings frames, instructions and expectations of its own; leave --frame, "
            "--case, --instruction(s), --expect, --paraphrase and --recorded out."
        )
    trials = load_cases(given.cases)
    first = trials[0]
    return AuditInputs(
        frames=[given.cases / first.name / CASE_FRAME],
        instructions=dict(first.instructions),
        expected_actions=dict(first.expected),
        trials=trials,
    )


def _known(
    paraphrases: dict[str, tuple[str, ...]], instructions: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    """Refuse a paraphrase of an instruction that was not given."""
    for name in paraphrases:
        if name not in instructions:
            raise InstructionError(
                f"A paraphrase is given of the instruction '{name}', but the instructions are "
                f"{', '.join(instructions)}."
            )
    return paraphrases
