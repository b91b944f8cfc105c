"""What typer says of a wrong call, in Korean where that was asked for."""

from __future__ import annotations

import pytest

from heedmap.cli.language import asked_for
from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("audit", "x", "--frme", "y"), "없는 옵션입니다: --frme (비슷한 옵션: --force, --frame)"),
        (("report",), "인수 '폴더'가 없습니다."),
        (("report", "x", "y"), "쓰이지 않는 인수가 있습니다(y)"),
        (("serve", "x", "--port", "nine"), "'--port'의 값이 잘못되었습니다: 정수여야 합니다"),
        (
            ("serve", "x", "--port", "99999"),
            "'--port'의 값이 잘못되었습니다: 65535 이하여야 합니다",
        ),
        (("tap", "--protocol", "x"), "'x'는 'openpi', 'vla-eval', 'gr00t' 중 하나가 아닙니다."),
        (("audti",), "'audti'는 없는 명령입니다. 혹시 'audit'입니까?"),
    ],
)
def test_a_wrong_call_is_told_in_korean(
    cli: Cli, arguments: tuple[str, ...], expected: str
) -> None:
    ran = cli(*arguments, "--lang", "ko")
    assert ran.code == 2
    assert ran.err.splitlines()[-1].endswith(expected)
    assert ran.err.startswith("사용법: ")
    assert "--help" in ran.err
    assert not ran.out


def test_in_english_it_is_as_typer_says_it(cli: Cli) -> None:
    ran = cli("report")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "Error: Missing argument 'folder'."


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), None),
        (("--lang", "en"), "en"),
        (("x", "--lang=ko", "--nope"), "ko"),
        (("--lang", "en", "x", "--lang", "ko"), "ko"),
        (("--lang",), None),
        (("--lang", "de"), None),
    ],
)
def test_the_language_is_found_whatever_else_is_wrong(
    arguments: tuple[str, ...], expected: str | None
) -> None:
    assert asked_for(arguments) == expected


def test_an_error_is_said_in_the_language_of_the_call(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    korean = "오류: /no/where는 heedmap 결과가 아닙니다."
    assert cli("report", "/no/where", "--lang", "ko").err.startswith(korean)
    assert cli("report", "/no/where").err.startswith("error: /no/where is not a heedmap result")
    monkeypatch.setenv("HEEDMAP_LANG", "ko")
    assert cli("report", "/no/where").err.startswith(korean)
