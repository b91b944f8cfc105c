"""Episodes of LeRobotDataset folders, versions 2.0, 2.1 and 3.0: Parquet, MP4 and tasks.

Version 2 keeps a Parquet file and a clip an episode; version 3 keeps many episodes in a file,
and `meta/episodes` says where each begins. Read with pyarrow and PyAV; LeRobot itself is not
needed.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float

from heedmap.data.episodes import Episode
from heedmap.data.images import decode_image, is_depth, load_frame
from heedmap.data.lerobot_info import INFO, load_info
from heedmap.data.lerobot_tasks import column_names, load_tasks, read_table
from heedmap.data.pixels import Frame
from heedmap.data.rows import Rows
from heedmap.data.video import Clip
from heedmap.errors import FrameError
from heedmap.phrase import Phrase, in_a_row

CAMERA_PREFIXES = ("observation.images.", "observation.")


@final
class LeRobotEpisode(Episode):
    """One episode. Raises FrameError, in one sentence, for what is missing or broken."""

    noun = Phrase("data set")
    advice = Phrase("mend it, or fetch it again")

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__(folder, f"{folder.name}_episode_{number:06d}")
        self._info = load_info(folder)
        if not 0 <= number < self._info.total_episodes:
            raise FrameError(
                "The data set {folder} has {episodes} episodes, numbered from 0; there is "
                "no episode {number}.",
                folder=folder,
                episodes=self._info.total_episodes,
                number=number,
            )
        self._number = number
        if not self._keys:
            depth = Phrase(" but those that record depth") if self.skipped_cameras else ""
            raise FrameError(
                "The data set {folder} has no camera among its features{depth}.",
                folder=folder,
                depth=depth,
            )

    @property
    def length(self) -> int:
        """Rows of the episode's table."""
        return len(self._rows)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Features that are colour images, `observation.images.` left out of their names."""
        return tuple(self._keys)

    @property
    def skipped_cameras(self) -> tuple[str, ...]:
        """Features that are depth images."""
        cameras = [key for key, feature in self._info.features.items() if feature.is_camera]
        return tuple(_camera_name(key) for key in cameras if self._is_depth(key))

    def image(self, camera: str, index: int) -> Frame:
        """From the clip at the row's time, or from the Parquet file itself."""
        key = self._keys[camera]
        if self._info.features[key].dtype == "video":
            clip, begin = self._clip(key)
            return clip.image(clip.nearest(begin + self._rows.number("timestamp", index)))
        what = Phrase(
            "The image {index} of '{camera}' in episode {number} of {path}",
            index=index,
            camera=camera,
            number=self._number,
            path=self.path,
        )
        stored = self._rows.value(key, index)
        content, path = _stored_image(stored)
        if content:
            return decode_image(content, what)
        if path:
            return load_frame(_inside(self.path, path))
        raise FrameError("{what} is not stored as a PNG or JPEG file.", what=what)

    def state(self, index: int) -> Float[np.ndarray, " state"] | None:
        """The robot's state, where it was recorded."""
        key = self._info.state_key
        if key is None or key not in self._rows.names:
            return None
        return self._rows.numbers(key, index, "float32")

    def instruction(self, index: int) -> str | None:
        """The task of this row."""
        if "task_index" not in self._rows.names:
            return None
        return self._tasks.get(self._rows.whole("task_index", index))

    def index_at(self, second: float) -> int:
        """The last row whose time is not later."""
        times = self._rows.all_numbers("timestamp")
        if second > times[-1] + 1:
            raise FrameError(
                "Episode {number} of {path} ends at {end:.2f} s; there is no frame at {second:g} "
                "s.",
                number=self._number,
                path=self.path,
                end=times[-1],
                second=second,
            )
        return max(0, int(np.searchsorted(times, second + 1e-6, side="right")) - 1)

    @cached_property
    def _keys(self) -> dict[str, str]:
        """Features of the colour cameras, by the camera's name."""
        cameras = [key for key, feature in self._info.features.items() if feature.is_camera]
        return {_camera_name(key): key for key in cameras if not self._is_depth(key)}

    def _is_depth(self, key: str) -> bool:
        """As the features say; else as the first image is, where images lie in the table."""
        feature = self._info.features[key]
        if feature.is_declared_depth or feature.dtype == "video":
            return feature.is_declared_depth
        content, _ = _stored_image(self._rows.value(key, 0))
        return is_depth(content)

    @cached_property
    def _place(self) -> Rows:
        """Where the episode lies (version 3), one row of `meta/episodes`."""
        for path in sorted((self.path / "meta/episodes").glob("*/*.parquet")):
            names = [n for n in column_names(path) if not n.startswith("stats/")]
            rows = read_table(path, [("episode_index", "=", self._number)], names)
            if len(rows):
                return Rows(path, rows, Phrase("episode {number}", number=self._number))
        raise FrameError(
            "{path}/meta/episodes has no episode {number}.", path=self.path, number=self._number
        )

    @cached_property
    def _rows(self) -> Rows:
        path = self._path_of(self._info.data_path, "data")
        rows = read_table(path, [("episode_index", "=", self._number)])
        missing = {"timestamp", "frame_index"} - set(rows.column_names)
        if missing or not len(rows):
            raise FrameError(
                "{path} has no {missing} for episode {number}.",
                path=path,
                missing=in_a_row(sorted(missing), Phrase(" and no ")) or Phrase("rows"),
                number=self._number,
            )
        return Rows(path, rows, Phrase("episode {number}", number=self._number)).sorted_by(
            "frame_index"
        )

    @cached_property
    def _tasks(self) -> dict[int, str]:
        return load_tasks(self.path)

    def _clip(self, key: str) -> tuple[Clip, float]:
        """A camera's clip, and when the episode begins in it."""
        if self._info.video_path is None:
            raise FrameError(
                "{path}/{info} names no video_path for '{key}'.", path=self.path, info=INFO, key=key
            )
        begin = 0.0
        if self._info.is_version_3:
            begin = self._place.number(f"videos/{key}/from_timestamp", 0)
        path = self._path_of(self._info.video_path, f"videos/{key}", video_key=key)
        return self._clips.setdefault(path, Clip(path)), begin

    @cached_property
    def _clips(self) -> dict[Path, Clip]:
        return {}

    def _path_of(self, template: str, part: str, **more: str) -> Path:
        values: dict[str, Any] = {**more, "episode_index": self._number}
        values["episode_chunk"] = self._number // self._info.chunks_size
        if self._info.is_version_3:
            values["chunk_index"] = self._place.whole(f"{part}/chunk_index", 0)
            values["file_index"] = self._place.whole(f"{part}/file_index", 0)
        return _inside(self.path, _filled(template, values))


