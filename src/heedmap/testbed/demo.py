"""The demo on heedmap's own specimens: the published page's four models in two wirings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from heedmap.auditing.api import Progress, audit
from heedmap.data.cases import CASE_FRAME, CASE_INSTRUCTIONS
from heedmap.data.images import png_bytes
from heedmap.data.instructions import CaseInstruction, dump_instructions
from heedmap.data.pixels import Frame
from heedmap.errors import RecordError
from heedmap.ladder.evidence import Intervention
from heedmap.record.files import plain_path, replace_file
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.record.tables import SCHEMAS, TableFile, TableName
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.network import Wiring
from heedmap.testbed.specimens.world import FrameCase, Style
from heedmap.testbed.specimens.zoo import REGIMES
from heedmap.testbed.workers import each_in_a_process

TRIALS = 24
"""Held-out frame cases that the demo's upper rungs are measured on."""


def run_demo(
    wirings: Sequence[Wiring],
    case_seed: int,
    on_progress: Progress | None = None,
    arguments: Mapping[str, Any] | None = None,
    trials: int = TRIALS,
    until: Intervention = "map",
    workers: int = 1,
) -> Result:
    """Audit the four regimes in each wiring on the held-out case of a seed.

    The upper rungs are measured on that case and those that follow it, `trials` in all. Policies
    are audited one by one, here or in as many processes as `workers`; the result is the same.
    `on_progress` is called at the start and after each.
    """
    names = [f"{regime}@{wiring}" for wiring in wirings for regime in REGIMES]
    more = {"wirings": list(wirings), "case_seed": case_seed, **(arguments or {})}
    run = partial(_audited, case_seed=case_seed, arguments=more, trials=trials, until=until)
    parts: dict[str, _Part] = {}
    progress = on_progress or (lambda *_: None)
    progress(names[0], 0, len(names))
    for name, part in each_in_a_process(run, names, workers):
        parts[name] = part
        progress(name, len(parts), len(names))
    return _joined([parts[name] for name in names])


_Part = tuple[Record, dict[TableName, pa.Table], dict[str, bytes]]
"""A result that can be sent to another process: its record, its tables and its frames."""


def _audited(
    name: str, case_seed: int, arguments: Mapping[str, Any], trials: int, until: Intervention
) -> _Part:
    """One specimen's audit."""
    case = frame_case(case_seed)
    with _one_thread():
        result = audit(
            f"specimen:{name}",
            {f"case-{case_seed}": case.frame},
            case.instructions,
            expected_actions={side: side for side in case.instructions},
            trials=case_trials(trials, first=case_seed),
            until=until,
            arguments={"command": "demo", **arguments},
        )
    return result.record, {each: result.table(each) for each in SCHEMAS}, dict(result.frame_png)


def _joined(parts: Sequence[_Part]) -> Result:
    """The result of one audit of all of their policies."""
    first, _, frame_png = parts[0]
    policies = tuple(policy for record, _, _ in parts for policy in record.policies)
    arguments = {**first.run.arguments, "policies": [policy.name for policy in policies]}
    run = first.run.model_copy(update={"arguments": arguments})
    record = first.model_copy(update={"run": run, "policies": policies})
    tables: dict[TableName, pa.Table | TableFile] = {
        each: pa.concat_tables(held[each] for _, held, _ in parts) for each in SCHEMAS
    }
    return Result(record, tables, frame_png)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Specimens are too small for more: threads would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def write_case(seed: int, style: Style, folder: Path) -> FrameCase:
    """Write `frame.png` and `instructions.yaml` of a held-out case to `folder`.

    Raises RecordError when the folder cannot be written, or holds other files of these names.
    """
    case = frame_case(seed, style)
    paraphrases = case.paraphrases(style)
    entries = [
        CaseInstruction(
            name=side,
            text=text,
            expert_action=side,
            paraphrases=paraphrases[side],
            recorded=side == case.recorded,
        )
        for side, text in case.instructions.items()
    ]
    write_folder(case.frame, entries, folder)
    return case


def write_folder(frame: Frame, entries: Sequence[CaseInstruction], folder: Path) -> None:
    """Write a case folder: the frame, and its instructions with what they ask for.

    Raises RecordError as `write_case`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        contents = {
            CASE_FRAME: png_bytes(frame),
            CASE_INSTRUCTIONS: dump_instructions(entries).encode(),
        }
        for name, content in contents.items():
            path = plain_path(folder, name)
            if path.exists() and path.read_bytes() != content:
                raise RecordError(
                    "{path} exists and is another file; choose another --out.", path=path
                )
        for name, content in contents.items():
            replace_file(folder / name, content)
    except OSError as error:
        raise RecordError(
            "The case cannot be written to {folder}: {why}.",
            folder=folder,
            why=error.strerror or error,
        ) from error
