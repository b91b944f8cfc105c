"""`--lang` and HEEDMAP_LANG: every command speaks both languages, and says nothing in another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from heedmap.cli.main import app
from heedmap.ladder.messages import say, spoken
from tests.cli.conftest import Cli
from tests.report.forensics.test_read import SUMMARY
from tests.report.sample import realistic

NAMES = {"left", "right", "forward", "navigate", "case"}
FIXED = {
    "text_len",
    "layers",
    "self_attn",
    "only",
    "Image",
    "MoNaVLA",
    "Action",
    "Token",
    "Attention",
    "Analysis",
}
"""Titles, and what has no other name in Korean; the sample says why a stack was taken."""
WORD = re.compile(r"[A-Za-z][A-Za-z_]{3,}")


def commands(group: typer.Typer, *before: str) -> list[tuple[str, ...]]:
    """Every command as its words."""
    found = [
        (*before, (each.name or getattr(each.callback, "__name__", "")).replace("_", "-"))
        for each in group.registered_commands
    ]
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        found += commands(sub.typer_instance, str(sub.name))
    return found


@pytest.mark.parametrize("words", commands(app), ids=" ".join)
def test_every_command_takes_a_language(words: tuple[str, ...], cli: Cli) -> None:
    helped = cli(*words, "--help").out
    assert "HEEDMAP_LANG" in helped
    assert " / --no-" not in helped, "what is off says nothing"
    refused = cli(*words, "--lang", "xx")
    assert refused.code == 2
    assert "'--lang'" in refused.err or "is not one of" in refused.err


@pytest.fixture
def run(tmp_path: Path) -> Path:
    realistic(layers=2, names=("m", "n")).save(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("more", [(), ("--full",), ("--markdown",)])
def test_a_report_in_korean_has_no_english_left(cli: Cli, more: tuple[str, ...]) -> None:
    ran = cli("report", "run", "--lang", "ko", *more)
    assert ran.code == 0, ran.err
    text = re.sub(r"/\S+|https?://\S+|`[^`]*`|--\w+", "", ran.out)
    assert set(WORD.findall(text)) <= NAMES | FIXED


def test_the_variable_speaks_where_no_option_does(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_LANG", "ko")
    assert say("forensics_cannot", "ko") in cli("forensics", SUMMARY).out
    assert say("forensics_cannot", "en") in cli("forensics", SUMMARY, "--lang", "en").out
    monkeypatch.delenv("HEEDMAP_LANG")
    assert say("forensics_cannot", "en") in cli("forensics", SUMMARY).out
    assert spoken() == "en", "the language of a command is its own"
