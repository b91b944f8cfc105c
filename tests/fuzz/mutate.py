"""Spoils one file of a sample: its bytes, its values, or what it is."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ESCAPE = "\x1b]0;owned\x07\x1b[31mred\u202eder"
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1,
        7,
        0.5,
        10**9,
        2**31,
        2**63,
        -(2**63),
        10**30,
        1e308,
        math.nan,
        math.inf,
    ),
    *("", " ", "left", "NaN", "12", "\x00", "a\nb\r\nc", "\ud800", ESCAPE, "한국어", "x" * 20_000),
    *("../../etc/passwd", "/etc/passwd", "{episode_index:0999999999d}", "{x.__class__}", "%s%n"),
    *([], {}, [None], [[1, 2], [3]], {"a": {"b": [1]}}, ["left", 3], [math.nan]),
)
TEXTS = (
    *("a: &x [1, 2]\nb: *x\n", "a: &a [x]\n" + "".join("- *a\n" for _ in range(3))),
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
    ),
    "x0: &x0 {a: 1, b: 2}\n"
    + "".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 20)}]}}\n" for n in range(1, 8)),
    *("[" * 1000, "{" * 3000, "[" * 60_000, "a: 2026-13-45\n", "- 2026-02-30\n", "? [a, b]\n: c\n"),
    *("a: 1\na: 2\n", "!!python/object/apply:os.system [exit 3]\n", "--- 1\n--- 2\n", "\t- a\n"),
    *("9" * 10_000, "1e999999", '{"a": 1, "a": 2}', '"\\ud800"', "\ufeff[]", "0x" + "f" * 5000),
    *("null", "[]", "{}", "3", '"x"', "NaN", "[null]", "\x1b[31m: x\n", "a,b\n" * 3, "(" * 5000),
)


UNWRITABLE = (
    *(ValueError, LookupError, OSError, TypeError, ArithmeticError, RuntimeError),
    pa.ArrowException,
)
"""What writers raise for a value that no file of the kind can hold: its bytes are changed then."""


def spoil_a_file(folder: Path, draw: Random) -> str:
    """One file of the sample, whichever."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "written")
    return spoil(folder, draw.choice(files), draw)


def spoil(folder: Path, file: Path, draw: Random) -> str:
    """Change one file of a sample in one way; gives what was done, to be read by people."""
    ways: list[Callable[[Path, Random], str]] = [_bytes, _bytes, _text, _other_thing]
    own = BY_ENDING.get(file.suffix.lower())
    ways += [own] * 8 if own is not None else [_bytes] * 4
    way = draw.choice(ways)
    try:
        done = way(file, draw)
    except UNWRITABLE:
        done = _bytes(file, draw)  # such a value cannot be written: its bytes are changed instead
    return f"{file.relative_to(folder)}: {done}"


def _bytes(file: Path, draw: Random) -> str:
    content = bytearray(file.read_bytes())
    kind = draw.choice(("flip", "flip", "cut", "grow", "size", "zeros", "double"))
    at = draw.randrange(max(1, len(content)))
    if kind == "flip":
        for _ in range(draw.choice((1, 4, 32))):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif kind == "cut":
        del content[at:]
    elif kind == "grow":
        content[at:at] = draw.randbytes(draw.choice((1, 9, 500)))
    elif kind == "size":  # what claims lengths is often four or eight bytes
        claim = draw.choice((2**31 - 1, 2**32 - 1, 2**62, 2**63 - 1, 10**9))
        width = draw.choice((4, 8))
        content[at : at + width] = (claim % 2 ** (8 * width)).to_bytes(width, "little")
    elif kind == "zeros":
        content[at : at + 64] = bytes(len(content[at : at + 64]))
    else:
        content += bytes(content)
    file.write_bytes(content)
    return f"{kind} at {at}"


def _text(file: Path, draw: Random) -> str:
    text = draw.choice(TEXTS)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return f"text {text[:30]!r}"


def _other_thing(file: Path, draw: Random) -> str:
    """Something that is no file with content."""
    kind = draw.choice(("pipe", "folder", "loop", "device", "nothing", "empty", "latin"))
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "loop":
        file.symlink_to(file.name)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "latin":
        file.write_bytes("größe: \xff, 네\n".encode("utf-16"))
    return kind


def _changed(tree: Any, draw: Random) -> Any:
    """A tree of JSON values with one node changed."""
    places = list(_places(tree, ()))
    place = draw.choice(places)
    value = draw.choice(VALUES)
    kind = draw.choice(("set", "set", "set", "set", "drop", "key", "deep", "many"))
    if not place:
        return value
    *above, last = place
    parent = tree
    for step in above:
        parent = parent[step]
    if kind == "drop":
        del parent[last]
    elif kind == "key" and isinstance(parent, dict):
        parent[draw.choice([v for v in VALUES if isinstance(v, str)])] = parent.pop(last)
    elif kind == "deep":
        for _ in range(500):
            parent[last] = [parent[last]]
    elif kind == "many" and isinstance(parent, list):
        parent.extend([parent[last]] * draw.choice((1, 1000)))
    else:
        parent[last] = value
    return tree


