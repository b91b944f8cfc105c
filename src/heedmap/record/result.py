"""A result: a record, its tables and its frames, in one folder or in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.errors import RecordError
from heedmap.record.case_table import SHARES_SCHEMA, share_row, shares_of_cases
from heedmap.record.files import plain_path
from heedmap.record.folders import REPORT_FILE, add_report, result_folder
from heedmap.record.reading import read_record, read_result
from heedmap.record.record import FRAMES_FOLDER, RECORD_FILE, Record
from heedmap.record.shown import Shown
from heedmap.record.tables import SCHEMAS, TableFile, TableName, empty_table, file_of


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
        """Shares of regions, by layer and head; read from disk at first use."""
        return self._read("attention")

    @cached_property
    def positions(self) -> pa.Table:
        """Shares of single positions by layer; empty in records of schema 2 and older."""
        return self._read("positions")

    @cached_property
    def word_image(self) -> pa.Table:
        """Attention between words and image; empty in older records, and for other attention."""
        return self._read("word_image")

    @cached_property
    def trials(self) -> pa.Table:
        """Values of the upper rungs by trial; empty in records of schema 2 and older."""
        return self._read("trials")

    @cached_property
    def trail(self) -> pa.Table:
        """Module calls, compared between runs; empty without a module, and in older records."""
        return self._read("trail")

    def table(self, name: str = "cases") -> pa.Table:
        """One table, as Arrow; `.to_pandas()` makes a data frame, DuckDB reads it as it is.

        `cases` is `Record.table` with shares; `attention`, `positions`, `word_image`,
        `trials` and `trail` are those on disk.

        Raises RecordError for another name.
        """
        if name == "cases":
            return self._cases()
        for known in SCHEMAS:
            if name == known:
                return self._read(known)
        raise RecordError(
            "A result has no table '{name}'; it has cases, {known}.",
            name=name,
            known=", ".join(SCHEMAS),
        )

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

    def save(
        self, folder: Path, *, overwrite: bool = False, report: Callable[[], str] | None = None
    ) -> None:
        """Write the result to `folder`, all or nothing, with the text of its report where given.

        Raises RecordError when the folder cannot be written, holds something that is not
        a heedmap result, or holds one and `overwrite` is False; and whatever `report` raises,
        after the result was written without it.
        """
        failed: Exception | None = None
        with result_folder(folder, overwrite=overwrite) as staging:
            (staging / RECORD_FILE).write_text(self.record.model_dump_json(indent=1) + "\n")
            for name in SCHEMAS:
                held = self._tables.get(name, empty_table(name))
                if isinstance(held, TableFile):
                    shutil.copyfile(held.path, staging / file_of(name))
                else:
                    pq.write_table(held.cast(SCHEMAS[name]), staging / file_of(name))
            (staging / FRAMES_FOLDER).mkdir()
            for frame in self.record.frames:
                plain_path(staging, frame.file).write_bytes(self.frame_png[frame.name])
            if report is not None:
                try:
                    (staging / REPORT_FILE).write_text(report())
                except Exception as error:  # no report is a reason to lose what was measured
                    (staging / REPORT_FILE).unlink(missing_ok=True)
                    failed = error
        if failed is not None:
            raise failed

    def save_report(self, folder: Path, report: str) -> Path:
        """Write the text of this result's report into its folder; gives the report's path.

        Raises RecordError when the folder holds another result by now, or cannot be written.
        """

        def is_this_result() -> bool:
            return read_record(folder) == self.record

        path = folder / REPORT_FILE
        try:
            return add_report(folder, "result", report.encode(), is_this_result)
        except OSError as error:
            raise RecordError(
                "The report cannot be written to {path}: {why}.",
                path=path,
                why=error.strerror or error,
            ) from error

    @classmethod
    def load(cls, folder: Path) -> Result:
        """Read a result folder; every file is compared with its checksum.

        Raises RecordError when it is none, is damaged, or is of a newer schema.
        """
        return cls(*read_result(folder))
