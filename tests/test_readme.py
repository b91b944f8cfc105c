"""The Korean README says the same as the English one: equal commands, code, links and pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGLISH, KOREAN = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.ko.md"))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^```.*?^```$",  # code, and what it prints
        r"(?<!`)`[^`\n]+`(?!`)",  # commands, options, names of policies
        r"\]\((?!README)[^)]*\)",  # links and pictures
    ],
)
def test_both_have_the_same(pattern: str) -> None:
    english, korean = (
        sorted(set(re.findall(pattern, text, re.M | re.S))) for text in (ENGLISH, KOREAN)
    )
    assert english == korean
    assert english


def test_both_have_the_same_parts_and_lead_to_each_other() -> None:
    for mark in ("## ", "| ", "- "):
        counts = [len(re.findall(rf"^{re.escape(mark)}", t, re.M)) for t in (ENGLISH, KOREAN)]
        assert counts[0] == counts[1], mark
    assert "(README.ko.md)" in ENGLISH
    assert "(README.md)" in KOREAN
