"""Small benchmarks in LIBERO's form, written for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from heedmap.report.words.texts import Instruction, Role, Source

TASK = """(define (problem LIBERO_Tabletop_Manipulation)
  (:domain robosuite)
  ; a comment (with one parenthesis more
  (:language {language})
  (:regions (plate_region (:target main_table) (:ranges ((0.04 -0.03 0.06 -0.01)))))
  (:goal (And (On bowl_1 plate_1)))
)
"""
BASE = {
    "put_the_cup_on_the_tray": "Put the cup on the tray",
    "open_the_upper_box": "Open the upper lid of the box",
}


def write_suite(folder: Path, tasks: Mapping[str, str]) -> Path:
    """A folder of tasks: name of the file, and what its field says."""
    folder.mkdir(parents=True)
    for name, language in tasks.items():
        (folder / f"{name}.bddl").write_text(TASK.format(language=language), encoding="utf-8")
    return folder


def source(*texts: str, role: Role = "given") -> Source:
    """A list of texts as a source."""
    instructions = [Instruction(text, f"list.txt:{n}") for n, text in enumerate(texts, 1)]
    return Source("list.txt", role, "list", tuple(instructions))
