"""Frames and instructions as the options of `heedmap audit` give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heedmap.data.cases import CASE_FRAME, CASE_INSTRUCTIONS, load_case, load_cases
from heedmap.data.counterfactuals import RECORDED, load_table, named_counterfactuals
from heedmap.data.frames import told_apart
from heedmap.data.instructions import (
    CaseInstruction,
    load_instructions,
    parse_named,
    parse_repeated,
)
from heedmap.data.observation import NamedFrame
from heedmap.data.sources import FORMS, frames_at
from heedmap.data.tasks import case_at, case_places, is_data_set
from heedmap.data.trials import Trial
from heedmap.errors import FrameError, InstructionError
from heedmap.phrase import Phrase


@dataclass(frozen=True)
class InputOptions:
    """What the options give, as they were written."""

    frames: Sequence[str] = ()
    instructions: Sequence[str] = ()
    instructions_file: Path | None = None
    case: Path | None = None
    cases: Path | None = None
    expect: Sequence[str] = ()
    paraphrases: Sequence[str] = ()
    recorded: str | None = None
    history: int = 0
    words: Path | None = None


@dataclass(frozen=True)
class AuditInputs:
    """What is put to the policies."""

    frames: list[NamedFrame]
    instructions: dict[str, str]
    expected_actions: dict[str, str]
    paraphrases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: str | None = None
    trials: list[Trial] | None = None
    """Of `--cases`; None where the frames with these instructions are the trials."""
    places: Sequence[str] = ()
    """Where frames were read: locators, or case folders."""

    @property
    def per_frame(self) -> list[int]:
        """How many instructions are put to the policies on each frame."""
        if self.trials is None:
            return [len(self.instructions)] * len(self.frames)
        return [len(trial.instructions) for trial in self.trials]

    @property
    def episodes(self) -> int:
        """How many episodes the frames are from; 0 where that is not known."""
        of = self.frames if self.trials is None else self.trials
        return len({each.episode for each in of if each.episode})


def gather_inputs(given: InputOptions) -> AuditInputs:
    """Join what the options give.

    A case folder gives a frame and its instructions; of a folder of cases the first is
    examined rung by rung, and all are trials. Raises FrameError without a frame,
    InstructionError for a name given twice.
    """
    if given.cases is not None:
        return _of_cases(given)
    read = [each for place in given.frames for each in frames_at(place, given.history)]
    frames = told_apart(read)
    entries: list[CaseInstruction] = []
    if given.case is not None:
        case = load_case(given.case)
        source = str(given.case / CASE_FRAME)
        frames.append(NamedFrame(CASE_FRAME.removesuffix(".png"), source, case.observation))
        entries += load_instructions(given.case / CASE_INSTRUCTIONS)
    if given.instructions_file is not None:
        entries += load_instructions(given.instructions_file)
    named = parse_named(given.instructions)
    entries += [CaseInstruction(name=name, text=text) for name, text in named.items()]
    if not frames:
        raise FrameError(
            "No frame was given; add --frame FILE ({forms}), --case FOLDER or --cases FOLDER.",
            forms=FORMS,
        )
    if not entries and any(frame.instruction for frame in frames):
        return _of_recorded(frames, given)
    texts: dict[str, str] = {}
    for entry in entries:
        if entry.name in texts:
            raise InstructionError(
                "Two instructions are named '{entry}'; rename one (--instruction NAME=TEXT, "
                "--instructions or --case).",
                entry=entry.name,
            )
        texts[entry.name] = entry.text
    expected = {e.name: e.expert_action for e in entries if e.expert_action is not None}
    own = {e.name: e.paraphrases for e in entries if e.paraphrases}
    return AuditInputs(
        frames,
        texts,
        {**expected, **parse_named(given.expect, Phrase("expectation"))},
        {**own, **_known(parse_repeated(given.paraphrases, Phrase("paraphrase")), texts)},
        given.recorded or next((e.name for e in entries if e.recorded), None),
        places=[*given.frames, *([] if given.case is None else [str(given.case)])],
    )


def _of_cases(given: InputOptions) -> AuditInputs:
    """A folder of cases, or a data set, which bring everything with them."""
    assert given.cases is not None
    others = (given.frames, given.instructions, given.instructions_file, given.case)
    if any(others) or given.expect or given.paraphrases or given.recorded:
        raise InstructionError(
            "--cases brings frames, instructions and expectations of its own; leave --frame, "
            "--case, --instruction(s), --expect, --paraphrase and --recorded out."
        )
    if is_data_set(given.cases):
        table = None if given.words is None else load_table(given.words)
        places = [each.place for each in case_places(given.cases)]
        trials = [case_at(place, given.history, table) for place in places]
        source = places[0]
    else:
        trials = load_cases(given.cases)
        source = str(given.cases / trials[0].name / CASE_FRAME)
    first = trials[0]
    return AuditInputs(
        frames=[NamedFrame(first.name, source, first.observation)],
        instructions=dict(first.instructions),
        expected_actions=dict(first.expected),
        recorded=first.recorded,
        trials=trials,
        places=[str(given.cases)],
    )


def _of_recorded(frames: list[NamedFrame], given: InputOptions) -> AuditInputs:
    """Frames that came with instructions: each with counterfactuals of its own.

    The first is examined rung by rung, all are trials.
    """
    if given.expect or given.paraphrases:
        raise InstructionError(
            "--expect and --paraphrase name instructions, but none was given: they are made from "
            "what the frames came with. Give --instruction name=text, or leave them out."
        )
    table = load_table(given.words) if given.words is not None else None
    instructed = [frame for frame in frames if frame.instruction]
    trials = [
        Trial(
            frame.name,
            frame.observation,
            named_counterfactuals(frame.instruction or "", table),
            recorded=RECORDED,
            episode=frame.episode,
        )
        for frame in instructed
    ]
    return AuditInputs(
        frames=instructed[:1],
        instructions=dict(trials[0].instructions),
        expected_actions={},
        recorded=RECORDED,
        trials=trials,
        places=given.frames,
    )


def _known(
    paraphrases: dict[str, tuple[str, ...]], instructions: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    """Refuse a paraphrase of an instruction that was not given."""
    for name in paraphrases:
        if name not in instructions:
            raise InstructionError(
                "A paraphrase is given of the instruction '{name}', but the instructions are "
                "{instructions}; --paraphrase NAME=TEXT takes one of these names.",
                name=name,
                instructions=", ".join(instructions),
            )
    return paraphrases
