"""`--help` in Korean: every command, wherever the language is named; in English as typer has it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heedmap import phrase
from heedmap.cli.main import app
from heedmap.phrase import spoken
from tests.cli.conftest import Cli
from tests.cli.test_language import commands
from tests.templates import help_texts

ENGLISH = {text for text in help_texts() if len(text.split()) > 2}
SENTENCE = re.compile(r"\b[A-Za-z']+(?: [a-z']+){2,}")
SQL = "select policy, avg(is_right::int) from cases group by 1"
TYPERS = re.compile(
    "Usage|Options|Arguments|Commands|env var|default:|required"
    "|<[^|>]*(?:str|path|int|float|list)[^|>]*>"
)


def cells(line: str) -> int:
    """The columns that a line takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("words", [(), ("specimens",), *commands(app)], ids=" ".join)
def test_no_english_is_left_and_no_line_is_too_long(words: tuple[str, ...], cli: Cli) -> None:
    ran = cli(*words, "--help", "--lang", "ko")
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"사용법: {' '.join(('heedmap', *words))} [옵션]")
    assert max(cells(line) for line in ran.out.splitlines() if "|" not in line) <= 80
    flat = " ".join(ran.out.split()).removeprefix("사용법: heedmap ")
    assert not [text for text in ENGLISH if text in flat]
    assert not SENTENCE.findall(flat.replace(SQL, ""))
    assert not TYPERS.findall(flat)
    assert "\0" not in flat


def test_the_help_of_an_audit(cli: Cli) -> None:
    told = cli("audit", "--help", "--lang", "ko").out
    assert "여러 지시문이 딸린 프레임에서 정책을 감사합니다." in told
    assert "정책 <문자열 목록>" in told
    assert "[기본값: 0; x>=0]" in told
    assert "[환경 변수: HEEDMAP_LANG; 기본값: en]" in told
    assert "[필수]" in told
    assert "이 도움말을 출력하고 끝냅니다." in told


def test_the_language_stands_before_the_command_after_it_or_in_the_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cli("doctor", "--help", "--lang", "ko").out
    for call in (
        ("doctor", "--lang", "ko", "--help"),
        ("--lang", "ko", "doctor", "--help"),
        ("--lang=ko", "doctor", "--help"),
    ):
        assert cli(*call).out == expected, call
    within = cli("specimens", "list", "--help", "--lang", "ko").out
    assert within.startswith("사용법")
    assert cli("specimens", "--lang", "ko", "list", "--help").out == within
    monkeypatch.setenv("HEEDMAP_LANG", "ko")
    assert cli("doctor", "--help").out == expected
    assert cli("--lang", "en", "doctor", "--help").out.startswith("Usage: heedmap doctor")


def test_what_stands_before_the_command_holds_for_what_it_says(cli: Cli) -> None:
    assert cli("--lang", "ko", "report", "/no/where").err.startswith("오류: /no/where는")
    assert cli("--lang", "ko", "report", "/no/where", "--lang", "en").err.startswith("error: ")
    refused = cli("--lang", "xx", "report", "/no/where")
    assert refused.code == 2
    assert "'--lang'" in refused.err or "is not one of" in refused.err


def test_without_a_command_help_is_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Commands:" in cli("--debug").out
    assert "명령:" in cli("--lang", "ko").out
    monkeypatch.setenv("HEEDMAP_LANG", "ko")
    none = cli()
    assert none.code == 2
    assert none.err.startswith("사용법: heedmap [옵션] 명령")
    assert none.err.count("사용법") == 1


def test_english_reads_no_catalogue_and_comes_back_after_korean(cli: Cli) -> None:
    english = cli("audit", "--help").out
    phrase._translations.cache_clear()
    assert cli("audit", "--help").out == english
    assert phrase._translations.cache_info().currsize == 0
    assert cli("audit", "--help", "--lang", "ko").out != english
    assert cli("audit", "--help").out == english


def test_a_program_that_calls_the_app_itself_is_answered_alike() -> None:
    korean = CliRunner().invoke(app, ["verify", "--help", "--lang", "ko"]).output
    assert "폴더" in korean
    assert "Usage: " in CliRunner().invoke(app, ["verify", "--help"]).output
    assert spoken() == "en", "what one call asks for does not hold for the next"


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "bash completion installed in"), ("ko", "bash 자동 완성을 설치했습니다: ")],
)
def test_installing_completion_is_told(
    language: str, told: str, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("typer._completion_shared._get_shell_name", lambda: "bash")
    ran = cli("--install-completion", "--lang", language)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(told)
    assert (tmp_path / ".bashrc").is_file()
