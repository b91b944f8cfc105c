"""Ask a run folder in SQL: DuckDB reads its tables, and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from threading import Timer
from typing import Any

import duckdb
import psutil
import pyarrow as pa

from heedmap.errors import InputError, first_line_of, without_stop
from heedmap.phrase import Phrase
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_SCHEMAS, RUN_TABLES, RunTable

MOST_SECONDS = 20.0
MOST_MEMORY_MB = 1000
MOST_COLUMNS = 1_000
BATCH_ROWS = 100_000
MOST_LETTERS, MOST_NESTED = 100_000, 100
"""DuckDB's parser takes gigabytes for thousands of open brackets."""


def query(folder: RunFolder, sql: str) -> pa.Table:
    """What a statement gives, over the tables of a run: its columns, named as it names them.

    Names may repeat (`select 1 as a, 2 as a`, or a join): take values by position, as `rows_of`
    gives them. The statement can read no other file, and write none. Raises InputError, in one
    sentence, with the tables and columns that there are, for one that DuckDB refuses.
    """
    nested = accumulate((character in "([{") - (character in ")]}") for character in sql)
    if len(sql) > MOST_LETTERS or max(nested, default=0) > MOST_NESTED:
        raise InputError(
            "The statement has more than {letters:,} letters, or brackets in more than "
            "{levels} levels; ask for less at once.",
            letters=MOST_LETTERS,
            levels=MOST_NESTED,
        )
    with duckdb.connect(":memory:") as connection:
        for name in RUN_TABLES:
            connection.register(name, folder.dataset(name))
        connection.execute("SET temp_directory = ''")  # what does not fit is not put on disk
        connection.execute("SET enable_external_access = false")
        connection.execute("SET python_enable_replacements = false")  # no variable is a table
        connection.execute(f"SET memory_limit = '{MOST_MEMORY_MB}MB'")
        connection.execute("SET lock_configuration = true")
        timer = Timer(MOST_SECONDS, connection.interrupt)
        timer.start()
        try:
            with _growing_at_most(2 * MOST_MEMORY_MB * 10**6):
                found = connection.sql(sql)
                if found is None:
                    raise InputError("The statement gives no rows; write one that does: select ...")
                return _taken(found)
        except duckdb.InterruptException as error:
            raise InputError(
                "The query took more than {seconds:.0f} s; ask for less, or read the Parquet "
                "files of the run themselves.",
                seconds=MOST_SECONDS,
            ) from error
        except (duckdb.Error, UnicodeError, RuntimeError, OSError, MemoryError) as error:
            raise InputError(_told(error, sql)) from error
        finally:
            timer.cancel()


@contextmanager
def _growing_at_most(size_bytes: int) -> Iterator[None]:
    """Inside, this process gets so much more memory from the system, where that can be limited.

    DuckDB's own limit does not count a single value that is being made, and such a function is not
    interrupted: `repeat('x', 2000000000)`.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + size_bytes
    if before[0] != resource.RLIM_INFINITY:
        most = min(most, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _taken(found: duckdb.DuckDBPyRelation) -> pa.Table:
    """The rows, batch by batch: what is no longer DuckDB's is not in its limit of memory."""
    if len(found.columns) > MOST_COLUMNS:
        raise InputError(
            "The query gives {count:,} columns, expected {most:,} at most; name those that you "
            "need.",
            count=len(found.columns),
            most=MOST_COLUMNS,
        )
    reader = found.to_arrow_reader(BATCH_ROWS)
    batches: list[pa.RecordBatch] = []
    held = 0
    for batch in reader:
        held += batch.nbytes
        if held > MOST_MEMORY_MB * 10**6:
            raise InputError(
                "The query gives more than {most} MB of rows; ask for fewer, such as "
                "with limit 1000.",
                most=MOST_MEMORY_MB,
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=reader.schema)


def rows_of(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows in order, as Python values, one for each column.

    Arrow's `to_pylist` keeps one value a name. A batch's rows are made at a time, not all.
    """
    for batch in table.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def distinct_names(names: Sequence[str]) -> list[str]:
    """A name of its own for each column: a, a, a_2 become a, a_3, a_2.

    The first of a name keeps it; later ones are numbered, past every name that there is.
    """
    taken, seen = set(names), Counter[str]()
    distinct: list[str] = []
    for name in names:
        seen[name] += 1
        own = name
        while seen[name] > 1 and (own := f"{name}_{seen[name]}") in taken:
            seen[name] += 1
        taken.add(own)
        distinct.append(own)
    return distinct


def _told(error: Exception, sql: str) -> str:
    """The first line of DuckDB's message, and what may be asked for."""
    words = {word.strip("(),;\"'").casefold() for word in sql.split()}
    meant: list[RunTable] = [name for name in RUN_TABLES if name in words] or list(RUN_TABLES)
    named = "; ".join(
        f"{name} ({', '.join(RUN_SCHEMAS[name].names)})" if len(meant) <= 2 else name
        for name in meant
    )
    return Phrase(
        "The query cannot be run: {why}. Tables: {named}.",
        why=without_stop(first_line_of(error)),
        named=named,
    )
