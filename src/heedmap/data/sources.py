"""From where frames lie to named frames: image files, arrays, HDF5, clips, LeRobot, RLDS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from heedmap.data.episodes import Episode, ImageEpisode
from heedmap.data.gates.files import check_regular
from heedmap.data.gates.gate import gate
from heedmap.data.locator import Locator, parse_locator
from heedmap.data.observation import NamedFrame
from heedmap.errors import FrameError, MissingExtraError
from heedmap.phrase import Phrase

CLIPS = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v")
HDF5 = (".h5", ".hdf5")
FORMS = Phrase(
    "an image (PNG, JPEG), a .npy array, an HDF5 episode (episode.h5#0,10), a clip "
    "(clip.mp4#t=1.5) or a LeRobot or RLDS folder (folder#episode=3&frames=0,10)"
)


def frames_at(text: str | Path, history: int = 0) -> list[NamedFrame]:
    """The frames that a locator names, each with `history` moments before it at most.

    Raises FrameError, in one sentence, for what is missing, broken, or of no known kind.
    """
    locator = parse_locator(str(text))
    episode = episode_at(locator)
    if locator.seconds:
        indices = [episode.index_at(second) for second in locator.seconds]
    else:
        indices = locator.indices(episode.length)
    is_one = episode.length == 1
    return [
        NamedFrame(
            episode.name if is_one else f"{episode.name}_{index:06d}",
            str(locator.path) if is_one else f"{locator.path}#{index}",
            episode.observation(index, history),
            episode.instruction(index),
            None if is_one else episode.name,
        )
        for index in dict.fromkeys(indices)
    ]


def episode_at(locator: Locator) -> Episode:
    """The episode that a locator speaks of; no image is read. Raises FrameError as `frames_at`."""
    path = locator.path
    with gate(
        FrameError,
        Phrase("The frame {path}", path=path),
        Phrase("give the path of {forms}", forms=FORMS),
    ):
        if not path.exists():
            raise FrameError(
                "The frame {path} does not exist; give the path of {forms}.", path=path, forms=FORMS
            )
        if not path.is_dir():
            check_regular(path, Phrase("frame"), FrameError)
        reader = _reader(path)
    if locator.episode is not None and reader not in (_of_folder, _of_rlds):
        raise FrameError(
            "{path} is one episode; leave 'episode=' out of '{written}'.",
            path=path,
            written=locator.written,
        )
    with gate(
        FrameError, Phrase("The frames of {path}", path=path), Phrase("give {forms}", forms=FORMS)
    ):
        return reader(locator)


def episode_count(path: Path) -> int:
    """How many episodes a data set has; 1 where a path is one. Raises FrameError."""
    with gate(FrameError, Phrase("The data set {path}", path=path), Phrase("give the path of one")):
        is_there = path.exists()
    if not is_there:
        raise FrameError("The data set {path} does not exist.", path=path)
    reader = _reader(path)
    if reader is _of_folder and is_lerobot(path):
        from heedmap.data.lerobot_info import load_info

        return load_info(path).total_episodes
    if reader is _of_rlds or (reader is _of_folder and any(path.glob("*.tfrecord*"))):
        from heedmap.data.rlds import count_episodes

        return count_episodes(path)
    return 1


def is_lerobot(path: Path) -> bool:
    """Whether a folder is a LeRobot data set."""
    return (path / "meta" / "info.json").is_file()


def _reader(path: Path) -> Callable[[Locator], Episode]:
    suffix = path.suffix.lower()
    if path.is_dir():
        return _of_folder
    if ".tfrecord" in path.name:
        return _of_rlds
    if suffix == ".npy":
        return _of_array
    if suffix in HDF5:
        return _of_hdf5
    if suffix in CLIPS:
        return _of_clip
    return lambda locator: ImageEpisode(locator.path)


def _of_folder(locator: Locator) -> Episode:
    if is_lerobot(locator.path):
        try:
            from heedmap.data.lerobot import LeRobotEpisode
        except ModuleNotFoundError as error:
            raise MissingExtraError("data", error.name or "av") from error
        return LeRobotEpisode(locator.path, locator.episode or 0)
    if any(locator.path.glob("*.tfrecord*")):
        return _of_rlds(locator)
    below = next((path.parent for path in sorted(locator.path.glob("*/*.tfrecord*"))), None)
    if below is not None:
        raise FrameError(
            "The folder {path} holds RLDS data sets one folder further down; give one of them: "
            "{below}.",
            path=locator.path,
            below=below,
        )
    raise FrameError(
        "The folder {path} is no LeRobot data set (it has no meta/info.json) and no RLDS data "
        "set (it holds no .tfrecord files); give {forms}; a folder of cases is given as "
        "--cases, or as DATASET.",
        path=locator.path,
        forms=FORMS,
    )


def _of_rlds(locator: Locator) -> Episode:
    try:
        from heedmap.data.rlds import RldsEpisode
    except ModuleNotFoundError as error:
        raise MissingExtraError("rlds", error.name or "tfrecord") from error
    return RldsEpisode(locator.path, locator.episode or 0)


def _of_array(locator: Locator) -> Episode:
    from heedmap.data.arrays import ArrayEpisode

    return ArrayEpisode(locator.path)


def _of_hdf5(locator: Locator) -> Episode:
    try:
        from heedmap.data.hdf5 import Hdf5Episode
    except ModuleNotFoundError as error:
        raise MissingExtraError("data", error.name or "h5py") from error
    return Hdf5Episode(locator.path)


def _of_clip(locator: Locator) -> Episode:
    try:
        from heedmap.data.video import ClipEpisode
    except ModuleNotFoundError as error:
        raise MissingExtraError("data", error.name or "av") from error
    return ClipEpisode(locator.path)
