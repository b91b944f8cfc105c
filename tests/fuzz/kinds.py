"""Every kind of input: a valid sample, how it is read as users read it, and how many are tried."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest import mock

from rich.console import Console

from tests.command_line import run_heedmap
from tests.fuzz import samples
from tests.fuzz.mutate import ESCAPE, VALUES, spoil
from tests.fuzz.outcome import SaidError
from tests.fuzz.policies import audit_policy, spoil_policy, write_policy

Read = Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """One kind of input, in a folder of its own."""

    write: Callable[[Path], None]
    """Makes the sample."""
    read: Read
    inputs: int
    """How many are tried."""
    spoil: Callable[[Path, Random], str] | None = None
    """How a copy of the sample is changed; None: one of its files, in any way."""
    sign: Callable[[Path], None] | None = None
    """Makes checksums right again, as whoever hands out a hostile result would."""
    short: int | None = None
    """How many `make fuzz` tries, where all would take too long."""


USAGE = 2
"""The code of options that are none; above the last line is how the command is used."""


def command(folder: Path, *arguments: str | Path) -> None:
    """`heedmap ARGUMENTS` in a folder; its output is printed. Raises SaidError where it fails."""
    ran = run_heedmap(*arguments, cwd=folder)
    sys.__stdout__.write(ran.out)  # pyright: ignore[reportOptionalMemberAccess]
    sys.__stdout__.flush()  # pyright: ignore[reportOptionalMemberAccess]
    if ran.code not in (0, 3):
        lines = [line for line in ran.err.strip().splitlines() if not line.startswith("note: ")]
        raise SaidError("\n".join(lines[-1:] if ran.code == USAGE else lines))


def spoil_a_file(folder: Path, draw: Random) -> str:
    """One file of the sample, whichever."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "written")
    return spoil(folder, draw.choice(files), draw)


# ---- frames and data sets


def _frames(*locators: str) -> Read:
    def read(folder: Path) -> None:
        from heedmap.data.sources import frames_at

        for locator in locators:
            for frame in frames_at(f"{folder}/{locator}"):
                assert frame.pixels.ndim == 3
                assert frame.instruction is None or frame.instruction == str(frame.instruction)

    return read


def _data_set(folder: Path) -> None:
    from heedmap.data.tasks import case_at, case_places, data_set_trials
    from heedmap.errors import InstructionError
    from heedmap.report.words.findings import find_all
    from heedmap.report.words.sources import read_source

    _frames("set#episode=1&frames=0,2:4")(folder)
    for place in case_places(folder / "set"):
        assert case_at(place.place).instructions
    with suppress(InstructionError):
        assert data_set_trials(str(folder / "set"), 2)
    find_all([read_source(folder / "set", "trained")])


def _cases(folder: Path) -> None:
    from heedmap.data.cases import load_cases

    assert load_cases(folder)


def _table_of_words(folder: Path) -> None:
    from heedmap.data.counterfactuals import counterfactuals, load_table

    counterfactuals("turn left at the red ball", load_table(folder / "table.yaml"))


def _grid(folder: Path) -> None:
    from heedmap.sweep.grid_file import GridFile
    from heedmap.sweep.planning import make_plan

    make_plan(GridFile(folder / "grid.yaml"))


def _needed(folder: Path) -> None:
    from heedmap.data.examples import load_examples

    assert len(load_examples(folder / "data.csv"))


def _words(folder: Path) -> None:
    for name in ("tasks", "log.jsonl", "list.json", "list.yaml", "list.csv", "list.txt"):
        command(folder, "words", name, "--lang", "en")
    command(folder, "words", "list.parquet", "--json", "-")


# ---- what is written on the command line


def _locator(folder: Path) -> None:
    from heedmap.data.sources import frames_at

    frames_at((folder / "written").read_text(errors="surrogateescape").replace("@", f"{folder}/"))


def _spoil_locator(folder: Path, draw: Random) -> str:
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


def _options(folder: Path) -> None:
    lines = (folder / "written").read_bytes().split(b"\n--next--\n")
    arguments = [line.decode("utf-8", "surrogateescape") for line in lines]
    samples.write_factories(folder)
    command(folder, *("audit", "factories:policy", "--frame", "a.png"), *arguments)


