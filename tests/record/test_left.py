"""What killed audits leave, and what is never removed."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from heedmap.record.folders import IN_USE
from tests.report.sample import realistic


def test_what_a_killed_audit_left_goes_and_what_is_written_stays(tmp_path: Path) -> None:
    left, written, foreign = (tmp_path / f".run-{name}" for name in ("left", "written", "foreign"))
    for folder in (left, written, foreign):
        (folder / "new").mkdir(parents=True)
    (left / IN_USE).touch()
    with FileLock(written / IN_USE):
        realistic(layers=1, heads=1).save(tmp_path / "run")
        assert {path.name for path in tmp_path.iterdir()} == {"run", written.name, foreign.name}
