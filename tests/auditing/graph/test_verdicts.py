"""Audits of policies of several stacks, caches and loops: all rungs, and three planted faults."""

from __future__ import annotations

from functools import cache

import pytest

from heedmap.auditing.api import audit
from heedmap.record.record import PolicyResult
from tests.graph_policies import NETWORKS, TEXTS, Fault, network, policy, trials

LOWER = ("tokenised", "present", "visible", "attended")


@cache
def audited(name: str, fault: Fault) -> PolicyResult:
    frames = trials(1)
    found = audit(
        policy(network(name, fault)),
        {trial.name: trial.observation for trial in frames},
        TEXTS,
        trials=frames,
        until="cut" if fault in ("none", "late", "unread") else "exchange",  # cut what is read
    )
    return found.record.policies[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_rung_of_a_healthy_one_is_measured(name: str) -> None:
    found = audited(name, "none")
    assert found.verdict.cause == ("indirect_only" if name == "perceiver" else "none")
    assert {found.verdict.rungs[rung].status for rung in (*LOWER, "used")} == {"holds"}
    assert not found.verdict.is_unread
    used = found.measurements.used
    assert used is not None
    assert used.after_cut.value == pytest.approx(0, abs=1e-6)  # the words have no other way
    assert used.mediated.value > 0
    for computation in found.measurements.computations:
        assert sum(computation.shares.values()) == pytest.approx(1, abs=1e-5)


def test_a_loop_beside_one_stack_is_no_bypass() -> None:
    """Its last attention alone looks like a whole stack, past which the loop's rows go."""
    frames = trials(1)
    net = policy(network("refining"))
    frame = {trial.name: trial.observation for trial in frames}
    found = audit(net, frame, TEXTS, trials=frames, until="exchange").record.policies[0]
    assert found.verdict.cause == "none"
    assert found.measurements.bypass.status == "none"
    assert [stack.pattern for stack in found.measurements.stacks] == ["layer", "last"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_mask_in_what_reads_the_words_is_named(name: str) -> None:
    found = audited(name, "masked")
    assert (found.verdict.cause, found.verdict.first_failing) == ("masked", "visible")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_text_that_is_kept_is_named(name: str) -> None:
    found = audited(name, "stale")
    assert (found.verdict.cause, found.verdict.first_failing) == ("stale_instruction", "tokenised")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gate_at_zero_is_named(name: str) -> None:
    found = audited(name, "gated")
    assert found.verdict.cause in ("gated", "values_zero")
    assert found.verdict.first_failing in ("present", "attended")


def test_steps_that_read_the_words_are_numbered() -> None:
    found = audited("cached expert", "late")
    assert found.verdict.cause == "none"
    assert "run 4 times, and read it in call 0 only" in found.verdict.sentence
    assert "only" not in audited("refining", "none").verdict.sentence


def test_what_one_stack_reads_and_the_next_does_not_is_said() -> None:
    found = audited("cached expert", "unread")
    assert (found.verdict.cause, found.verdict.first_failing) == ("masked", "visible")
    expected = "It is read in backbone.*, but not in expert.*, from which the action is decoded."
    assert expected in found.verdict.sentence
    assert "It is read in" not in audited("cached expert", "masked").verdict.sentence