def _spoil_options(folder: Path, draw: Random) -> str:
    texts = [v for v in VALUES if isinstance(v, str)] + [str(v) for v in VALUES if v is not None]
    texts += ["left=go left", "a=b", "=", "image=0:4", "image=0:+len", "dim0:+", "left=dim9:-"]
    texts = [text for text in texts if "\x00" not in text and "\ud800" not in text] + ["\udcff"]
    option, value = draw.choice(OPTIONS), draw.choice(texts)
    arguments = ["--instruction", "left=go to the left", "--instruction", "right=go to the right"]
    arguments += [f"{option}={value}"]
    written = "\n--next--\n".join(arguments).encode("utf-8", "surrogateescape")
    (folder / "written").write_bytes(written)
    return f"{option} {value[:40]!r}"


def _sql(folder: Path) -> None:
    from heedmap.sweep.query import query
    from heedmap.sweep.store import RunFolder

    sql = (folder / "written").read_text(errors="surrogateescape")
    with mock.patch("heedmap.sweep.query.MOST_SECONDS", 1.0):  # of 20, to try more of them
        query(RunFolder.open(folder / "run"), sql)


def _spoil_sql(folder: Path, draw: Random) -> str:
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


# ---- checkpoints


def _weights(folder: Path) -> None:
    from heedmap.policies.checkpoints.read import read_weights

    for name in ("model.safetensors", "last.pt"):
        if not (folder / name).exists() or (folder / name).stat().st_size:
            read_weights(folder / name)


def _sharded(folder: Path) -> None:
    from heedmap.policies.checkpoints.read import read_weights

    read_weights(folder)


def _vlm(folder: Path) -> None:
    from heedmap.policies.registry import load_policy

    load_policy(f"vlm:{folder}?actions=left,right,forward")


def _kosmos2(folder: Path) -> None:
    from heedmap.policies.registry import load_policy

    load_policy(f"kosmos2:{folder}")


def _spoil_config(folder: Path, draw: Random) -> str:
    names = ["config.json"] * 6 + [f.name for f in sorted(folder.glob("*.json"))]
    places = [f for f in sorted(folder.rglob("*.json")) if f.name in names]
    return spoil(folder, draw.choice(places or sorted(folder.iterdir())), draw)


# ---- results


def _record(folder: Path) -> None:
    from heedmap.record.result import Result
    from heedmap.report.compare.comparison import compare
    from heedmap.report.markdown import to_markdown
    from heedmap.report.terminal import print_result

    result = Result.load(folder / "run")
    result.table("cases")
    sys.__stdout__.write(to_markdown(result))  # pyright: ignore[reportOptionalMemberAccess]
    print_result(result, Console(file=sys.__stdout__, width=120), full=True)
    compare([("run", result)])
    command(folder, "verify", "run")


def _page(folder: Path) -> None:
    from heedmap.record.result import Result
    from heedmap.report.page.render import render_html

    page = render_html(Result.load(folder / "run"))
    assert "\x1b" not in page
    assert "\u202e" not in page


def _spoil_record(folder: Path, draw: Random) -> str:
    run = folder / "run"
    files = [run / "record.json"] * 4 + sorted(p for p in run.rglob("*") if p.is_file())
    return spoil(folder, draw.choice(files), draw)


def _figures(folder: Path) -> None:
    for kind in ("shares", "actions"):
        command(folder, "figure", "run", kind, "--out", f"{kind}.svg")


def _sweep(folder: Path) -> None:
    command(folder, "verify", "run")
    command(folder, "summary", "run")
    command(folder, "summary", "run", "--json")
    command(folder, "query", "run", "select * from cases", "--json")
    command(folder, "query", "run", "select * from cells")
    command(folder, "report", "run", "--markdown")


def _tap(folder: Path) -> None:
    from heedmap.monitor.delivered import read_delivered
    from heedmap.monitor.tap.recording import read_run
    from heedmap.monitor.tap.story import story_of

    story_of(read_run(folder / "tap").steps())
    read_delivered(folder / "tap")


