"""The documents say what the code does: every key and column of a real record is described."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from heedmap.auditing.api import audit
from heedmap.ladder.causes import CAUSES, Cause
from heedmap.ladder.delivered import CAUSE_OF, Delivered
from heedmap.ladder.measurements import Facts, Measurements
from heedmap.ladder.verdict import Verdict
from heedmap.record.case_table import CASES_SCHEMA, SHARES_SCHEMA
from heedmap.record.record import SCHEMA_VERSION, Case, PolicyResult, Record
from heedmap.record.result import Result
from heedmap.record.tables import ATTENTION_SCHEMA, SCHEMAS
from heedmap.testbed.specimens.world import FrameCase
from tests.conftest import random_policy

DOCS = Path(__file__).parent.parent / "docs"


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, title
    return found[1]


def first_cells(text: str) -> set[str]:
    """The names in backticks in the first column of a section's table."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_key_of_a_record_is_documented_and_no_other() -> None:
    text = (DOCS / "record.md").read_text()
    assert f"(now {SCHEMA_VERSION})" in text
    sections: list[tuple[str, type[BaseModel]]] = [
        ("record.json", Record),
        ("policies", PolicyResult),
        ("delivered", Delivered),
        ("cases", Case),
        ("facts", Facts),
        ("verdict", Verdict),
        ("measurements", Measurements),
    ]
    for title, model in sections:
        assert first_cells(section(text, title)) == set(model.model_fields), title


def test_every_cause_is_documented_and_no_other() -> None:
    text = section((DOCS / "ladder.md").read_text(), "Causes")
    assert set(CAUSES) == set(get_args(Cause))
    for cause, about in CAUSES.items():
        rungs = " or ".join(about.rungs) or "none fails"
        assert f"| `{cause}` | {rungs} | {about.decided_by} |\n" in text
    assert first_cells(text) == set(CAUSES)


def test_every_cause_of_rung_0_is_documented_with_its_findings() -> None:
    text = section((DOCS / "ladder.md").read_text(), "The order of evidence")
    rows = dict(re.findall(r"^\| (\w+) \| ((?:`\w+`(?:, )?)+) \|", text, re.M))
    told = {code: cause for cause, codes in rows.items() for code in re.findall(r"`(\w+)`", codes)}
    assert list(told.items()) == list(CAUSE_OF.items())


def test_every_column_of_the_parquet_is_documented_with_its_type() -> None:
    text = section((DOCS / "record.md").read_text(), "attention.parquet")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.M)
    assert rows == [(field.name, str(field.type)) for field in ATTENTION_SCHEMA]
    text = section((DOCS / "record.md").read_text(), "trail.parquet")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.M)
    assert rows == [(field.name, str(field.type)) for field in SCHEMAS["trail"]]


def test_every_column_of_the_table_of_cases_is_documented_and_no_other() -> None:
    text = section((DOCS / "record.md").read_text(), "The table of cases")
    rows = re.findall(r"^\| (`[^|]+`) \| ([\w ]+) \|", text, re.M)
    types = {"list of double": "list<item: double>"}
    told = {
        name: types.get(kind, kind)
        for names, kind in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    held = {field.name: str(field.type) for field in (*CASES_SCHEMA, *SHARES_SCHEMA)}
    assert told == held


def test_nested_keys_of_a_real_record_are_named_in_the_text(
    case: FrameCase, tmp_path: Path
) -> None:
    text = (DOCS / "record.md").read_text()
    expected = {name: name for name in case.instructions}
    result = audit(random_policy("sound"), case.frame, case.instructions, expected_actions=expected)
    result.save(tmp_path / "run")
    named = set(re.findall(r"`(\w+)`", text))
    free = {
        "arguments",
        "versions",
        "per_instruction",
        "probabilities",
        "regions",
        "visible_counts",
        "ids",
        "lost_words",
        "lift_by_region",
        "evidence",
        "by_instruction",
    }

    def check(value: Any, own_keys: bool) -> None:
        if isinstance(value, list):
            for item in value:
                check(item, own_keys)
        elif isinstance(value, dict):
            for key, item in value.items():
                assert own_keys or key in named, key
                check(item, own_keys=own_keys or key in free)

    loaded = Result.load(tmp_path / "run").record.model_dump(mode="json")
    check(loaded, own_keys=False)
