"""Folders and files that heedmap itself wrote, or a server answers, spoilt on their way back."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from rich.console import Console

from tests.fuzz.kind import command, printed
from tests.fuzz.mutate import spoil


def record(folder: Path) -> None:
    from heedmap.record.result import Result
    from heedmap.report.compare.comparison import compare
    from heedmap.report.markdown import to_markdown
    from heedmap.report.terminal import print_result

    result = Result.load(folder / "run")
    result.table("cases")
    printed(to_markdown(result))
    print_result(result, Console(file=sys.__stdout__, width=120), full=True)
    compare([("run", result)])
    command(folder, "verify", "run")


def page(folder: Path) -> None:
    from heedmap.record.result import Result
    from heedmap.report.page.render import render_html

    page = render_html(Result.load(folder / "run"))
    assert "\x1b" not in page
    assert "\u202e" not in page


def spoil_record(folder: Path, draw: Random) -> str:
    run = folder / "run"
    files = [run / "record.json"] * 4 + sorted(p for p in run.rglob("*") if p.is_file())
    return spoil(folder, draw.choice(files), draw)


def figures(folder: Path) -> None:
    for kind in ("shares", "actions"):
        command(folder, "figure", "run", kind, "--out", f"{kind}.svg")


def sweep(folder: Path) -> None:
    command(folder, "verify", "run")
    command(folder, "summary", "run")
    command(folder, "summary", "run", "--json")
    command(folder, "query", "run", "select * from cases", "--json")
    command(folder, "query", "run", "select * from cells")
    command(folder, "report", "run", "--markdown")


def tap(folder: Path) -> None:
    from heedmap.monitor.delivered import read_delivered
    from heedmap.monitor.tap.recording import read_run
    from heedmap.monitor.tap.story import story_of

    story_of(read_run(folder / "tap").steps())
    read_delivered(folder / "tap")
    command(folder, "tap", "--read", "tap")


def drive(folder: Path) -> None:
    """Going on with it, as the same command does when it is given again."""
    from heedmap.monitor.driving.folder import DriveFolder
    from heedmap.report.driving.as_json import drive_json
    from heedmap.report.driving.terminal import print_drive
    from tests.monitor.driving.worlds import driven, heeding, policy_of

    found = driven(policy_of(heeding), folder / "out", episodes=3, every=3)
    assert len(found.episodes) >= 3
    printed(drive_json(found))
    print_drive(found, Console(file=sys.__stdout__, width=120), "ko")
    _check_page(DriveFolder(folder / "out").write_page("ko"))


def exam(folder: Path) -> None:
    """Written again over what lies there."""
    from heedmap.report.exam.files import DATA, exam_json, write_exam
    from tests.fuzz.own import taken

    _check_page(write_exam(taken(), folder / "out"))
    assert (folder / "out" / DATA).read_text() == exam_json(taken().exam)


def tuned(folder: Path) -> None:
    from heedmap.policies.checkpoints.adapters import merge_adapter
    from tests.remedies.test_finetune import classes

    merge_adapter(classes().module, folder / "out" / "adapter")


def checkpoints(folder: Path) -> None:
    from heedmap.cli.serve import CheckpointsView

    command(folder, "verify", "run/000002", "run/000010")
    view = CheckpointsView(folder / "run", "en")
    printed(view.state().said["ko"])
    for path in ("/", "/000002/report.html"):
        assert "\x1b" not in (view.page(path, {}) or "")


def _check_page(page: Path) -> None:
    text = page.read_text()
    assert "\x1b" not in text
    assert "\u202e" not in text


def delivered(folder: Path) -> None:
    from heedmap.monitor.delivered import read_delivered

    read_delivered(folder / "words.json")


def history(folder: Path) -> None:
    from heedmap.monitor.history import curve_of, read_history

    curve_of(read_history(folder / "history.jsonl"))


def forensics(folder: Path) -> None:
    for name in ("layers.csv", "dump.json", "page.html", "page.txt"):
        if (folder / name).exists() or (folder / name).is_symlink():
            command(folder, "forensics", name)
            command(folder, "forensics", name, "--json")


def answers(folder: Path) -> None:
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
