"""The published package of LIBERO-PRO, as it is: its suites of changed words do not say them.

`make test` installs the package beside the tests' environment (5 MB, without what it needs to
run); elsewhere HEEDMAP_LIBERO names the folder it was installed in.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from heedmap.report.words.findings import WordsAudit, find_all
from heedmap.report.words.sources import read_source
from tests.report.words.tasks import source

INSTALLED = Path(os.environ.get("HEEDMAP_LIBERO", Path(sys.prefix) / "libero"))
TASKS = INSTALLED / "libero/libero/bddl_files"
BASES = ("libero_10", "libero_goal", "libero_object", "libero_spatial")


@pytest.fixture(scope="module")
def tasks() -> Path:
    if not TASKS.is_dir():
        assert os.environ.get("CI") != "true", f"{INSTALLED} holds no LIBERO-PRO; run `make test`"
        pytest.skip(f"LIBERO-PRO is not in {INSTALLED}; `make test` puts it there")
    return TASKS


def counts(audit: WordsAudit) -> dict[str, int]:
    return {finding.code: finding.count for finding in audit.findings}


def test_all_tasks_of_changed_words_are_found_and_no_other(tasks: Path) -> None:
    audit = find_all([read_source(tasks, "asked")])
    (found,) = (each for each in audit.findings if each.severity == "problem")
    assert (found.code, found.count, found.total) == ("change_not_said", 80, 724)
    changed = [f"{base}_{kind}" for base in BASES for kind in ("lan", "task")]
    assert found.suites == dict.fromkeys(changed, (10, 10))


def test_differences_of_base_suites_are_said_to_be_harmless(tasks: Path) -> None:
    for name, count in (("libero_goal", 5), ("libero_object", 10), ("libero_spatial", 10)):
        audit = find_all([read_source(tasks / name, "asked")])
        assert audit.count("problem") == audit.count("warning") == 0
        assert counts(audit)["said_differs_base"] == count
    assert counts(find_all([read_source(tasks / "libero_10", "asked")])) == {}
    for name in ("libero_10_swap", "libero_10_object"):
        assert counts(find_all([read_source(tasks / name, "asked")])) == {}


def test_a_file_name_that_contradicts_its_task_is_found(tasks: Path) -> None:
    audit = find_all([read_source(tasks / "libero_90", "asked")])
    (found,) = (each for each in audit.findings if each.code == "said_opposes")
    assert found.count == 1
    assert "back" in found.rows[0].said
    assert "front" in str(found.rows[0].other)


def test_names_that_lost_letters_are_found(tasks: Path) -> None:
    audit = find_all([read_source(tasks / "libero_study_table", "asked")])
    assert counts(audit)["said_differs"] == counts(audit)["cut_short"] == 5


def test_the_field_is_outside_of_what_was_trained(tasks: Path) -> None:
    names = [each.said for each in read_source(tasks / "libero_goal", "asked").instructions]
    trained = source(*names, role="trained")
    as_evaluated = find_all([trained, read_source(tasks / "libero_goal_lan", "asked")])
    assert set(counts(as_evaluated)) == {"change_not_said"}
    as_meant = find_all([trained, read_source(tasks / "libero_goal_lan", "asked", "language")])
    assert counts(as_meant) == {"outside_training": 10}
