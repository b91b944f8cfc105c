"""Ask a run folder in SQL: DuckDB reads its tables, and nothing else."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from heedmap.errors import InputError, first_line_of
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_SCHEMAS, RUN_TABLES, RunTable


def query(folder: RunFolder, sql: str) -> pa.Table:
    """What a statement gives, over the tables of a run.

    The statement can read no other file, and write none. Raises InputError, in one sentence,
    with the tables and columns that there are, for one that DuckDB refuses.
    """
    with duckdb.connect(":memory:") as connection:
        for name in RUN_TABLES:
            connection.register(name, folder.dataset(name))
        connection.execute("SET enable_external_access = false")
        connection.execute("SET python_enable_replacements = false")  # no variable is a table
        connection.execute("SET lock_configuration = true")
        try:
            found = connection.sql(sql)
            if found is None:
                raise InputError("The statement gives no rows; write one that does: select ...")
            return found.to_arrow_table()
        except duckdb.Error as error:
            raise InputError(_told(error, sql)) from error


def _told(error: duckdb.Error, sql: str) -> str:
    """The first line of DuckDB's message, and what may be asked for."""
    words = {word.strip("(),;\"'").casefold() for word in sql.split()}
    meant: list[RunTable] = [name for name in RUN_TABLES if name in words] or list(RUN_TABLES)
    named = "; ".join(
        f"{name} ({', '.join(RUN_SCHEMAS[name].names)})" if len(meant) <= 2 else name
        for name in meant
    )
    return f"The query cannot be run: {first_line_of(error).rstrip('.')}. Tables: {named}."
