"""A result: a record, its table of shares and its frames, in one folder or in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from heedmap.errors import RecordError
from heedmap.folders import check_writable, staged_folder
from heedmap.record import FRAMES_FOLDER, RECORD_FILE, SCHEMA_VERSION, Record
from heedmap.shares import ATTENTION_FILE, ATTENTION_SCHEMA, SharesFile


class Result:
    """A record with its table of shares and its frames' PNG bytes."""

    def __init__(
        self,
        record: Record,
        attention: pa.Table | SharesFile,
        frame_png: Mapping[str, bytes],
    ) -> None:
        self.record = record
        self._attention = attention
        self.frame_png = frame_png
        """PNG bytes by frame name."""

    @cached_property
    def attention(self) -> pa.Table:
        """The table of shares; read from disk when it is first asked for."""
        held = self._attention
        table = held.read() if isinstance(held, SharesFile) else held
        return table.cast(ATTENTION_SCHEMA)

    def save(self, folder: Path, *, overwrite: bool = False) -> None:
        """Write the result to `folder`, all or nothing.

        Raises RecordError when the folder cannot be written, holds something that is not
        a heedmap result, or holds one and `overwrite` is False.
        """
        check_writable(folder, RECORD_FILE, overwrite=overwrite)
        with staged_folder(folder) as staging:
            (staging / RECORD_FILE).write_text(self.record.model_dump_json(indent=1) + "\n")
            if isinstance(self._attention, SharesFile):
                shutil.copyfile(self._attention.path, staging / ATTENTION_FILE)
            else:
                pq.write_table(self.attention, staging / ATTENTION_FILE)
            (staging / FRAMES_FOLDER).mkdir()
            for frame in self.record.frames:
                (staging / frame.file).write_bytes(self.frame_png[frame.name])

    @classmethod
    def load(cls, folder: Path) -> Result:
        """Read a result folder. Raises RecordError when it is none, or of a newer schema."""
        path = folder / RECORD_FILE
        if not path.is_file():
            raise RecordError(
                f"{folder} is not a heedmap result: it has no {RECORD_FILE}. "
                f"Give the folder that an audit wrote with --out."
            )
        try:
            record = Record.model_validate(_of_this_schema(path))
            attention = pq.read_table(folder / ATTENTION_FILE)
            frame_png = {f.name: (folder / f.file).read_bytes() for f in record.frames}
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise RecordError(
                f"{path} does not fit record schema {SCHEMA_VERSION}: {place}: {first['msg']}"
            ) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RecordError(f"The result in {folder} cannot be read: {error}") from error
        return cls(record, attention, frame_png)


def _of_this_schema(path: Path) -> Any:
    """The JSON of a record. Raises RecordError when a newer heedmap wrote it."""
    content = json.loads(path.read_bytes())
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecordError(
            f"{path} was written in record schema {version}, but this heedmap reads up to "
            f"{SCHEMA_VERSION}; update heedmap."
        )
    return content
