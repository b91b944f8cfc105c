"""A policy that ends the program, by `sys.exit` or `quit`: a sentence, not a silent success."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.sweep.store import RunFolder
from tests.cli.conftest import Cli, cli
from tests.fuzz.outcome import judged
from tests.fuzz.samples import picture
from tests.sweep.runs import grid

__all__ = ["cli"]

ENDS = """
import sys
import threading
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS
from tests.failing import plain as counted

def _ends(at, error):
    counting = counted()
    counting.at, counting.error = at, error
    return CallablePolicy("own", counting, counting.network, action_names=ACTIONS)

def plain():
    return _ends(None, RuntimeError)

def at_load():
    sys.exit(0)

def at_first():
    return _ends(1, lambda said: SystemExit(0))

def at_seventh():
    return _ends(7, lambda said: SystemExit())

def quits():
    return _ends(3, lambda said: quit(0))

def in_a_thread():
    answers = []

    def run(frames, texts):
        thread = threading.Thread(target=lambda: answers.append(sys.exit(0)))
        thread.start()
        thread.join()
        return answers[0]

    return CallablePolicy("own", run, counted().network)

class Odd(CallablePolicy.__mro__[1]):
    family = "odd"
    module = action_names = None

    def act(self, observations, instructions):
        return None

    def check_observation(self, observation):
        sys.exit(0)

def where_nobody_looks():
    return Odd("odd")
"""
GIVEN = ("--frame", "a.png", "--instruction", "left=go left", "--instruction", "right=go right")
WAYS = {
    "at_load": "The factory 'ends:at_load' raised SystemExit: 0.",
    "at_first": "The policy 'own' raised SystemExit: 0, while ",
    "at_seventh": "The policy 'own' raised SystemExit: SystemExit, while ",
    "quits": "The policy 'own' raised SystemExit: 0, while ",
    "in_a_thread": "The policy 'own' raised IndexError: list index out of range, while ",
    "where_nobody_looks": "Code that this command ran called sys.exit(0) before the command had",
}


@pytest.fixture(autouse=True)
def _ends(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "ends.py").write_text(ENDS)
    picture().save(tmp_path / "a.png", "PNG")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("way", "said"), WAYS.items())
@pytest.mark.parametrize("command", ["audit", "doctor"])
def test_an_audit_ends_in_a_sentence(
    way: str, said: str, command: str, cli: Cli, tmp_path: Path
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    where = ("--out", "out") if command == "audit" else ()
    ran = cli(command, f"ends:{way}", *GIVEN, *where)
    assert ran.code == 1
    assert said in ran.err
    assert judged(ran.err.strip().splitlines()[-1]).kind == "refused"
    left = {path.name for path in tmp_path.iterdir()} - before - {"__pycache__"}
    assert not left


def test_it_is_said_in_korean(cli: Cli) -> None:
    ran = cli("audit", "ends:where_nobody_looks", *GIVEN, "--out", "out", "--lang", "ko")
    assert ran.code == 1
    assert "sys.exit(0)을 호출했습니다" in ran.err


def test_a_drive_ends_in_a_sentence_and_goes_on_later(cli: Cli, tmp_path: Path) -> None:
    ran = cli("drive", "ends:at_first", "--env", "babyai", "--episodes", "1", "--out", "out")
    assert ran.code == 1
    assert "The policy 'own' raised SystemExit: 0 (given " in ran.err
    assert not (tmp_path / "out" / "index.html").exists()


def test_a_sweep_records_it_and_goes_on(cli: Cli, tmp_path: Path) -> None:
    names = ("at_load", "at_seventh", "plain")
    path = grid(tmp_path, [f"ends:{name}" for name in names], count=1, interventions=[])
    ran = cli("sweep", path, "--out", "run")
    assert ran.code == 3, ran.err
    rows = RunFolder.open(tmp_path / "run").read("cells").to_pylist()
    assert [row["status"] for row in rows] == ["failed", "failed", "ok"]
    assert "raised SystemExit: 0" in rows[0]["error"]
    assert "raised SystemExit: SystemExit, while " in rows[1]["error"]


def test_completion_and_help_still_end_well(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("--help").code == 0
    assert cli("audit", "--help").code == 0
    monkeypatch.setenv("_HEEDMAP_COMPLETE", "source_bash")
    ran = cli()
    assert ran.code == 0
    assert "_HEEDMAP_COMPLETE=complete_bash" in ran.out
