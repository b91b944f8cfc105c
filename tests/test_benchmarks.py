"""The benchmarks run and check themselves; nothing here is timed."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from benchmarks import audit, cached, capture, instructions, knockouts, monitor
from benchmarks.floors import measured_rates
from benchmarks.models import SIZES, Size
from tests.test_docs import DOCS


def test_every_benchmark_runs_in_small_and_writes_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each compares its ways' results before it tells their time, and ends if they differ."""
    monkeypatch.chdir(DOCS.parent)
    monkeypatch.setitem(SIZES, "small", Size(64, 2, 4, 32, 2, 2))
    for module in (capture, instructions, knockouts):
        monkeypatch.setattr(module, "measured_rates", partial(measured_rates, dim=64))
    rows = tmp_path / "rows.jsonl"
    short = ["--rounds", "1", "--json", str(rows)]
    for main, more in (
        (capture.main, ["--length", "78", "--without", "nnsight", "captum"]),
        (instructions.main, ["--count", "4"]),
        (knockouts.main, ["--length", "78", "--sample", "2"]),
        (audit.main, []),
        (cached.main, ["--size", "small", "--steps", "2"]),
        (monitor.main, []),
    ):
        monkeypatch.setattr("sys.argv", ["benchmark", *short, *more])
        main()
    found = [json.loads(line) for line in rows.read_text().splitlines()]
    assert [row["benchmark"] for row in found] == [
        "capture",
        "instructions",
        "knockouts",
        "audit",
        "cached",
        "monitor",
    ]
    assert all(len(row["timings"]) >= 2 for row in found)
    assert "floor s" in capsys.readouterr().out
