"""Case folders: a frame with its instructions, and what they ask for, on disk.

`frame.png` with `instructions.yaml`, a list of `name`, `text`, and where they are known
`expert_action`, `paraphrases` and `recorded`. A folder of such folders is a set of trials;
those that lie together in a folder of their own are frames of one episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from heedmap.data.episodes import ImageEpisode
from heedmap.data.instructions import CaseInstruction, load_instructions
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import FrameError

CASE_FRAME = "frame.png"
CASE_INSTRUCTIONS = "instructions.yaml"


def load_case(folder: Path) -> Trial:
    """One case folder as a trial.

    Raises FrameError or InstructionError for what is missing or cannot be read.
    """
    if not folder.is_dir():
        raise FrameError(
            "The case folder {folder} does not exist; make one with: heedmap specimens case "
            "--seed 0 --out {folder}",
            folder=folder,
        )
    observation = ImageEpisode(folder / CASE_FRAME).observation(0)
    entries = load_instructions(folder / CASE_INSTRUCTIONS)
    return trial_of(folder.name, observation, entries)


def load_cases(folder: Path) -> list[Trial]:
    """Every case folder inside a folder: `CASE`, or `EPISODE/CASE`; named by its path.

    Raises FrameError when there is none.
    """
    found = case_folders(folder)
    if not found and is_case(folder):
        raise FrameError(
            "{folder} is one case; give the folder that holds it and others.", folder=folder
        )
    if not found:
        raise FrameError(
            "{folder} holds no case folders ({case_frame} beside {case_instructions}) and is no "
            "LeRobot data set; make some with: heedmap specimens case --seed 0 --count 24 --out "
            "{folder}",
            folder=folder,
            case_frame=CASE_FRAME,
            case_instructions=CASE_INSTRUCTIONS,
        )
    return [_placed(load_case(path), path.relative_to(folder)) for path in found]


def case_folders(folder: Path) -> list[Path]:
    """Case folders in a folder and in its folders, in the order of their names."""
    places = (f"*/{CASE_INSTRUCTIONS}", f"*/*/{CASE_INSTRUCTIONS}")
    return sorted(path.parent for place in places for path in folder.glob(place))


def is_case(folder: Path) -> bool:
    """Whether it is itself a case, rather than a folder of cases."""
    return (folder / CASE_INSTRUCTIONS).is_file()


def _placed(trial: Trial, place: Path) -> Trial:
    """Named by its place in the set, with the episode's folder as its episode."""
    episode = place.parts[0] if len(place.parts) > 1 else None
    return replace(trial, name=place.as_posix(), episode=episode)


def trial_of(name: str, observation: Observation, entries: Sequence[CaseInstruction]) -> Trial:
    """A frame and the entries of its YAML file."""
    return Trial(
        name=name,
        observation=observation,
        instructions={entry.name: entry.text for entry in entries},
        expected={e.name: e.expert_action for e in entries if e.expert_action is not None},
        paraphrases={e.name: e.paraphrases for e in entries if e.paraphrases},
        recorded=next((entry.name for entry in entries if entry.recorded), None),
    )
