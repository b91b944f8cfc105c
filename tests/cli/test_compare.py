"""`heedmap compare`: what a person types, and what they get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.ladder.messages import say
from heedmap.record.result import Result
from tests.cli.conftest import Cli
from tests.report import sample

OLDER = Path(__file__).parents[1] / "fixtures" / "record-v2"


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """Two result folders, one policy each, under the same name."""
    result = sample.realistic(layers=2, names=("m", "n"))
    for folder, policy in zip(("one", "two"), result.record.policies, strict=True):
        own = policy.model_copy(update={"name": "m"})
        record = result.record.model_copy(update={"policies": (own,)})
        rows = [
            {**row, "policy": "m"}
            for row in result.attention.to_pylist()
            if row["policy"] == policy.name
        ]
        attention = sample.pa.Table.from_pylist(rows, schema=result.attention.schema)
        Result(record, {"attention": attention}, result.frame_png).save(tmp_path / folder)
    return "one", "two"


def test_runs_stand_side_by_side_and_a_page_is_written(
    cli: Cli, two: tuple[str, str], tmp_path: Path
) -> None:
    ran = cli("compare", *two, "--out", "c.html", "--lang", "ko")
    assert ran.code == 0, ran.err
    assert say("difference_heading", "ko", baseline="m [one]") in ran.out
    assert say("comparison_at", "ko", path=str(tmp_path / "c.html")) in ran.out
    assert 'lang="ko"' in (tmp_path / "c.html").read_text()


def test_the_page_is_written_even_where_nobody_reads_the_tables(
    cli: Cli, two: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("heedmap.report.compare.terminal.print_comparison", gone)
    cli("compare", *two, "--out", "c.html")
    assert (tmp_path / "c.html").read_text().endswith("</html>")


def test_machines_get_json_or_markdown_alone(cli: Cli, two: tuple[str, str]) -> None:
    ran = cli("compare", *two, "--baseline", "m [two]", "--json", "--out", "c.html")
    assert json.loads(ran.out)["baseline"] == "m [two]"
    assert "Comparison: " in ran.err
    ran = cli("compare", *two, "--markdown", "--lang", "ko")
    assert ran.out.startswith("### 체크포인트 비교\n")


def test_a_record_of_schema_2_can_be_compared(cli: Cli, two: tuple[str, str]) -> None:
    ran = cli("compare", two[0], OLDER)
    assert ran.code == 0, ran.err
    assert "exp42_counterfactual_pta@sound" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("one",), "needs two policies or more, but there is m; give the folder of another"),
        (("one", "none"), "none is not a heedmap result"),
        (("one", "two", "--baseline", "x"), "No policy is named 'x'"),
        (("one", "two", "--baseline", "m"), "Several policies are named 'm'"),
        (("one", "two", "--out", "c.pdf"), "ends in '.pdf'"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    cli: Cli, two: tuple[str, str], arguments: tuple[str, ...], said: str
) -> None:
    ran = cli("compare", *arguments)
    assert ran.code == 1
    assert said in ran.err
    assert "Traceback" not in ran.err
