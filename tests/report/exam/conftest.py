"""An exam of a policy that reads colours only, on a small world and a hostile frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heedmap.auditing.exam.exam import examine
from heedmap.auditing.exam.result import Taken
from heedmap.report.exam.files import write_exam
from tests.auditing.exam.world import RULES, looked_up, trials
from tests.report.browsing import browser, opened

__all__ = ["browser", "opened"]

HOSTILE = "<script>alert(1)</script> \x1b[31m the [bold]red cup \u202e"


@pytest.fixture(scope="session")
def taken() -> Taken:
    given = trials(12)
    first = replace(
        given[0], name="<b>f0</b>", instructions={**given[0].instructions, "x": HOSTILE}
    )
    return examine(
        looked_up(RULES["only_colours"]),
        [replace(first, recorded="x"), *given[1:]],
        dataset="data/<i>set</i>",
    )


@pytest.fixture(scope="session")
def report_file(taken: Taken, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exam(taken, tmp_path_factory.mktemp("exam"))
