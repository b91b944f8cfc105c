"""Cases of a LeRobot data set: its own frames, each with its own task and others of the set.

The other tasks are counterfactuals of the kind that a policy was trained on. Where the data set has
but one task, words are exchanged instead (`data/counterfactuals.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from heedmap.data.cases import case_folders, is_case, load_cases
from heedmap.data.counterfactuals import MOST, RECORDED, Table, named_counterfactuals
from heedmap.data.locator import parse_locator
from heedmap.data.sources import episode_at, episode_count, frames_at, is_lerobot
from heedmap.data.trials import Trial
from heedmap.errors import FrameError

EPISODES = 8
"""Episodes that are looked at where none is named: evenly over the whole data set."""
MOMENTS = (0.0, 1 / 3)
"""Frames of each, as shares of its length: at the beginning, a frame does not yet show the task."""


@dataclass(frozen=True)
class CasePlace:
    """Where one frame lies."""

    place: str
    """A locator of it alone."""
    name: str
    episode: str


def is_data_set(written: str | Path) -> bool:
    """Whether a path, or what stands before its `#`, is a LeRobot data set."""
    return is_lerobot(parse_locator(str(written)).path)


def case_places(written: str | Path, most_episodes: int | None = None) -> list[CasePlace]:
    """Single frames of a data set: those that are named, else some of several episodes.

    These are `EPISODES` at most, or as many as are asked for.

    Raises FrameError for what is missing or broken.
    """
    locator = parse_locator(str(written))
    path = locator.path
    is_chosen = locator.written != str(path)
    numbers = _spread(range(episode_count(path)), most_episodes or EPISODES)
    if not numbers:
        raise FrameError("The data set {path} has 0 episodes; give one that has frames.", path=path)
    if is_chosen:
        numbers = [locator.episode or 0]
    found: list[CasePlace] = []
    for number in numbers:
        episode = episode_at(replace(locator, episode=number))
        indices = [int(moment * episode.length) for moment in MOMENTS]
        if locator.seconds:
            indices = [episode.index_at(second) for second in locator.seconds]
        elif is_chosen:
            indices = locator.indices(episode.length)
        found += [
            CasePlace(
                f"{path}#episode={number}&frames={index}",
                f"{episode.name}_{index:06d}",
                episode.name,
            )
            for index in dict.fromkeys(indices)
        ]
    return found


def case_at(place: str, history: int = 0, table: Table | None = None) -> Trial:
    """One frame with its own task, as `recorded`, and others of the data set, as `task_N`.

    With a table of words, the words of its own task are exchanged instead. Raises FrameError for a
    frame without a task, InstructionError where nothing is known to exchange.
    """
    trial = task_at(place, history)
    if table is None and len(trial.instructions) > 1:
        return trial
    own = trial.instructions[RECORDED]
    return replace(trial, instructions=named_counterfactuals(own, table))


def task_at(place: str, history: int = 0) -> Trial:
    """One frame with its own task, as `recorded`, and others of the data set where it has any.

    Raises FrameError for a frame without a task.
    """
    from heedmap.data.lerobot_tasks import load_tasks

    (frame,) = frames_at(place, history)
    if not frame.instruction:
        raise FrameError(
            "The frame {place} has no task; give frames that have one, or --frame and "
            "--instruction name=text.",
            place=place,
        )
    others = other_tasks(frame.instruction, load_tasks(parse_locator(place).path))
    texts = {RECORDED: frame.instruction, **{f"task_{n}": text for n, text in others.items()}}
    return Trial(frame.name, frame.observation, texts, recorded=RECORDED, episode=frame.episode)


def data_set_trials(written: str, most_frames: int, history: int = 0) -> list[Trial]:
    """Frames of a data set of any kind with their own instructions, evenly over all of it.

    A folder of cases, a LeRobot or RLDS folder, or one episode whose frames are named
    (`episode.h5#0,10`); frames that are named are all taken. Raises FrameError for what is missing,
    broken or has no instruction.
    """
    path = parse_locator(written).path
    if path.is_dir() and not is_lerobot(path) and (case_folders(path) or is_case(path)):
        return _spread(load_cases(path), most_frames)
    if not path.is_dir():
        frames = [frame for frame in frames_at(written, history) if frame.instruction]
        if not frames:
            raise FrameError(
                "The frames of {written} came with no instruction; give a data set that has them, "
                "such as a LeRobot folder or a folder of cases.",
                written=written,
            )
        return [
            Trial(
                f.name, f.observation, {RECORDED: str(f.instruction)}, {}, {}, RECORDED, f.episode
            )
            for f in frames
        ]
    episodes = max(1, -(-most_frames // len(MOMENTS)))
    places = case_places(written, episodes)
    is_chosen = parse_locator(written).written != str(path)
    return [
        task_at(each.place, history) for each in (places if is_chosen else places[:most_frames])
    ]


def other_tasks(own: str, tasks: Mapping[int, str], most: int = MOST) -> dict[int, str]:
    """Tasks of other words than `own`, by their numbers: from the one most like it to the least.

    Data sets may hold one task in several wordings, and tasks of several scenes: a choice over all
    degrees of likeness holds more than either.
    """
    seen = {_words(own)}
    others: dict[int, str] = {}
    for number, text in sorted(tasks.items()):
        if (words := _words(text)) and words not in seen:
            seen.add(words)
            others[number] = text
    ranked = sorted(others, key=lambda number: -_likeness(own, others[number]))
    return {number: others[number] for number in _spread(ranked, most)}


ARTICLES = frozenset(("a", "an", "the"))
"""Two tasks that differ in nothing else are one."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"\w+", text.lower()) if word not in ARTICLES)


def _likeness(one: str, other: str) -> float:
    """Share of words in common (Jaccard)."""
    words, others = set(_words(one)), set(_words(other))
    return len(words & others) / max(1, len(words | others))


Item = TypeVar("Item")


def _spread(items: Sequence[Item], most: int) -> list[Item]:
    """`most` items at equal distances, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    last = len(items) - 1
    return [items[round(place * last / max(1, most - 1))] for place in range(most)]
