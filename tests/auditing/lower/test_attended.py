"""What rung 4 measures, on networks whose answer is known."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.lower.nulls import shuffled_weights
from heedmap.data.observation import of_frame
from heedmap.ladder.measurements import AttendedFacts
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.observe import only_stack, traced
from tests.conftest import random_network, random_policy
from tests.plain_policies import PlainPolicy, with_equal_scores


def attended(network: nn.Module, case: FrameCase) -> AttendedFacts:
    policy = CallablePolicy("own", network, network)
    facts = (
        audit(policy, case.frame, case.instructions, until="cut")
        .record.policies[0]
        .measurements.attended
    )
    assert facts is not None
    return facts


def test_uniform_attention_has_lift_one_and_shares_by_count(case: FrameCase) -> None:
    """All scores zero: 8 words (7 for forward) of 58 (57) positions, in every layer and head."""
    network = with_equal_scores()
    facts = attended(network, case)
    expected = (8 / 58 + 8 / 58 + 7 / 57) / 3
    assert facts.share == facts.last_layer_share == pytest.approx(expected, rel=1e-5)
    assert facts.lift == pytest.approx(1.0, rel=1e-5)
    assert facts.lift_by_region == pytest.approx(
        {"image": 1.0, "instruction": 1.0, "action": 1.0}, rel=1e-5
    )
    assert facts.ivar == pytest.approx((8 / 57 + 8 / 57 + 7 / 56) / 3, rel=1e-5)
    # r = 1/2: of two layers 1/4 never moves; the rest ends evenly on all positions.
    assert facts.rollout_share == pytest.approx(0.75 * expected, rel=1e-5)
    assert facts.heads_alive_by_layer == (3, 3)
    assert facts.values_are_zero is False
    assert facts.sinks == ()
    # Queries and keys come from weights that are zero or shuffled: not what was learned.
    assert facts.null_nonsense == pytest.approx(8 / 58, rel=1e-5)


def test_the_null_of_shuffled_weights_is_another_share(case: FrameCase) -> None:
    facts = attended(PlainPolicy("sdpa"), case)
    assert facts.null_shuffled_weights is not None
    assert facts.null_shuffled_weights != facts.share


def test_nothing_is_attended_where_no_instruction_stands(case: FrameCase) -> None:
    record = audit(random_policy("monavla"), case.frame, case.instructions, until="cut").record
    assert record.policies[0].measurements.attended is None
    assert record.policies[0].verdict.rungs["attended"].status == "not measured"


def test_shuffling_the_columns_leaves_the_weights_alone(case: FrameCase) -> None:
    """The same as a copy of the network whose layers' columns are in those orders."""
    network = random_network("sound")
    policy, observation = bare_policy("own", network), of_frame(case.frame)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    stack = only_stack(traced(policy, observation, "go left"), "decoder.model.layers.*.self_attn")
    with shuffled_weights(network, stack.block_names, seed=3):
        shuffled = policy([observation], ["go left"])
        with pytest.raises(KeyError), shuffled_weights(network, stack.block_names, seed=3):
            raise KeyError
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    plain = policy([observation], ["go left"])
    assert not torch.allclose(shuffled, plain, atol=1e-3)
    matrices = [
        matrix
        for name in stack.block_names
        for matrix in network.get_submodule(name).parameters()
        if matrix.ndim == 2
    ]
    for number, matrix in enumerate(matrices):
        order = torch.randperm(matrix.shape[1], generator=torch.Generator().manual_seed(3 + number))
        matrix.data = matrix.data[:, order.argsort()]
    assert torch.allclose(policy([observation], ["go left"]), shuffled, atol=1e-5)
