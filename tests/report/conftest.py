"""Results to show: one that is built, and one that is measured on trained specimens."""

from __future__ import annotations

import pytest

from heedmap.auditing.api import audit
from heedmap.record.result import Result
from heedmap.testbed.specimens.cases import case_trials, frame_case
from tests.report.browsing import browser, opened, report_file
from tests.report.sample import realistic

__all__ = ["browser", "opened", "report_file"]

HEEDS = "exp42_counterfactual_pta@sound"
OVERWRITTEN = "exp42_counterfactual_pta@monavla"
BYPASSED = "exp43_cross_attn_text@monavla"


@pytest.fixture(scope="session")
def report_result() -> Result:
    """Built without a model, as records of schema 2 are: shares, but no positions or trials."""
    return realistic()


@pytest.fixture(scope="session")
def audited() -> Result:
    """A policy that follows, one whose words are overwritten, one that follows by a bypass."""
    case = frame_case(0)
    return audit(
        [f"specimen:{name}" for name in (HEEDS, OVERWRITTEN, BYPASSED)],
        {"case-0": case.frame},
        case.instructions,
        expected_actions={side: side for side in case.instructions},
        trials=case_trials(6),
    )
