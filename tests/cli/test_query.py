"""Every value that a query gives lands under its name: in the table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from heedmap.cli.query import LEAST_WIDTH, csv_lines, json_text, text_table
from heedmap.sweep.query import distinct_names, query, rows_of
from heedmap.sweep.store import RunFolder
from tests.sweep.runs import told

STORED = Path(__file__).parent.parent / "fixtures" / "sweep-v1"

NAMES = st.lists(
    st.one_of(
        st.sampled_from(["a", "a_2", "a_3", "a_2_2", "A", "", " ", 'x"y', "x,y", "x\ny", "\r"]),
        st.text(max_size=5),
    ),
    min_size=1,
    max_size=9,
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=5),
    st.sampled_from(["\r", "\r\n", '"', ",", ""]),
    st.lists(st.integers(0, 9) | st.none(), max_size=3),
    st.fixed_dictionaries({"k": st.integers(0, 9), "v": st.lists(st.text(max_size=2), max_size=2)}),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[tuple[Any, ...]], pa.Table]:
    """Names, rows of one value a name, and the same as Arrow has them, in parts."""
    names, count = draw(NAMES), draw(st.integers(0, 3))
    columns = []
    for _ in names:
        value = draw(VALUES)
        columns.append([draw(st.sampled_from([value, None])) for _ in range(count)])
    table = pa.Table.from_arrays([pa.array(each) for each in columns], names=names)
    parts = [table.slice(row, 1) for row in range(count)]
    rows = list(zip(*columns, strict=True))
    return names, rows, pa.concat_tables(parts) if parts else table


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def in_csv(value: Any) -> str:
    """What a reader of CSV finds; what CSV has no form for stands there as JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def in_table(value: Any) -> str:
    return Text("-" if value is None else str(value)).plain


@settings(deadline=None)  # the first is slow: it imports
@given(tables())
def test_every_value_lands_under_its_name_in_every_form(
    found: tuple[list[str], list[tuple[Any, ...]], pa.Table],
) -> None:
    names, rows, table = found
    assert read_csv("".join(csv_lines(table))) == [
        names,
        *([in_csv(value) for value in row] for row in rows),
    ]
    objects = json.loads(json_text(table), object_pairs_hook=list)
    assert [[name for name, _ in each] for each in objects] == [distinct_names(names)] * len(rows)
    plain = [tuple(each.values()) for each in json.loads(json_text(table))]
    assert plain == rows
    shown = text_table(table)
    assert [str(column.header) for column in shown.columns] == [Text(name).plain for name in names]
    cells = [[str(cell) for cell in column.cells] for column in shown.columns]
    assert cells == [[in_table(row[at]) for row in rows] for at in range(len(names))]


@given(NAMES)
def test_names_are_made_distinct_and_no_name_is_taken_twice(names: list[str]) -> None:
    distinct = distinct_names(names)
    assert len(set(distinct)) == len(distinct) == len(names)
    for at, (name, own) in enumerate(zip(names, distinct, strict=True)):
        if name not in names[:at]:
            assert own == name
        else:
            assert own.removeprefix(f"{name}_").isdigit()
            assert own not in names


@pytest.mark.parametrize(
    ("names", "distinct"),
    [
        ("a a b", "a a_2 b"),
        ("a a a", "a a_2 a_3"),
        ("a a a_2", "a a_3 a_2"),
        ("a_2 a a a a_2", "a_2 a a_3 a_4 a_2_2"),
        ("a A a", "a A a_2"),
    ],
)
def test_repeated_names_are_numbered_past_those_that_there_are(names: str, distinct: str) -> None:
    assert distinct_names(names.split()) == distinct.split()


JOIN = (
    "select * from (select 1 as id, 'l' as name, null as x) as l "
    "join (select 1 as id, 'r' as name, [1, null] as x) as r on l.id = r.id"
)


