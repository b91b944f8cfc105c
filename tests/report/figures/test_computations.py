"""Attention of every computation, as bars that fill the panel."""

from __future__ import annotations

import pytest

from heedmap.auditing.api import audit
from heedmap.errors import RecordError
from heedmap.record.result import Result
from heedmap.report.figures.export import spec_of, to_svg
from heedmap.report.figures.kinds import figure_of
from tests.graph_policies import TEXTS, network, policy, trials
from tests.report.figures.test_figures import rows_of


@pytest.fixture(scope="module")
def result() -> Result:
    frames = trials(1)
    policies = [policy(network(name)) for name in ("encoder-decoder", "perceiver")]
    shown = {frame.name: frame.observation for frame in frames}
    return audit(policies, shown, TEXTS, trials=frames, until="exchange")


def test_a_bar_for_each_computation_that_the_action_is_decoded_from(result: Result) -> None:
    found = figure_of(result, "computations")
    spec_of(found.chart, validate=True)
    rows = [row for row in rows_of(found) if "low" in row]
    tops: dict[float, float] = {}
    for row in rows:
        tops[row["start"]] = max(tops.get(row["start"], 0.0), row["high"])
    assert list(tops) == [-0.5, 0.5, 1.5, 2.5]  # two layers of own and cross-attention
    assert list(tops.values()) == pytest.approx([1] * 4, abs=1e-4)
    assert "4 of 6 attention computations" in found.caption
    assert "NaN" not in to_svg(spec_of(found.chart))
    korean = figure_of(result, "computations", language="ko")
    assert korean.title != found.title


def test_of_one_stack_there_is_none(audited: Result) -> None:
    with pytest.raises(RecordError, match="several stacks, caches or loops"):
        figure_of(audited, "computations")
