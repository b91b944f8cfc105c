"""The realistic result, built once."""

from __future__ import annotations

import pytest

from heedmap.result import Result
from tests.report.sample import realistic


@pytest.fixture(scope="session")
def report_result() -> Result:
    return realistic()
