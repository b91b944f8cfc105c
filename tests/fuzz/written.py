"""What is written on the command line: locators, options, SQL."""

from __future__ import annotations

from pathlib import Path
from random import Random
from unittest import mock

from tests.fuzz import samples
from tests.fuzz.kind import command
from tests.fuzz.mutate import ESCAPE, VALUES


def locator(folder: Path) -> None:
    from heedmap.data.sources import frames_at

    frames_at((folder / "written").read_text(errors="surrogateescape").replace("@", f"{folder}/"))


def spoil_locator(folder: Path, draw: Random) -> str:
    file = folder / draw.choice(("a.npy", "e.h5", "a.png", "none.mp4", ""))
    place = "@" + file.name + "#"
    parts = ("0", "-1", "0:9:2", ":::", "t=", "=", "&", "frames=", "episode=", "1e9", "nan", "٣")
    texts = [*parts, *(v for v in VALUES if isinstance(v, str)), "9" * 30, "9" * 5000, "0:" * 99]
    written = place + "".join(draw.choice(texts) for _ in range(draw.randrange(5)))
    if draw.random() < 0.2:
        written = draw.choice(texts) + written
    (folder / "written").write_bytes(written.encode("utf-8", "surrogatepass"))
    return f"{written[:60]!r}"


OPTIONS = (
    *("--seed", "--declared", "--expect", "--paraphrase", "--recorded", "--history"),
    *("--instruction", "--instructions", "--case", "--cases", "--words", "--frame"),
)


def options(folder: Path) -> None:
    lines = (folder / "written").read_bytes().split(b"\n--next--\n")
    arguments = [line.decode("utf-8", "surrogateescape") for line in lines]
    samples.write_factories(folder)
    command(folder, *("audit", "factories:policy", "--frame", "a.png"), *arguments)


def spoil_options(folder: Path, draw: Random) -> str:
    texts = [v for v in VALUES if isinstance(v, str)] + [str(v) for v in VALUES if v is not None]
    texts += ["left=go left", "a=b", "=", "image=0:4", "image=0:+len", "dim0:+", "left=dim9:-"]
    texts = [text for text in texts if "\x00" not in text and "\ud800" not in text] + ["\udcff"]
    option, value = draw.choice(OPTIONS), draw.choice(texts)
    arguments = ["--instruction", "left=go to the left", "--instruction", "right=go to the right"]
    arguments += [f"{option}={value}"]
    written = "\n--next--\n".join(arguments).encode("utf-8", "surrogateescape")
    (folder / "written").write_bytes(written)
    return f"{option} {value[:40]!r}"


def sql(folder: Path) -> None:
    from heedmap.sweep.query import query
    from heedmap.sweep.store import RunFolder

    sql = (folder / "written").read_text(errors="surrogateescape")
    with mock.patch("heedmap.sweep.query.MOST_SECONDS", 1.0):  # of 20, to try more of them
        query(RunFolder.open(folder / "run"), sql)


def spoil_sql(folder: Path, draw: Random) -> str:
    parts = (
        *("select", "*", "from", "cases", "cells", "a.frame", ",", "count(*)", "group by 1", "'"),
        *("cross join", "range(100000)", "repeat('x', 1000000000)", "read_csv('/etc/passwd')"),
        *("copy cases to '/tmp/heedmap-fuzz-out'", "attach '/tmp/x'", "install httpfs", ";"),
        *("pragma memory_limit='99GB'", "set threads=64", "1/0", "with recursive t(n) as", "\x00"),
        *("(select 1 union all select n+1 from t)", "t", "order by random()", "::int[]", ESCAPE),
        *(
            "list_sort(range(1000000))",
            "glob('/*')",
            "getenv('HOME')",
            "limit -1",
            "\ud800",
            "('('",
        ),
    )
    whole = (
        "select count(*) from range(10000000) a, range(10000000) b",
        "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
        "select repeat('x', 4000000000)",
        "select list(a.range) from range(1000000000) a",
        "select string_agg(repeat('x', 1000), '') from range(100000000)",
        "select * from range(1000000000)",
        "select regexp_matches(repeat('a', 100000), '(a+)+$')",
        "select 'nan'::double as a, 'inf'::double as b",
        f"select '{ESCAPE}' as \"{ESCAPE}\"",
        "select " + "(" * 5000,
    )
    made = " ".join(draw.choice(parts) for _ in range(draw.randrange(1, 7)))
    sql = draw.choice((draw.choice(whole), made, f"select * from cases where {made}"))
    (folder / "written").write_bytes(sql.encode("utf-8", "surrogatepass"))
    return repr(sql[:80])
