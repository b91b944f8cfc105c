"""Both languages say the same things, and "not measured" never becomes a number."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

from heedmap import report
from heedmap.disagreements import policy_disagreements
from heedmap.regions import REGION_ORDER, UNDECLARED
from heedmap.report.rung_cells import RUNG_TABLES
from heedmap.report.texts import REGION_NAMES, TEXTS
from heedmap.report.wording import ABSENT, claim_text, count_text, declared_text, percent
from tests.report import sample


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, korean = TEXTS["en"], TEXTS["ko"]
    assert list(english) == list(korean)
    for key, text in english.items():
        assert placeholders(text) == placeholders(korean[key]), key
        assert text.strip()
        assert korean[key].strip()


def test_every_region_has_a_name_in_both_languages() -> None:
    for names in REGION_NAMES.values():
        assert set(names) == {*REGION_ORDER, UNDECLARED}


def test_korean_texts_are_korean() -> None:
    same = {key for key, text in TEXTS["en"].items() if text == TEXTS["ko"][key]}
    assert same == {"attended_ivar", "obeyed_grounding", "used_p"}


def words_in_use() -> set[str]:
    """Every string that the report's code and templates hold, f-strings with their gaps."""
    folder = Path(report.__file__).parent
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        if path.parent.name != "texts":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    for path in folder.rglob("*.j2"):
        found.update(re.findall(r"[\"']([a-z_]+)[\"']", path.read_text()))
    return found


BUILT_FROM_PARTS = re.compile(
    r"(rule_says|rule|define|defined)_\w+|\w+_(title|alt|note)|head_\w+"  # by kind, rung or word
)


def test_every_text_is_used() -> None:
    used = words_in_use() | {name for table in RUNG_TABLES for name in table.columns}
    for key in TEXTS["en"]:
        assert key in used or BUILT_FROM_PARTS.fullmatch(key), key


def test_figures_are_written_as_in_the_seed() -> None:
    assert [percent(share) for share in (0.464, 1.0, 0.0)] == ["46.4%", "100.0%", "0.0%"]
    assert percent(None) == ABSENT
    assert not any(character.isdigit() for character in ABSENT)


def test_what_was_not_measured_is_not_zero() -> None:
    assert count_text(None) == "not measured"
    assert count_text(0) == "0"
    assert count_text(None, "ko") == "측정하지 않음"


def test_declared_regions_are_told_with_every_range() -> None:
    policies = sample.realistic(layers=1).record.policies
    assert declared_text(policies) == "image 0-63, text 64-75 / 64-74"


def test_a_claim_is_one_sentence() -> None:
    overwritten, sound = sample.realistic(layers=1).record.policies
    assert claim_text(policy_disagreements(overwritten)[1]) == (
        "Declared “text”, positions 64-75 (left, right): measured as all padding; "
        "the action row sees 0 of 12."
    )
    assert "1 image, 11 instruction; the action row sees 12 of 12" in claim_text(
        policy_disagreements(sound)[1]
    )
    assert "12개 중 0개" in claim_text(policy_disagreements(overwritten)[1], "ko")
