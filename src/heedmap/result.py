"""A result: a record, its tables and its frames, in one folder or in memory."""

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

from heedmap.case_table import SHARES_SCHEMA, share_row, shares_of_cases
from heedmap.errors import RecordError
from heedmap.folders import check_writable, staged_folder
from heedmap.record import FRAMES_FOLDER, RECORD_FILE, SCHEMA_VERSION, Record
from heedmap.shown import Shown
from heedmap.tables import SCHEMAS, TableFile, TableName, empty_table, file_of


class Result(Shown):
    """A record with its tables and its frames' PNG bytes.

    `tables` may leave out what was not measured; it is then empty.
    """

    def __init__(
        self,
        record: Record,
        tables: Mapping[TableName, pa.Table | TableFile],
        frame_png: Mapping[str, bytes],
    ) -> None:
        self.record = record
        self._tables = dict(tables)
        self.frame_png = frame_png
        """PNG bytes by frame name."""

    @cached_property
    def attention(self) -> pa.Table:
        """Shares of regions, by layer and head; read from disk when it is first asked for."""
        return self._read("attention")

    @cached_property
    def positions(self) -> pa.Table:
        """Shares of single positions by layer; empty in records of schema 2 and older."""
        return self._read("positions")

    @cached_property
    def trials(self) -> pa.Table:
        """Values of the upper rungs by trial; empty in records of schema 2 and older."""
        return self._read("trials")

    def table(self, name: str = "cases") -> pa.Table:
        """One table, as Arrow; `.to_pandas()` makes a data frame, DuckDB reads it as it is.

        `cases` is `Record.table` with shares beside it; `attention`, `positions` and `trials`
        are those on disk.

        Raises RecordError for another name.
        """
        if name == "cases":
            return self._cases()
        for known in SCHEMAS:
            if name == known:
                return self._read(known)
        raise RecordError(f"A result has no table '{name}'; it has cases, {', '.join(SCHEMAS)}.")

    def _cases(self) -> pa.Table:
        shares = shares_of_cases(self.attention)
        rows = [
            share_row(
                shares,
                (policy.name, case.frame, case.instruction),
                {
                    kind: {region: len(held) for region, held in layout.regions.items()}
                    for kind, layout in case.layouts.items()
                },
            )
            for policy in self.record.policies
            for case in policy.cases
        ]
        table = self.record.table()
        for column in (beside := pa.Table.from_pylist(rows, schema=SHARES_SCHEMA)).column_names:
            table = table.append_column(column, beside[column])
        return table

    def _read(self, name: TableName) -> pa.Table:
        held = self._tables.get(name)
        if held is None:
            return empty_table(name)
        table = held.read() if isinstance(held, TableFile) else held
        return table.cast(SCHEMAS[name])

    def save(self, folder: Path, *, overwrite: bool = False) -> None:
        """Write the result to `folder`, all or nothing.

        Raises RecordError when the folder cannot be written, holds something that is not
        a heedmap result, or holds one and `overwrite` is False.
        """
        check_writable(folder, RECORD_FILE, overwrite=overwrite)
        with staged_folder(folder) as staging:
            (staging / RECORD_FILE).write_text(self.record.model_dump_json(indent=1) + "\n")
            for name in SCHEMAS:
                held = self._tables.get(name, empty_table(name))
                if isinstance(held, TableFile):
                    shutil.copyfile(held.path, staging / file_of(name))
                else:
                    pq.write_table(held.cast(SCHEMAS[name]), staging / file_of(name))
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
            tables: dict[TableName, pa.Table | TableFile] = {
                name: _table(folder, name, record) for name in SCHEMAS
            }
            frame_png = {f.name: (folder / f.file).read_bytes() for f in record.frames}
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise RecordError(
                f"{path} does not fit record schema {SCHEMA_VERSION}: {place}: {first['msg']}"
            ) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RecordError(f"The result in {folder} cannot be read: {error}") from error
        return cls(record, tables, frame_png)


def _table(folder: Path, name: TableName, record: Record) -> pa.Table:
    """One table of a result folder; empty where the record is older than the table."""
    path = folder / file_of(name)
    if name != "attention" and record.schema_version < 3 and not path.exists():
        return empty_table(name)
    return pq.read_table(path)


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
