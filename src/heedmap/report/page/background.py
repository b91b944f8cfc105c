"""The data, the run, and how to reproduce it."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import get_args

import pyarrow.parquet as pq

from heedmap.errors import pip_install
from heedmap.record.record import RECORD_FILE, Record
from heedmap.record.result import Result
from heedmap.record.tables import TableName, file_of
from heedmap.report.page.bilingual import Bilingual, phrase

MOST_BYTES_INSIDE = 400_000
"""A larger file is linked in the folder of the page."""

DEFINITIONS = ("share", "regions", "lift", "knockout", "distance", "mediated", "interval")
LIMITS = ("limit_low", "limit_frames", "limit_map", "limit_length")


@dataclass(frozen=True)
class DataFile:
    """One file of the result, as a link."""

    name: str
    href: str
    note: Bilingual


def data_files(result: Result) -> list[DataFile]:
    """The record and its tables, inside the page where they are small."""
    content: dict[str, tuple[str, bytes]] = {
        RECORD_FILE: ("application/json", result.record.model_dump_json().encode())
    }
    tables = {name: getattr(result, name) for name in get_args(TableName)}
    for name, table in tables.items():
        if table.num_rows:
            buffer = io.BytesIO()
            pq.write_table(table, buffer, compression="zstd")
            content[file_of(name)] = ("application/vnd.apache.parquet", buffer.getvalue())
    return [_file(name, kind, data) for name, (kind, data) in content.items()]


def _file(name: str, kind: str, data: bytes) -> DataFile:
    size = f"{len(data) / 1024:,.0f} KiB"
    if len(data) > MOST_BYTES_INSIDE:
        return DataFile(name, name, phrase("data_beside", size=size))
    href = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return DataFile(name, href, phrase("data_inside", size=size))


def how_to_run_again(record: Record) -> str:
    """The command line where there was one, or the call in Python."""
    arguments = record.run.arguments
    installed = record.run.versions.get("heedmap", "")
    lines = [f"{pip_install()}  # heedmap {installed}".rstrip()]
    if isinstance(command := arguments.get("command_line"), str):
        return "\n".join([*lines, command])
    texts = {i.name: i.text for i in record.instructions}
    sources = {frame.name: frame.source for frame in record.frames}
    policies = [policy.name for policy in record.policies]
    return "\n".join(
        [
            *lines,
            "python",
            ">>> import heedmap",
            ">>> heedmap.audit(",
            f"...     {json.dumps(policies, ensure_ascii=False)},",
            f"...     {json.dumps(sources, ensure_ascii=False)},",
            f"...     {json.dumps(texts, ensure_ascii=False)},",
            f"...     seed={record.run.seed},",
            "... )",
        ]
    )
