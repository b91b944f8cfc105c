"""In which order a command shows and saves what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.cli.language import Language
from heedmap.cli.showing import KEPT_IN, kept_in, show
from heedmap.errors import RecordError
from heedmap.record.folders import REPORT_FILE
from heedmap.record.result import Result
from tests.report.sample import realistic


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was made, in order; neither tables nor the page take long here."""
    made: list[str] = []

    def page(*_: object, **__: object) -> str:
        made.append("page")
        return "<p>page</p>"

    monkeypatch.setattr(
        "heedmap.report.terminal.print_result", lambda *_, **__: made.append("tables")
    )
    monkeypatch.setattr("heedmap.report.page.render.render_html", page)
    return made


def test_tables_are_printed_before_the_page_is_drawn(steps: list[str], tmp_path: Path) -> None:
    show(realistic(), tmp_path / "run", Language.en)
    assert steps == ["tables", "page"]
    assert (tmp_path / "run" / REPORT_FILE).read_text() == "<p>page</p>"


def test_a_result_is_saved_even_where_nobody_reads_its_tables(
    steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("heedmap.report.terminal.print_result", gone)
    built = realistic()
    with pytest.raises(BrokenPipeError):
        show(built, tmp_path / "run", Language.en)
    assert Result.load(tmp_path / "run").record == built.record
    assert steps == ["page"]


def test_a_result_without_a_folder_gets_a_dated_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with kept_in(None) as first, kept_in(None) as second:
        assert first != second
        assert first.parent == KEPT_IN
        realistic().save(first)
    assert Result.load(first).record == realistic().record
    assert list(KEPT_IN.iterdir()) == [first], "the other holds nothing"


def test_nothing_is_left_of_an_audit_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt), kept_in(None):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    KEPT_IN.touch()
    with pytest.raises(RecordError, match="choose another --out"), kept_in(None):
        pass


def test_the_page_is_opened(
    steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    show(realistic(), tmp_path / "run", Language.en, opens=True)
    assert opened == [str(tmp_path / "run" / REPORT_FILE)]
    assert steps == ["tables", "page"]
