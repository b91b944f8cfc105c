"""The frames that a grid names, found without decoding any; and one of them, read.

Frames are told in the plan by where they lie. A worker reads those of its cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from heedmap.data.cases import CASE_FRAME, CASE_INSTRUCTIONS, case_folders, load_case
from heedmap.data.counterfactuals import RECORDED, named_counterfactuals
from heedmap.data.instructions import CaseInstruction
from heedmap.data.locator import parse_locator
from heedmap.data.observation import NamedFrame
from heedmap.data.sources import episode_at, episode_count, frames_at
from heedmap.data.tasks import case_at, case_places, is_data_set
from heedmap.data.trials import Trial
from heedmap.errors import FrameError, HeedmapError, first_line_of
from heedmap.phrase import Phrase
from heedmap.sweep.grid import FrameEntry
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.plan import GLOB, FrameRef, PlannedSet, SetKind, stamp

Item = TypeVar("Item")

IMAGES = (".png", ".jpg", ".jpeg")
OWN, COUNTERFACTUALS = "own", "counterfactuals"


@dataclass
class _Found:
    """Frames of the grid, by what is put to them."""

    frames: list[FrameRef] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    by_kind: dict[SetKind, list[int]] = field(default_factory=dict)


def planned_frames(
    file: GridFile,
) -> tuple[tuple[FrameRef, ...], tuple[PlannedSet, ...], dict[str, str]]:
    """Every frame of the grid, the sets that are put to them, and the files they lie in.

    Raises InputError, by line, for what is missing, and for two frames of one name.
    """
    found = _Found()
    names: set[str] = set()
    for index, entry in enumerate(file.grid.frames):
        key = ("frames", index)
        try:
            refs = list(_refs(entry, file.folder, found.files))
        except (HeedmapError, OSError) as error:
            raise file.error(key, first_line_of(error)) from error
        if not refs:
            raise file.error(key, Phrase("no frame is left; check first, count and stride"))
        for ref in refs:
            if ref.name in names:
                raise file.error(
                    key,
                    Phrase(
                        "two frames are named '{ref}'; rename a file or its folder", ref=ref.name
                    ),
                )
            names.add(ref.name)
        kind: SetKind = "given"
        if entry.brings_instructions:
            kind = "counterfactuals" if entry.counterfactuals else "own"
        numbers = range(len(found.frames), len(found.frames) + len(refs))
        found.by_kind.setdefault(kind, []).extend(numbers)
        found.frames += refs
    return tuple(found.frames), tuple(_sets(file, found)), found.files


def trial_at(ref: FrameRef, of: PlannedSet) -> Trial:
    """One frame, read, with what is put to it. Raises FrameError or InstructionError."""
    if ref.kind == "specimen":
        from heedmap.testbed.specimens.cases import case_trials

        style, _, seed = ref.place.partition(":")
        (trial,) = case_trials(1, "goal" if style == "goal" else "path", int(seed))
        return replace(trial, name=ref.name)
    if ref.kind == "case" and is_data_set(ref.place):
        return case_at(ref.place, ref.history)
    if ref.kind == "case":
        return replace(load_case(Path(ref.place)), name=ref.name, episode=ref.episode)
    (frame,) = frames_at(ref.place, ref.history)
    if of.kind == "counterfactuals":
        if not frame.instruction:
            raise FrameError(
                "The frame {place} came with no instruction to exchange.", place=ref.place
            )
        texts = named_counterfactuals(frame.instruction)
        return Trial(ref.name, frame.observation, texts, recorded=RECORDED, episode=ref.episode)
    return _with_set(ref, frame, of.instructions)


def _with_set(ref: FrameRef, frame: NamedFrame, entries: Sequence[CaseInstruction]) -> Trial:
    return Trial(
        name=ref.name,
        observation=frame.observation,
        instructions={entry.name: entry.text for entry in entries},
        expected={e.name: e.expert_action for e in entries if e.expert_action is not None},
        paraphrases={e.name: e.paraphrases for e in entries if e.paraphrases},
        recorded=next((entry.name for entry in entries if entry.recorded), None),
        episode=ref.episode,
    )


def _sets(file: GridFile, found: _Found) -> Iterator[PlannedSet]:
    given = tuple(found.by_kind.get("given", ()))
    if given and not file.grid.instructions:
        raise file.error(
            ("frames",),
            Phrase("these frames bring no instructions; add a set under 'instructions'"),
        )
    if file.grid.instructions and not given:
        raise file.error(("instructions",), Phrase("all frames bring instructions of their own"))
    for name, asked in file.grid.instructions.items():
        if name in (OWN, COUNTERFACTUALS):
            raise file.error(("instructions", name), Phrase("this name is taken; choose another"))
        entries = tuple(each.named(key) for key, each in asked.items())
        yield PlannedSet(name=name, kind="given", instructions=entries, frames=given)
    kinds: tuple[SetKind, ...] = ("own", "counterfactuals")
    for kind in kinds:
        if frames := found.by_kind.get(kind):
            yield PlannedSet(name=kind, kind=kind, frames=tuple(frames))


def _refs(entry: FrameEntry, folder: Path, files: dict[str, str]) -> Iterator[FrameRef]:
    if entry.specimen_cases is not None:
        cases = entry.specimen_cases
        for seed in range(cases.first, cases.first + cases.count):
            place = f"{cases.style}:{seed}"
            yield FrameRef(name=f"case-{seed}", kind="specimen", place=place)
    elif entry.cases is not None:
        place = folder / Path(entry.cases).expanduser()
        of = _of_data_set if is_data_set(place) else _of_cases
        yield from of(place, entry, files)
    elif entry.path is not None:
        for path in _paths(folder, entry.path):
            yield from _of_path(path, entry, files)


def _of_cases(folder: Path, entry: FrameEntry, files: dict[str, str]) -> Iterator[FrameRef]:
    found = case_folders(folder)
    if not found:
        raise FrameError(
            "{folder} holds no case folders ({case_frame}, {case_instructions})",
            folder=folder,
            case_frame=CASE_FRAME,
            case_instructions=CASE_INSTRUCTIONS,
        )
    for place in _chosen(found, entry):
        for name in (CASE_FRAME, CASE_INSTRUCTIONS):
            files[str(place / name)] = stamp(place / name)
        inside = place.relative_to(folder)
        episode = inside.parts[0] if len(inside.parts) > 1 else None
        yield FrameRef(name=inside.as_posix(), kind="case", place=str(place), episode=episode)


def _of_data_set(place: Path, entry: FrameEntry, files: dict[str, str]) -> Iterator[FrameRef]:
    _stamp(parse_locator(str(place)).path, files)
    for each in _chosen(case_places(place), entry):
        yield FrameRef(
            name=each.name,
            kind="case",
            place=each.place,
            episode=each.episode,
            history=entry.history,
        )


def _paths(folder: Path, written: str) -> list[str]:
    """Files, or one locator as it was written; a folder of images stands for its images."""
    path, hash_mark, selection = written.partition("#")
    place = folder / Path(path).expanduser()
    if GLOB & set(path) and not place.exists():
        anchor = Path(path).anchor
        matches = sorted(Path(anchor or folder).glob(path.removeprefix(anchor)))
        if not matches:
            raise FrameError(
                "nothing matches '{path}' in {anchor}", path=path, anchor=anchor or folder
            )
        return [f"{match}{hash_mark}{selection}" for match in matches]
    if place.is_dir():
        images = sorted(each for each in place.iterdir() if each.suffix.lower() in IMAGES)
        if images:
            return [str(image) for image in images]
    return [f"{place}{hash_mark}{selection}"]


def _of_path(written: str, entry: FrameEntry, files: dict[str, str]) -> Iterator[FrameRef]:
    locator = parse_locator(written)
    path = locator.path
    numbers: Sequence[int | None] = [locator.episode]
    if entry.episodes is not None:
        if "#" in written:
            raise FrameError("give either episodes or #..., not both")
        numbers = range(episode_count(path)) if entry.episodes == "all" else entry.episodes
    for number in numbers:
        episode = episode_at(replace(locator, episode=number))
        _stamp(path, files)
        indices = range(episode.length) if "#" not in written else locator.indices(episode.length)
        is_one = episode.length == 1
        for index in _chosen(indices, entry):
            chosen = f"frames={index}" if number is None else f"episode={number}&frames={index}"
            yield FrameRef(
                name=episode.name if is_one else f"{episode.name}_{index:06d}",
                kind="frame",
                place=str(path) if is_one else f"{path}#{chosen}",
                episode=None if is_one else episode.name,
                history=entry.history,
            )


def _stamp(path: Path, files: dict[str, str]) -> None:
    """Of a data set, what says how it is made up: its many files are not gone through."""
    inside = path / "meta" / "info.json" if path.is_dir() else path
    if inside.is_file():
        files[str(inside)] = stamp(inside)


def _chosen(items: Sequence[Item], entry: FrameEntry) -> Sequence[Item]:
    return items[entry.first :: entry.stride][: entry.count]
