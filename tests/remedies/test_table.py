"""The page's table of remedies on planted faults: whole, and as it is measured."""

from __future__ import annotations

from benchmarks.remedies import END, PAGE, START, written
from heedmap.remedies.result import REMEDIES
from heedmap.testbed.scoreboard.remedies import Row, policies, table, tried_on
from tests.test_docs import DOCS


def rows() -> list[list[str]]:
    """Cells of the page's table."""
    page = (DOCS.parent / PAGE).read_text(encoding="utf-8")
    lines = page.split(START)[1].split(END)[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_planted_policy_and_every_remedy_has_its_place() -> None:
    head, _, *found = rows()
    assert head[3:] == [name.replace("_", " ") for name in REMEDIES if name != "finetuned"]
    assert [row[0] for row in found] == [plant.name for plant in policies()]
    helped = {(row[0], head[n]) for row in found for n, cell in enumerate(row) if "**" in cell}
    assert helped == {
        ("stale_instruction", "fresh"),
        ("text_masked", "opened"),
        ("action_before_text", "opened"),
        ("weakly_conditioned", "guidance"),
    }


def test_a_row_is_what_is_measured() -> None:
    (stale,) = [plant for plant in policies() if plant.name == "stale_instruction"]
    row = tried_on(stale, frames=3)
    assert row.cause == "stale_instruction"
    shares = {
        name: found.value
        for name, tried in row.best.items()
        if tried is not None and (found := tried.cell("following").found) is not None
    }
    assert shares["fresh"] == 1.0
    assert all(share == row.before for name, share in shares.items() if name != "fresh")
    text = table([row])
    assert text.splitlines()[-1].startswith("| stale_instruction | stale_instruction | ")
    assert text.splitlines()[-1].count("not applied") == sum(x is None for x in row.best.values())
    assert written(f"a\n{START}old\n{END}b\n", "new") == f"a\n{START}\nnew\n\n{END}b\n"


def test_the_best_of_a_remedys_settings_is_shown() -> None:
    row = Row("p", "none", 0.5, {name: None for name in REMEDIES if name != "finetuned"})
    assert table([row]).splitlines()[-1].startswith("| p | none | 50% | not applied")
