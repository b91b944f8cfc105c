"""The run folder: a plan, and one Parquet part a cell in each table's folder.

Every part is written beside its place and renamed, the cell's row of `cells` last: a cell
counts once that is there. So stopping at any moment, by whatever means, loses at most the
cell in hand; what it left is overwritten when it is run again. One process writes at a time.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pydantic import ValidationError

from heedmap.errors import RecordError
from heedmap.sweep.outcome import Outcome
from heedmap.sweep.plan import SWEEP_SCHEMA_VERSION, Cell, Plan, difference
from heedmap.sweep.tables import COMMIT, RUN_SCHEMAS, RunTable

PLAN_FILE = "plan.json"
LOCK_FILE = ".lock"
BESIDE = ".part-"
"""In front of the name of a part that is being written."""


class RunFolder:
    """A sweep's results on disk."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run. Raises RecordError when it is none, or of a newer schema."""
        place = path / PLAN_FILE
        try:
            content = json.loads(place.read_bytes())
        except FileNotFoundError as error:
            raise RecordError(
                f"{path} is not the folder of a sweep: it has no {PLAN_FILE}. Give the folder that "
                f"'heedmap sweep' wrote."
            ) from error
        except (OSError, ValueError) as error:
            raise RecordError(f"The plan {place} cannot be read: {error}.") from error
        version = content.get("schema_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > SWEEP_SCHEMA_VERSION:
            raise RecordError(
                f"{path} was written in sweep schema {version}, but this heedmap reads up to "
                f"{SWEEP_SCHEMA_VERSION}; update heedmap."
            )
        try:
            return cls(path, Plan.model_validate(content))
        except ValidationError as error:
            first = error.errors()[0]
            told = ".".join(str(part) for part in first["loc"])
            raise RecordError(f"{place} is no plan of a sweep: {told}: {first['msg']}.") from error

    @classmethod
    def begin(cls, path: Path, plan: Plan) -> RunFolder:
        """A new run, or the one that is there, to go on with.

        Raises RecordError when another plan was begun there, or the folder holds other files.
        """
        if (path / PLAN_FILE).is_file():
            found = cls.open(path)
            if told := difference(found.plan, plan):
                raise RecordError(
                    f"{path} was begun with another plan ({told}); give another --out, or what "
                    f"the run was begun with."
                )
            return found
        try:
            path.mkdir(parents=True, exist_ok=True)
            left = [each.name for each in path.iterdir() if not each.name.startswith(".")]
            if left:
                raise RecordError(
                    f"{path} holds files that are no sweep ({left[0]}); choose another --out."
                )
            _write(path / PLAN_FILE, plan.model_dump_json(indent=1).encode())
        except OSError as error:
            raise _cannot_write(path, error) from error
        return cls(path, plan)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Inside, no other process may write here. Raises RecordError where one does.

        The system lets go of the lock when its process ends, however it ends.
        """
        try:
            handle = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 200).decode(errors="replace") or "another process"
                raise RecordError(
                    f"{self.path} is being written by {holder}; wait for it, or stop it."
                ) from None
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise
                # A file system without locks: nothing keeps a second sweep away.
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
            self._remove_beside()
            yield
        finally:
            os.close(handle)

    def commit(self, outcome: Outcome) -> None:
        """Write a cell's parts. Raises RecordError when that fails; then the cell is not there."""
        parts = outcome.parts
        order: list[RunTable] = [*(name for name in parts if name != COMMIT), COMMIT]
        try:
            for name in order:
                folder = self.path / name
                folder.mkdir(exist_ok=True)
                _write(folder / f"{outcome.cell.id}.parquet", parts[name])
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def statuses(self) -> dict[str, str]:
        """`ok` or `failed`, by cell; cells that were not run are left out."""
        table = self.read(COMMIT, ["cell", "status"])
        return dict(zip(table["cell"].to_pylist(), table["status"].to_pylist(), strict=True))

    def forget(self, cells: list[str]) -> None:
        """Take cells out, the mark that they count first, so that they are run again."""
        for name in (COMMIT, *(n for n in RUN_SCHEMAS if n != COMMIT)):
            for cell in cells:
                (self.path / name / f"{cell}.parquet").unlink(missing_ok=True)

    def files(self, table: RunTable, cells: Collection[str] | None = None) -> list[Path]:
        """Parts of the cells that count (of these, or all), in the plan's order."""
        committed = {path.name for path in (self.path / COMMIT).glob("*.parquet")}
        ids = [cell.id for cell in self.plan.cells if cells is None or cell.id in cells]
        names = [f"{cell}.parquet" for cell in ids if f"{cell}.parquet" in committed]
        places = [self.path / table / name for name in names]
        return [place for place in places if table == COMMIT or place.is_file()]

    def read(self, table: RunTable, columns: list[str] | None = None) -> pa.Table:
        """A whole table, in the plan's order. Raises RecordError for a part that is broken."""
        return self._joined(table, self.files(table), columns)

    def _joined(
        self, table: RunTable, files: Sequence[Path], columns: list[str] | None = None
    ) -> pa.Table:
        schema = RUN_SCHEMAS[table]
        wanted = schema if columns is None else pa.schema([schema.field(c) for c in columns])
        if not files:
            return wanted.empty_table()
        try:
            read = [pq.read_table(path, columns=columns) for path in files]
            return pa.concat_tables(read).cast(wanted)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RecordError(f"A part of {self.path / table} cannot be read: {error}.") from error

    def rows(self, table: RunTable, cells: Sequence[Cell]) -> list[dict[str, Any]]:
        """Rows of these cells. Raises RecordError for a part that is broken."""
        return self._joined(table, self.files(table, {cell.id for cell in cells})).to_pylist()

    def part_of(self, cell: Cell, table: RunTable) -> bytes | None:
        """One cell's part of a table as it lies there; None where there is none."""
        place = self.path / table / f"{cell.id}.parquet"
        return place.read_bytes() if place.is_file() else None

    def dataset(self, table: RunTable) -> ds.Dataset | pa.Table:
        """A table that is read as it is asked for."""
        files = [str(path) for path in self.files(table)]
        if not files:
            return RUN_SCHEMAS[table].empty_table()
        return ds.dataset(files, schema=RUN_SCHEMAS[table], format="parquet")

    def _remove_beside(self) -> None:
        """What a stopped process was writing."""
        for path in [*self.path.glob(f"{BESIDE}*"), *self.path.glob(f"*/{BESIDE}*")]:
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Beside, to the disk, and then renamed; nothing is left where that fails."""
    beside = path.with_name(f"{BESIDE}{path.name}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _cannot_write(path: Path, error: OSError) -> RecordError:
    what = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RecordError(
            f"The disk of {path} is full ({what}): what was finished is kept; free some space and "
            f"run the same command again."
        )
    return RecordError(f"The run cannot be written to {path}: {what}.")
