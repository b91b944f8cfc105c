"""Episodes of RLDS data sets as TensorFlow Datasets stores them: one record an episode.

A record is a `tf.train.Example` whose features are the steps', one behind the other:
`steps/observation/image` holds a JPEG or PNG a step, `steps/language_instruction` a text a
step. TensorFlow is not needed; records are framed by their lengths, which are checked against
the file before anything is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
import tfrecord.example_pb2
from jaxtyping import Float
from tfrecord import TFRecordWriter

from heedmap.data.episodes import Episode
from heedmap.data.gates.gate import gate
from heedmap.data.images import decode_image
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

_PROTOBUF: Any = tfrecord.example_pb2
"""Its messages are made at run time."""
OBSERVATION = "steps/observation/"
STATES = ("state", "proprio", "robot_state", "qpos")
STATE_PARTS = (
    ("joint_position", "gripper_position"),
    ("joint_positions", "gripper_position"),
    ("EEF_state", "gripper_state"),
    ("cartesian_position", "gripper_position"),
)
"""Observations that are joined into a state where there is none of those, as of DROID."""
INSTRUCTIONS = (
    "steps/language_instruction",
    "steps/observation/natural_language_instruction",
    "steps/observation/language_instruction",
)
IMAGE_BEGINS = (b"\xff\xd8\xff", b"\x89PNG")
"""JPEG and PNG."""
_LENGTH, _CHECKSUM = struct.Struct("<Q"), 4


@final
class RldsEpisode(Episode):
    """One episode, numbered through the shards in the order of their names."""

    noun = Phrase("data set")
    advice = Phrase("give an RLDS data set as TensorFlow Datasets stores it")

    def __init__(self, path: Path, number: int) -> None:
        name = path.name.split(".tfrecord")[0] if path.is_file() else path.name
        super().__init__(path, f"{name}_episode_{number:06d}")
        shards = [path] if path.is_file() else _shards(path)
        self._record = _record(shards, number, path)
        self._keys = self._cameras()
        if not self._keys:
            raise FrameError(
                "Episode {number} of {path} holds no JPEG or PNG images under {observation}; it "
                "holds {held}.",
                number=number,
                path=path,
                observation=OBSERVATION,
                held=", ".join(sorted(self._record)[:8]),
            )

    @property
    def length(self) -> int:
        """Images of the shortest camera."""
        return min(len(self._bytes(key)) for key in self._keys.values())

    @property
    def cameras(self) -> tuple[str, ...]:
        """Observations that are images, `image` first."""
        return tuple(self._keys)

    def image(self, camera: str, index: int) -> Frame:
        """Decoded from the step's JPEG or PNG."""
        what = Phrase(
            "The image {index} of '{camera}' in {name}", index=index, camera=camera, name=self.name
        )
        return decode_image(self._bytes(self._keys[camera])[index], what)

    def state(self, index: int) -> Float[np.ndarray, " state"] | None:
        """The first of the usual observations that is there, or the first parts that all are."""
        for names in (*((name,) for name in STATES), *STATE_PARTS):
            parts = [self._numbers(name) for name in names]
            found = [part[index] for part in parts if part is not None]
            if len(found) == len(names):
                return np.concatenate(found)
        return None

    def _numbers(self, name: str) -> Float[np.ndarray, "step value"] | None:
        """An observation that is numbers, a row a step."""
        feature = self._record.get(f"{OBSERVATION}{name}")
        if feature is None or not (values := feature.float_list.value):
            return None
        return np.asarray(values, np.float32).reshape(self._steps, -1)

    def instruction(self, index: int) -> str | None:
        """The step's own; some data sets have one for all steps."""
        for key in INSTRUCTIONS:
            if key in self._record and (texts := self._bytes(key)):
                return texts[min(index, len(texts) - 1)].decode("utf-8", "replace").strip() or None
        return None

    @cached_property
    def _steps(self) -> int:
        first = self._record.get("steps/is_first")
        return len(first.int64_list.value) if first is not None else self.length

    def _cameras(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for key in sorted(self._record):
            images = self._bytes(key) if key.startswith(OBSERVATION) else []
            if len(images) and images[0].startswith(IMAGE_BEGINS):
                found[key.removeprefix(OBSERVATION)] = key
        return dict(sorted(found.items(), key=lambda item: item[0] != "image"))

    def _bytes(self, key: str) -> Any:
        return self._record[key].bytes_list.value


def count_episodes(path: Path) -> int:
    """Of all shards; only the lengths of the records are read."""
    shards = [path] if path.is_file() else _shards(path)
    return sum(len(_places(shard)) for shard in shards)


def instructions_of_episodes(path: Path) -> Iterator[tuple[Path, int, list[str]]]:
    """Of every record: its shard, its number in that shard, and the different texts of its steps.

    Raises FrameError, in one sentence, for what is no record.
    """
    for shard in [path] if path.is_file() else _shards(path):
        for number, place in enumerate(_places(shard)):
            record = _read(shard, *place, f"Record {number} of {shard}")
            key = next((key for key in INSTRUCTIONS if key in record), None)
            texts = record[key].bytes_list.value if key else []
            decoded = (text.decode("utf-8", "replace") for text in texts)
            yield shard, number, list(dict.fromkeys(decoded))


def _shards(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.tfrecord*") if path.is_file())


def _record(shards: list[Path], number: int, path: Path) -> Any:
    """The features of a record, by name."""
    before = 0
    for shard in shards:
        places = _places(shard)
        if number < before + len(places):
            return _read(shard, *places[number - before], f"Record {number} of {path}")
        before += len(places)
    raise FrameError(
        "The data set {path} has {before} episodes, numbered from 0; there is no episode {number}.",
        path=path,
        before=before,
        number=number,
    )


def _read(shard: Path, begin: int, length: int, what: str) -> Any:
    """The features of the record at that place, by name."""
    with shard.open("rb") as file:
        file.seek(begin)
        content = file.read(length)
        checksum = file.read(_CHECKSUM)
    if TFRecordWriter.masked_crc(content) != checksum:
        raise FrameError(
            "{what} does not match its checksum: it was damaged; fetch the data set again.",
            what=what,
        )
    with gate(FrameError, what, RldsEpisode.advice, Phrase("a tf.train.Example")):
        return _PROTOBUF.Example.FromString(content).features.feature


def _places(shard: Path) -> list[tuple[int, int]]:
    """Where each record begins, and its length; only the lengths are read."""
    size = shard.stat().st_size
    found: list[tuple[int, int]] = []
    at = 0
    with shard.open("rb") as file:
        while at < size:
            file.seek(at)
            head = file.read(_LENGTH.size)
            length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else size
            is_length = TFRecordWriter.masked_crc(head) == file.read(_CHECKSUM)
            begin = at + _LENGTH.size + _CHECKSUM
            at = begin + length + _CHECKSUM
            if at > size or not is_length:
                raise FrameError(
                    "{shard} is cut short, or no TFRecord file: a record of {length:,} bytes "
                    "begins at {begin:,} of {size:,}.",
                    shard=shard,
                    length=length,
                    begin=begin,
                    size=size,
                )
            found.append((begin, length))
    return found