@pytest.mark.parametrize(
    ("sql", "names", "rows", "keys"),
    [
        ("select 1 as a, 2 as a, 3 as b", "a,a,b", ["1,2,3"], "a a_2 b"),
        ("select 1 as a, 2 as a, 3 as a_2", "a,a,a_2", ["1,2,3"], "a a_3 a_2"),
        (JOIN, "id,name,x,id,name,x", ['1,l,,1,r,"[1, null]"'], "id name x id_2 name_2 x_2"),
        ("select 1 as a, 2 as a where false", "a,a", [], "a a_2"),
        ("select null as a, 1 as a, null as a", "a,a,a", [",1,"], "a a_2 a_3"),
        (
            "select {'k': [date '2020-01-02']} as s, [1.5::decimal(3, 1)] as s",
            "s,s",
            ['"{""k"": [""2020-01-02""]}","[""1.5""]"'],
            "s s_2",
        ),
    ],
)
def test_a_query_whose_names_repeat(sql: str, names: str, rows: list[str], keys: str) -> None:
    code, printed, err = told("query", STORED, sql, "--csv")
    assert (code, printed.splitlines()) == (0, [names, *rows]), err
    code, printed, _ = told("query", STORED, sql, "--json")
    assert [list(each) for each in json.loads(printed)] == [keys.split()] * len(rows)
    assert [[in_csv(value) for value in each.values()] for each in json.loads(printed)] == read_csv(
        "\n".join(rows)
    )
    table = text_table(query(RunFolder.open(STORED), sql))
    assert [str(column.header) for column in table.columns] == names.split(",")


def test_tables_of_a_run_joined_keep_every_column() -> None:
    sql = "select * from cases as c join frames as f on c.cell = f.cell and c.frame = f.frame"
    found = query(RunFolder.open(STORED), f"{sql} limit 3")
    cases, frames = (query(RunFolder.open(STORED), f"from {name} limit 0") for name in TWO)
    assert found.column_names == [*cases.column_names, *frames.column_names]
    at = len(cases.column_names)
    for row, each in zip(rows_of(found), json.loads(json_text(found)), strict=True):
        assert row[0] == row[at] == each["cell"] == each["cell_2"]
        assert len(each) == len(row) == found.num_columns


TWO = ("cases", "frames")


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES)
def test_names_of_a_statement_arrive_as_they_were_written(names: list[str]) -> None:
    names = [name.replace("\0", "") or "unnamed" for name in names]  # SQL has neither
    quoted = (name.replace('"', '""') for name in names)
    sql = ", ".join(f'{at} as "{name}"' for at, name in enumerate(quoted))
    found = query(RunFolder.open(STORED), f"select {sql}")
    header, row = read_csv("".join(csv_lines(found)))
    assert header == names
    assert row == [str(at) for at in range(len(names))]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=90))
def test_a_table_of_many_columns_loses_none(lengths: list[int]) -> None:
    marks = [chr(0x100 + at) for at in range(len(lengths))]
    values = [[mark * length] for mark, length in zip(marks, lengths, strict=True)]
    shown = text_table(pa.Table.from_arrays([pa.array(each) for each in values], names=marks))
    console = Console(file=io.StringIO(), width=max(100, LEAST_WIDTH * len(marks)))
    with console.capture() as capture:
        console.print(shown)
    printed = capture.get()
    assert [printed.count(mark) for mark in marks] == [1 + length for length in lengths]


def test_the_command_prints_every_column_of_a_wide_query() -> None:
    sql = ", ".join(f"'{chr(0x100 + at)}' as n" for at in range(80))
    code, printed, _ = told("query", STORED, f"select {sql}")
    assert code == 0
    assert all(printed.count(chr(0x100 + at)) == 1 for at in range(80))


def test_rows_in_many_parts_come_in_order() -> None:
    parts = [pa.table([[n], [-n]], names=["a", "a"]) for n in range(3000)]
    assert list(rows_of(pa.concat_tables(parts))) == [(n, -n) for n in range(3000)]
