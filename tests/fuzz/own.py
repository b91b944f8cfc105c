"""Small samples of what heedmap itself writes and reads again. Each fills an empty folder."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz import samples

if TYPE_CHECKING:
    from heedmap.auditing.exam.result import Taken


def write_record(folder: Path) -> None:
    from tests.report.sample import realistic

    realistic(layers=2, heads=2).save(folder / "run", report=lambda: "<html></html>")


def sign_record(folder: Path) -> None:
    _sign(folder / "run", "result")


def write_run(folder: Path) -> None:
    from tests.sweep.runs import grid, ran

    path = grid(folder, ["sound"], 2, measures=["attention", "positions"])
    ran(path, folder / "run")
    path.unlink()
    (folder / "written").write_text("select * from cases")


def sign_run(folder: Path) -> None:
    """Cells name their own parts and the plan; the run's manifest names the plan."""
    from heedmap.record.manifest import Checksum, Manifest

    run = folder / "run"
    if not (run / "plan.json").is_file():
        return
    plan = Checksum.of((run / "plan.json").read_bytes())
    for file in [run / "manifest.json", *sorted(run.glob("checksums/*.json"))]:
        try:
            manifest = Manifest.model_validate_json(file.read_bytes())
        except (ValueError, OSError):
            continue  # spoilt itself
        files = {
            name: Checksum.of((run / name).read_bytes())
            for name in manifest.files
            if (run / name).is_file() and "/dev/" not in str((run / name).resolve())
        }
        files |= {"plan.json": plan}
        file.write_bytes(manifest.model_copy(update={"files": files}).encode())


def _sign(run: Path, kind: Any) -> None:
    from heedmap.record.manifest import MANIFEST_FILE, Checksum, Manifest

    manifest = run / MANIFEST_FILE
    if manifest.is_symlink() or not manifest.is_file():
        return
    files = [p for p in run.rglob("*") if p.is_file() and not p.is_symlink() and p != manifest]
    named = {p.relative_to(run).as_posix(): Checksum.of(p.read_bytes()) for p in files}
    manifest.write_bytes(Manifest(kind=kind, files=named).encode())


def write_tap(folder: Path) -> None:
    from heedmap.monitor.tap.recording import write_about
    from heedmap.monitor.tap.store import Store
    from tests.monitor.tap.conftest import ABOUT, readings, steps

    (folder / "tap").mkdir()
    store = Store(folder / "tap", 10**8, steps_a_part=30)
    for step in steps():
        store.append(step)
    for reading in readings():
        store.append_reading(reading.model_dump_json().encode() + b"\n")
    os.close(store._journal)  # as a killed tap leaves it
    write_about(folder / "tap", ABOUT)


def write_delivered(folder: Path) -> None:
    from heedmap.report.words.as_json import audit_json
    from heedmap.report.words.findings import find_all
    from heedmap.report.words.sources import read_source

    samples.write_words(folder)
    text = audit_json(find_all([read_source(folder / "log.jsonl", "asked")]))
    for each in list(folder.iterdir()):
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    (folder / "words.json").write_text(text)


def write_history(folder: Path) -> None:
    from heedmap.monitor.history import append_reading
    from heedmap.monitor.reading import read_off
    from tests.report.sample import realistic

    policy = realistic(layers=2, heads=2).record.policies[0]
    for step in range(3):
        append_reading(folder / "history.jsonl", read_off(policy, step, 0.5))


def write_drive(folder: Path) -> None:
    from tests.monitor.driving.worlds import driven, heeding, policy_of

    driven(policy_of(heeding), folder / "out", episodes=2, every=3)


def write_checkpoints(folder: Path) -> None:
    from tests.report.sample import realistic

    for step in (2, 10):
        realistic(layers=1, heads=1, names=("m", "n")).save(folder / "run" / f"{step:06d}")


def sign_checkpoints(folder: Path) -> None:
    for each in (folder / "run").iterdir():
        if each.is_dir() and not each.is_symlink():
            _sign(each, "result")


@cache
def taken() -> Taken:
    """Of an exam of a policy that reads colours only."""
    from heedmap.auditing.exam.exam import examine
    from tests.auditing.exam.world import RULES, looked_up, trials

    return examine(looked_up(RULES["only_colours"]), trials(6), dataset="data")


def write_exam(folder: Path) -> None:
    from heedmap.report.exam.files import write_exam

    write_exam(taken(), folder / "out")


def write_tuned(folder: Path) -> None:
    from heedmap.report.remedies.files import write_remedies
    from tests.remedies.test_finetune import classes, tuned

    write_remedies(tuned(classes(), folder / "out" / "adapter", steps=4), folder / "out")