def _stored_image(stored: Any) -> tuple[bytes, str]:
    """The file's content and its path, as a table holds them; empty where it is not there."""
    stored = stored if isinstance(stored, dict) else {}
    content, path = stored.get("bytes"), stored.get("path")
    return (content if isinstance(content, bytes) else b""), (path if isinstance(path, str) else "")


def _camera_name(key: str) -> str:
    return next((key.removeprefix(p) for p in CAMERA_PREFIXES if key.startswith(p)), key)


_FIELD = re.compile(r"{(\w+)(?::(0?\d{0,2}d))?}")


def _filled(template: str, values: dict[str, Any]) -> str:
    """The template with its plain fields filled; a data set's text reaches no other field."""
    named = {found[1] for found in _FIELD.finditer(template)}
    if not named <= set(values) or re.search("[{}]", _FIELD.sub("", template)):
        raise FrameError(
            "The path '{template}' in {info} has fields that are not known.",
            template=template,
            info=INFO,
        )
    return _FIELD.sub(lambda found: format(values[found[1]], found[2] or ""), template)


def _inside(folder: Path, relative: str) -> Path:
    try:
        path = (folder / relative).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a null character
        raise FrameError(
            "The path '{relative}' in {folder} cannot be used: {why}.",
            relative=relative,
            folder=folder,
            why=error,
        ) from error
    if not path.is_relative_to(folder.resolve()):
        raise FrameError(
            "The path '{relative}' leads out of the data set {folder}.",
            relative=relative,
            folder=folder,
        )
    if not path.is_file():
        raise FrameError(
            "The data set {folder} lacks the file {relative}.", folder=folder, relative=relative
        )
    return path
