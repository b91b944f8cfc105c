"""The run folder: a plan, and for each cell one Parquet part in each table's folder.

Every file is written beside its place and renamed; a cell's checksums come last, and a cell
counts once these are there. So stopping at any moment, by whatever means, loses at most the cell
in hand; what it left is overwritten when it is run again. Whatever is read is compared with its
checksum. One process writes at a time.

Runs of schema 1 have no checksums: there a cell counts once its part of `cells` is there.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from heedmap.data.gates.gate import gate
from heedmap.data.parquet import read_parquet
from heedmap.errors import RecordError
from heedmap.phrase import Phrase
from heedmap.record.files import (
    PART_PREFIX,
    held_folder,
    parts_of,
    plain_path,
    read_plain,
    replace_file,
)
from heedmap.record.folders import add_report, settle
from heedmap.record.manifest import (
    Checksum,
    Damage,
    Manifest,
    Verification,
    damages,
    listed,
    manifest_of,
    read_checked,
    read_manifest,
)
from heedmap.sweep.outcome import Outcome
from heedmap.sweep.plan import CHECKSUMS_SINCE, Cell, Plan
from heedmap.sweep.plan_file import (
    CHECKSUMS,
    HOLDER_FILE,
    LOCK_FILE,
    PLAN_FILE,
    cannot_write,
    keep_plan,
    read_plan,
)
from heedmap.sweep.tables import COMMIT, RUN_SCHEMAS, RunTable, as_schema

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

UNTRUSTED = Phrase("its tables are not as heedmap writes them: do not trust this folder")


class RunFolder:
    """A sweep's results on disk."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run. Raises RecordError when it is none, is damaged, or of a newer schema."""
        return cls(path, read_plan(path))

    @classmethod
    def begin(cls, path: Path, plan: Plan) -> RunFolder:
        """A new run, or the one that is there, to go on with.

        Raises RecordError when another plan was begun there, or the folder holds other files.
        """
        return cls(path, keep_plan(path, plan))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Inside, no other process may write here. Raises RecordError where one does.

        The system lets go when the process ends, however it ends.
        """
        holder = self.path / HOLDER_FILE
        with ExitStack() as held:
            try:
                held.enter_context(held_folder(self.path, LOCK_FILE))
                replace_file(holder, f"process {os.getpid()} on {socket.gethostname()}".encode())
                self._remove_parts()
            except BlockingIOError:
                is_file = holder.is_file() and not holder.is_symlink()
                told = holder.read_text(errors="replace")[:200] if is_file else ""
                raise RecordError(
                    "{path} is being written by {holder}; wait for it, or stop it.",
                    path=self.path,
                    holder=told or Phrase("another process"),
                ) from None
            except OSError as error:
                raise cannot_write(self.path, error) from error
            held.callback(holder.unlink, missing_ok=True)
            yield

    def commit(self, outcome: Outcome) -> None:
        """Write a cell's parts. Raises RecordError when that fails; then the cell is not there."""
        parts = {_part_name(name, outcome.cell.id): each for name, each in outcome.parts.items()}
        last = _part_name(COMMIT, outcome.cell.id)
        order = [*(name for name in parts if name != last), last]
        try:
            for name in order:
                self._write(name, parts[name])
            checksums = manifest_of("cell", parts)
            of_plan = {**checksums.files, PLAN_FILE: self._plan_checksum}
            manifest = checksums.model_copy(update={"files": of_plan})
            self._write(_checksums_name(outcome.cell.id), manifest.encode())
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def add_report(self, report: str) -> Path:
        """Write the text of the run's report beside its tables; gives the report's path."""
        try:
            return add_report(self.path, "sweep", report.encode())
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def statuses(self) -> dict[str, str]:
        """`ok` or `failed`, by cell; cells that were not run are left out."""
        table = self.read(COMMIT, ["cell", "status"])
        return dict(zip(table["cell"].to_pylist(), table["status"].to_pylist(), strict=True))

    def finished(self) -> tuple[int, int]:
        """How many cells count, and when the last of them came, in ns; reads none of them."""
        times: list[int] = []
        for cell in self.plan.cells:
            with suppress(OSError):  # it is not there, or just going
                times.append((self.path / self._mark_of(cell)).stat().st_mtime_ns)
        return len(times), max(times, default=0)

    def damaged(self) -> dict[str, list[Damage]]:
        """What is damaged of the cells that count, by cell."""
        found = {cell.id: self._damages(cell) for cell in self.plan.cells if self._counts(cell)}
        return {cell: damages for cell, damages in found.items() if damages}

    def verify(self) -> Verification:
        """Compare every file with its checksum."""
        manifest = read_manifest(self.path, "sweep")
        cells = [cell for cell in self.plan.cells if self._counts(cell)]
        damaged = [] if manifest is None else damages(self.path, manifest)
        damaged += [each for cell in cells for each in self._damages(cell)]
        again = Phrase(
            "it has no checksums; the same 'heedmap sweep' command measures its cell again"
        )
        damaged += [Damage(name, again) for name in self._without_checksums()]
        files, unchecked = len(manifest.files if manifest else ()), [PLAN_FILE]
        for cell in cells:
            parts = [_part_name(table, cell.id) for table in RUN_SCHEMAS]
            parts = [part for part in parts if (self.path / part).exists()]
            if (self.path / _checksums_name(cell.id)).exists():
                files += len(parts)
            else:
                unchecked += parts
        return Verification(
            self.path, files, tuple(damaged), tuple(unchecked if manifest is None else ())
        )

    def _without_checksums(self) -> list[str]:
        """Of cells that do not count: they were stopped at their end, or their checksums lost."""
        names = [_part_name(COMMIT, c.id) for c in self.plan.cells if not self._counts(c)]
        return [name for name in names if (self.path / name).exists()]

    def forget(self, cells: Collection[str]) -> None:
        """Take cells out, the mark that they count first, so that they are run again."""
        names = (COMMIT, *(name for name in RUN_SCHEMAS if name != COMMIT))
        try:
            for cell in cells:
                for name in (_checksums_name(cell), *(_part_name(table, cell) for table in names)):
                    plain_path(self.path, name).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def read(self, table: RunTable, columns: list[str] | None = None) -> pa.Table:
        """A whole table, in the plan's order. Raises RecordError for a part that is damaged."""
        return self._joined(table, self.plan.cells, columns)

    def rows(self, table: RunTable, cells: Sequence[Cell]) -> list[dict[str, Any]]:
        """Rows of these cells. Raises RecordError for a part that is damaged."""
        wanted = {cell.id for cell in cells}
        return self._joined(table, [c for c in self.plan.cells if c.id in wanted]).to_pylist()

    def part_of(self, cell: Cell, table: RunTable) -> bytes | None:
        """One cell's part of a table as it lies there; None where the cell has none.

        Raises RecordError when it is damaged.
        """
        if not self._counts(cell):
            return None
        name, manifest = _part_name(table, cell.id), self._checksums(cell)
        if manifest is None:
            is_there = (self.path / name).is_file()
            content = read_checked(self.path, name, None) if is_there else None
        elif name in manifest.files:
            content = read_checked(self.path, name, manifest.files[name])
        else:
            content = None
        if isinstance(content, Damage):
            raise self._is_damaged([content])
        return content

    def dataset(self, table: RunTable) -> Dataset | pa.Table:
        """A table that is read as it is asked for. Raises RecordError for a damaged part."""
        import pyarrow.dataset as ds  # takes longer than most that is done with a run

        cells = [c for c in self.plan.cells if self.part_of(c, table) is not None]
        if not cells:
            return RUN_SCHEMAS[table].empty_table()
        files = [str(self.path / _part_name(table, cell.id)) for cell in cells]
        return ds.dataset(files, schema=RUN_SCHEMAS[table], format="parquet")

    def _joined(
        self, table: RunTable, cells: Sequence[Cell], columns: list[str] | None = None
    ) -> pa.Table:
        schema = RUN_SCHEMAS[table]
        wanted = schema if columns is None else pa.schema([schema.field(c) for c in columns])
        parts = [part for cell in cells if (part := self.part_of(cell, table)) is not None]
        if not parts:
            return wanted.empty_table()
        with gate(RecordError, Phrase("A part of {path}", path=self.path / table), UNTRUSTED):
            return pa.concat_tables([as_schema(read_parquet(part), wanted) for part in parts])

    def _counts(self, cell: Cell) -> bool:
        """Whether the cell was finished."""
        return (self.path / self._mark_of(cell)).is_file()

    def _mark_of(self, cell: Cell) -> str:
        """The file that is written last."""
        is_older = self.plan.schema_version < CHECKSUMS_SINCE
        return _part_name(COMMIT, cell.id) if is_older else _checksums_name(cell.id)

    def _checksums(self, cell: Cell) -> Manifest | None:
        """None of a cell that an older heedmap finished. Raises RecordError for damaged ones."""
        name = _checksums_name(cell.id)
        try:
            manifest = read_manifest(self.path, "cell", name)
        except RecordError as error:
            raise self._is_damaged([Damage(name, Phrase("it was changed"))]) from error
        if manifest is None:
            return None
        if _part_name(COMMIT, cell.id) not in manifest.files:
            raise self._is_damaged([Damage(name, Phrase("it belongs to another cell"))])
        if manifest.files.get(PLAN_FILE) != self._plan_checksum:
            raise self._is_damaged([Damage(name, Phrase("it belongs to another plan"))])
        return manifest

    def _damages(self, cell: Cell) -> list[Damage]:
        try:
            manifest = self._checksums(cell)
        except RecordError:
            return [Damage(_checksums_name(cell.id), Phrase("it is not that of this cell"))]
        return [] if manifest is None else damages(self.path, manifest)

    def _is_damaged(self, damaged: Sequence[Damage]) -> RecordError:
        return RecordError(
            "The run in {path} is damaged: {damaged}; run the same 'heedmap sweep' command again, "
            "which measures these cells again, or see 'heedmap verify'.",
            path=self.path,
            damaged=listed(damaged),
        )

    def _remove_parts(self) -> None:
        """What a stopped process was writing: in the folders of our own, links not followed."""
        for name in (*RUN_SCHEMAS, CHECKSUMS):
            for path in plain_path(self.path, name).glob(f"{PART_PREFIX}p*-s*-f*.*"):
                path.unlink(missing_ok=True)
        settle(self.path, "sweep")
        for name in (PLAN_FILE, HOLDER_FILE):
            for path in parts_of(self.path / name):
                path.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        path = plain_path(self.path, name)
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content)

    @cached_property
    def _plan_checksum(self) -> Checksum:
        """Cells are tied to their plan: those of another run are not taken for this one's."""
        return Checksum.of(read_plain(self.path, PLAN_FILE))


def _part_name(table: str, cell: str) -> str:
    return f"{table}/{cell}.parquet"


def _checksums_name(cell: str) -> str:
    return f"{CHECKSUMS}/{cell}.json"
