"""The demo on heedmap's own specimens: the published page's four models in two wirings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from heedmap.auditing.api import Progress, audit
from heedmap.data.cases import CASE_FRAME, CASE_INSTRUCTIONS
from heedmap.data.images import png_bytes
from heedmap.data.instructions import CaseInstruction, dump_instructions
from heedmap.errors import RecordError
from heedmap.ladder.evidence import Intervention
from heedmap.record.files import plain_path, replace_file
from heedmap.record.result import Result
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.network import Wiring
from heedmap.testbed.specimens.policy import case_trials
from heedmap.testbed.specimens.world import FrameCase, Style
from heedmap.testbed.specimens.zoo import REGIMES

TRIALS = 24
"""Held-out frame cases that the demo's upper rungs are measured on."""


def run_demo(
    wirings: Sequence[Wiring],
    case_seed: int,
    on_progress: Progress | None = None,
    arguments: Mapping[str, Any] | None = None,
    trials: int = TRIALS,
    until: Intervention = "map",
) -> Result:
    """Audit the four regimes in each wiring on the held-out case of a seed.

    The upper rungs are measured on that case and those that follow it, `trials` in all.
    """
    case = frame_case(case_seed)
    with _one_thread():
        return audit(
            [f"specimen:{regime}@{wiring}" for wiring in wirings for regime in REGIMES],
            {f"case-{case_seed}": case.frame},
            case.instructions,
            expected_actions={side: side for side in case.instructions},
            trials=case_trials(trials, first=case_seed),
            until=until,
            arguments={
                "command": "demo",
                "wirings": list(wirings),
                "case_seed": case_seed,
                **(arguments or {}),
            },
            on_progress=on_progress,
        )


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        contents = {
            CASE_FRAME: png_bytes(case.frame),
            CASE_INSTRUCTIONS: dump_instructions(entries).encode(),
        }
        for name, content in contents.items():
            path = plain_path(folder, name)
            if path.exists() and path.read_bytes() != content:
                raise RecordError(f"{path} exists and is another file; choose another --out.")
        for name, content in contents.items():
            replace_file(folder / name, content)
    except OSError as error:
        raise RecordError(
            f"The case cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return case
