"""Attention between words and image, on networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.data.observation import of_frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.record.result import Result
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.observe import observe
from tests.conftest import random_policy
from tests.plain_policies import with_equal_scores


def audited(policy: Policy, case: FrameCase) -> Result:
    return audit(policy, case.frame, case.instructions, until="exchange")


def own(network: nn.Module) -> CallablePolicy:
    return CallablePolicy("own", network, network)


def test_uniform_attention_is_the_same_both_ways(case: FrameCase) -> None:
    """All scores zero: 8 words and 49 patches among 58 positions, 7 among 57 for forward."""
    network = with_equal_scores()
    table = audited(own(network), case).word_image
    for row in table.to_pylist():
        one = 1 / (57 if row["instruction"] == "forward" else 58)
        assert row["reads"] == row["is_read"] == pytest.approx(one, rel=1e-5)
    assert table.num_rows == 2 * 49 * (8 + 8 + 7)


def test_a_causal_mask_leaves_one_way_and_its_weights_are_the_models_own(case: FrameCase) -> None:
    """The image at 1..64 comes before the words at 67..74: words read it, and not the reverse."""
    policy = random_policy("sound")
    table = audited(policy, case).word_image.to_pylist()
    assert {row["is_read"] for row in table} == {None}
    pattern = "decoder.model.layers.*.self_attn"
    seen = observe(policy, pattern, of_frame(case.frame), case.instructions["left"])
    for layer, call in enumerate(seen.stack.calls):
        assert isinstance(call, FusedCall)
        scores = torch.einsum("hd,hkd->hk", call.query[0, :, 70], call.key[0, :, :71])
        weights = (scores * call.scaling).softmax(dim=-1).mean(dim=0)[1:65]
        at = [r for r in table if (r["layer"], r["word_position"]) == (layer, 70)]
        left = [r["reads"] for r in at if r["instruction"] == "left"]
        assert np.abs(np.array(left) - weights.numpy()).max() < 1e-6


def test_words_without_a_position_have_no_rows(case: FrameCase) -> None:
    result = audited(random_policy("monavla"), case)
    assert result.positions.num_rows > 0
    assert result.word_image.num_rows == 0


def test_only_the_first_frame_is_kept(case: FrameCase) -> None:
    frames = {"one": case.frame, "two": np.roll(case.frame, 7, axis=1)}
    result = audit(random_policy("sound"), frames, case.instructions, until="exchange")
    assert set(result.positions["frame"].to_pylist()) == {"one", "two"}
    assert set(result.word_image["frame"].to_pylist()) == {"one"}
