"""What an error comes of is told where it is asked for, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.data.gates.gate import gate
from heedmap.errors import InputError
from tests.cli.conftest import Cli
from tests.report.sample import realistic

TABLE = "a: [1, \x1b[31m"


@pytest.fixture
def broken(tmp_path: Path) -> tuple[str, ...]:
    """A command that a library's error ends."""
    (tmp_path / "table.yaml").write_text(TABLE)
    return ("counterfactuals", "turn left", "--words", "table.yaml")


def test_an_error_is_one_line_and_its_causes_are_told_on_request(
    cli: Cli, broken: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    plainly = cli(*broken)
    assert plainly.code == 1
    assert len(plainly.err.splitlines()) == 1
    monkeypatch.setenv("HEEDMAP_DEBUG", "1")
    by_environment = cli(*broken)
    monkeypatch.delenv("HEEDMAP_DEBUG")
    by_option = cli("--debug", *broken)
    assert by_option.err == by_environment.err
    assert by_option.code == 1
    assert by_option.err.startswith("Traceback")
    assert "The above exception was the direct cause of the following" in by_option.err
    assert by_option.err.endswith(plainly.err)
    assert "\x1b" not in by_option.err


def test_a_result_that_cannot_be_shown_says_no_more_than_is_known(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("share")

    realistic(layers=1, heads=1).save(tmp_path / "run")
    monkeypatch.setattr("heedmap.cli.report.print_result", fails)
    monkeypatch.setattr("heedmap.report.page.render.render_html", fails)
    ran = cli("report", "run")
    assert ran.code == 1
    assert ran.err.strip() == (
        "error: The result in run cannot be shown (it has no 'share'); heedmap verify tells "
        "whether it is as it was written, heedmap --debug what failed."
    )
    assert "in fails" in cli("--debug", "report", "run").err


def test_a_gate_keeps_its_cause() -> None:
    read = gate(InputError, "It", "mend it", "text")
    with pytest.raises(InputError, match="cannot be read as text") as caught, read:
        raise ZeroDivisionError("by zero")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
