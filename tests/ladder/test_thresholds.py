"""Every threshold is in one file, says why, and decides something."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import heedmap

SOURCE = Path(heedmap.__file__).parent
THRESHOLDS = SOURCE / "ladder" / "thresholds.py"


def with_reasons() -> dict[str, str | None]:
    """Every threshold's name, with the docstring right below it."""
    body = ast.parse(THRESHOLDS.read_text(encoding="utf-8")).body
    found: dict[str, str | None] = {}
    for node, below in zip(body, [*body[1:], None], strict=True):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if isinstance(target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            found[target.id] = str(text.value) if isinstance(text, ast.Constant) else None
    return found


REASONS = with_reasons()
CODE = "\n".join(p.read_text(encoding="utf-8") for p in SOURCE.rglob("*.py") if p != THRESHOLDS)


@pytest.mark.parametrize("name", REASONS)
def test_a_threshold_has_its_reason_and_is_used(name: str) -> None:
    assert REASONS[name], "say why it has this value"
    assert CODE.count(name) >= 2, "it is imported, but decides nothing"


def test_no_threshold_is_defined_a_second_time() -> None:
    assert len(REASONS) > 10
    for name in REASONS:
        assert f"\n{name} = " not in CODE