def _places(tree: Any, here: tuple[Any, ...]) -> Any:
    yield here
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inside if isinstance(tree, dict | list) else ():
        yield from _places(value, (*here, key))


def _json(file: Path, draw: Random) -> str:
    tree = _changed(json.loads(file.read_text()), draw)
    file.write_text(json.dumps(tree))
    return "a value"


def _json_lines(file: Path, draw: Random) -> str:
    lines = [json.loads(line) for line in file.read_text().split("\n") if line]
    at = draw.randrange(len(lines))
    lines[at] = _changed(lines[at], draw)
    file.write_text("\n".join(map(json.dumps, lines)))
    return f"a value of line {at}"


def _yaml(file: Path, draw: Random) -> str:
    tree = _changed(yaml.safe_load(file.read_text()), draw)
    file.write_text(yaml.safe_dump(tree, allow_unicode=True))
    return "a value"


def _cells(file: Path, draw: Random) -> str:
    lines = [line.split(",") for line in file.read_text().split("\n")]
    line = draw.choice(lines)
    value = draw.choice(VALUES)
    line[draw.randrange(len(line))] = value if isinstance(value, str) else str(value)
    file.write_bytes("\n".join(map(",".join, lines)).encode("utf-8", "surrogatepass"))
    return f"cell {str(value)[:20]!r}"


def _parquet(file: Path, draw: Random) -> str:
    table = pq.read_table(file)
    if not table.column_names:
        return _bytes(file, draw)
    name = draw.choice(table.column_names)
    at = table.column_names.index(name)
    kind = draw.choice(("value", "value", "value", "column", "drop", "twice", "none", "type"))
    if kind == "value" and len(table):
        cells = table[name].to_pylist()
        cells[draw.randrange(len(cells))] = draw.choice(VALUES)
        table = table.set_column(at, name, pa.array(cells))
    elif kind == "column":
        table = table.set_column(at, name, pa.array([draw.choice(VALUES)] * len(table)))
    elif kind == "drop":
        table = table.remove_column(at)
    elif kind == "twice":
        table = table.append_column(name, table[name])
    elif kind == "none":
        table = table.slice(0, 0)
    else:
        table = table.set_column(at, name, pa.nulls(len(table)))
    pq.write_table(table, file)
    return f"{kind} of {name}"


def _hdf5(file: Path, draw: Random) -> str:
    with h5py.File(file, "r+") as opened:
        names: list[str] = []
        opened.visit(names.append)
        name = draw.choice(names)
        kind = draw.choice(("type", "shape", "text", "soft", "external", "huge", "words", "nan"))
        del opened[name]
        if kind == "type":
            opened[name] = np.array([draw.choice(("a", "b")).encode()] * 5)
        elif kind == "shape":
            opened[name] = np.zeros(draw.choice(((0,), (5, 0, 4, 3), (5, 2, 2, 9), (2,) * 6)))
        elif kind == "soft":
            opened[name] = h5py.SoftLink(draw.choice(("/none", f"/{name}", "/")))
        elif kind == "external":
            opened[name] = h5py.ExternalLink("/etc/passwd", "/")
        elif kind == "huge":
            opened.create_dataset(name, (10**6, 480, 640, 3), "u1", chunks=(1, 480, 640, 3))
        elif kind == "words":
            big = opened.create_dataset("instruction", (2**33,), "u1", chunks=(2**20,))
            big[0] = 65
        elif kind == "nan":
            opened[name] = np.full((5, 2), math.nan)
        else:
            opened.attrs[draw.choice(("instruction", "task"))] = draw.choice(
                (ESCAPE, b"\xff\xfe", 3.5, np.zeros(3), np.array([], "S3"), "x" * 60_000)
            )
    return f"{kind} of {name}"


def _npy(file: Path, draw: Random) -> str:
    kind = draw.choice(("claim", "archive", "object", "type", "shape"))
    if kind == "claim":
        header = str(
            {
                "descr": draw.choice(("|u1", "<f8", "|O", "|S9", "<M8[ns]")),
                "fortran_order": False,
                "shape": draw.choice(((10**9, 48, 64, 3), (-1, 3), (2**62, 2**62), (True, 2, 3))),
            }
        ).encode()
        file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    elif kind == "archive":
        archive = file.with_suffix(".npz")
        np.savez(archive, np.zeros((4, 4, 3), np.uint8))
        shutil.move(archive, file)
    elif kind == "object":
        np.save(file, np.array([{}, None], dtype=object))
    elif kind == "type":
        kinds = ("complex64", "datetime64[s]", "U3", "float16", "int64", "bool")
        np.save(file, np.zeros((4, 4, 3)).astype(draw.choice(kinds)))
    else:
        shapes = ((), (0,), (4, 4, 7), (2,) * 5, (0, 4, 3), (4, 4, 4, 0), (1, 10**4, 10**4, 3))
        np.save(file, np.zeros(draw.choice(shapes[:-1]), np.uint8))
    return kind


BY_ENDING: dict[str, Callable[[Path, Random], str]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".yaml": _yaml,
    ".csv": _cells,
    ".parquet": _parquet,
    ".h5": _hdf5,
    ".npy": _npy,
}
"""How values in a file of that kind are changed; others by their bytes alone."""