def _delivered(folder: Path) -> None:
    from heedmap.monitor.delivered import read_delivered

    read_delivered(folder / "words.json")


def _history(folder: Path) -> None:
    from heedmap.monitor.history import curve_of, read_history

    curve_of(read_history(folder / "history.jsonl"))


def _forensics(folder: Path) -> None:
    for name in ("layers.csv", "dump.json", "page.html", "page.txt"):
        if (folder / name).exists() or (folder / name).is_symlink():
            command(folder, "forensics", name)
            command(folder, "forensics", name, "--json")


def _answers(folder: Path) -> None:
    from heedmap.errors import PolicyError
    from heedmap.policies.server.messages import unpacked
    from heedmap.policies.server.options import as_chunk
    from heedmap.policies.server.pickles import timed_actions

    for name in ("openpi", "vla_eval", "npy", "numpy"):
        if (folder / name).is_file() and not (folder / name).is_symlink():
            said = unpacked((folder / name).read_bytes(), "ws://h:1", "openpi's")
            as_chunk(said.get("actions") if isinstance(said, dict) else said, "It", "look there")
    if (folder / "pickle").is_file() and not (folder / "pickle").is_symlink():
        try:
            timed_actions((folder / "pickle").read_bytes())
        except ValueError as error:  # as the connection turns it into its own sentence
            raise PolicyError(f"The server's answer cannot be read ({error}).") from error


KINDS: dict[str, Kind] = {
    "image": Kind(samples.write_images, _frames("a.png", "b.jpg"), 140),
    "npy": Kind(samples.write_arrays, _frames("a.npy#0", "b.npy#0,2"), 120),
    "hdf5": Kind(samples.write_hdf5, _frames("e.h5#0,3"), 160),
    "video": Kind(samples.write_video, _frames("c.mp4#0,3", "c.mp4#t=0.2"), 120),
    "rlds": Kind(samples.write_rlds_set, _frames("set#episode=1&frames=0,2"), 120),
    "lerobot 2": Kind(samples.write_lerobot_images, _data_set, 220),
    "lerobot 3": Kind(samples.write_lerobot_video, _data_set, 160, short=60),
    "cases (YAML)": Kind(samples.write_cases, _cases, 160),
    "word table (YAML)": Kind(samples.write_word_table, _table_of_words, 100),
    "grid (YAML)": Kind(samples.write_grid, _grid, 120),
    "examples (CSV)": Kind(samples.write_examples, _needed, 80),
    "words": Kind(samples.write_words, _words, 160, short=30),
    "locator": Kind(samples.write_places, _locator, 120, _spoil_locator),
    "options": Kind(samples.write_options, _options, 25, _spoil_options, short=20),
    "SQL": Kind(samples.write_run, _sql, 60, _spoil_sql, short=24),
    "weights": Kind(samples.write_weights, _weights, 140),
    "weights in shards": Kind(samples.write_shards, _sharded, 60),
    "vlm config": Kind(samples.write_vlm, _vlm, 40, _spoil_config),
    "kosmos2 config": Kind(samples.write_kosmos2, _kosmos2, 40, _spoil_config),
    "record": Kind(
        samples.write_record, _record, 120, _spoil_record, samples.sign_record, short=60
    ),
    "record, page": Kind(
        samples.write_record, _page, 8, _spoil_record, samples.sign_record, short=4
    ),
    "record, figures": Kind(
        samples.write_record, _figures, 8, _spoil_record, samples.sign_record, short=4
    ),
    "sweep run": Kind(samples.write_run, _sweep, 80, None, samples.sign_run, short=18),
    "tap recording": Kind(samples.write_tap, _tap, 100),
    "delivered (JSON)": Kind(samples.write_delivered, _delivered, 80),
    "history": Kind(samples.write_history, _history, 80),
    "forensics": Kind(samples.write_published, _forensics, 120, short=24),
    "policy's outputs": Kind(write_policy, audit_policy, 120, spoil_policy, short=50),
    "server answers": Kind(samples.write_answers, _answers, 160),
}
