"""The audit end to end, on networks whose wiring is known."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import (
    FrameError,
    InstructionError,
    PolicyError,
    RegionError,
)
from heedmap.policies.callable import CallablePolicy
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.testbed.specimens.network import Wiring
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.calls import FusedCall
from tests.conftest import random_network, random_policy, run_bare


@pytest.fixture(scope="module")
def result(case: FrameCase) -> Result:
    """Both wirings, and the wiring with a road around the decoder, under the published regions."""
    bypass = random_policy("monavla", cross_attends_to_words=True)
    bypass.name = "bypass@monavla"
    policies = [random_policy("sound"), random_policy("monavla"), bypass]
    return audit(policies, {"case": case.frame}, case.instructions, seed=5)


def policy_named(result: Result, name: str) -> PolicyResult:
    return next(policy for policy in result.record.policies if policy.name == name)


def shares(result: Result, policy: str, layout: str, region: str, instruction: str) -> np.ndarray:
    """Shares by layer and head."""
    table = result.attention.filter(
        (pc.field("policy") == policy)
        & (pc.field("layout") == layout)
        & (pc.field("region") == region)
        & (pc.field("instruction") == instruction)
    )
    return table["share"].to_numpy()


@pytest.mark.parametrize("name", ["random@monavla", "bypass@monavla"])
def test_monavla_under_the_declared_regions_shows_the_published_picture(
    result: Result, name: str
) -> None:
    for instruction in ("left", "right", "forward"):
        assert (shares(result, name, "declared", "text", instruction) == 0.0).all()
    left, right, forward = (
        shares(result, name, "declared", "image", i) for i in ("left", "right", "forward")
    )
    assert np.array_equal(left, right)
    assert not np.array_equal(left, forward)


def test_monavla_measured_has_no_instruction_and_few_visible_image_tokens(result: Result) -> None:
    policy = policy_named(result, "random@monavla")
    for case, tokens in zip(policy.cases, (12, 12, 11), strict=True):
        assert case.token_count == tokens
        measured = case.layouts["measured"]
        assert "instruction" not in measured.regions
        assert measured.regions["image"] == tuple(range(64))
        assert measured.regions["action"] == (256,)
        assert measured.visible_counts["image"].visible == tokens
        assert measured.visible_counts["image"].total == 64
    facts = policy.facts
    assert facts.layouts_disagree
    identical = {(p.first, p.second): p.attention_identical for p in facts.pairs}
    assert identical == {
        ("left", "right"): True,
        ("left", "forward"): False,
        ("right", "forward"): False,
    }
    assert "The instruction is not in the sequence" in policy.sentence


def test_a_road_around_the_decoder_is_not_called_ignoring(result: Result) -> None:
    policy = policy_named(result, "bypass@monavla")
    pair = policy.facts.pairs[0]
    assert pair.attention_identical
    assert not pair.action_identical
    assert "through the bypass path" in policy.sentence
    plain = policy_named(result, "random@monavla")
    assert plain.facts.pairs[0].action_identical
    assert plain.facts.pairs[0].action_distance_bits == 0.0
    assert pair.action_distance_bits is not None
    assert 0.0 < pair.action_distance_bits <= 1.0
    assert "bypass path" not in plain.sentence
    assert all(p.sentence == p.verdict.sentence for p in result.record.policies)
    assert not any("ignore" in p.sentence for p in result.record.policies)


def test_sound_wiring_shares_cover_all_and_sum_to_one(result: Result) -> None:
    policy = policy_named(result, "random@sound")
    regions = policy.cases[0].layouts["measured"].regions
    assert regions["image"] == tuple(range(1, 65))
    assert regions["instruction"] == tuple(range(67, 75))
    assert regions["template"] == (65, 66)
    assert regions["special"] == (0, 75)
    assert regions["action"] == (76,)
    for layout in ("declared", "measured"):
        keys = ["instruction", "layer", "head"]
        rows = result.attention.filter(
            (pc.field("policy") == "random@sound") & (pc.field("layout") == layout)
        )
        sums = rows.group_by(keys).aggregate([("share", "sum")])["share_sum"].to_numpy()
        assert len(sums) == 3 * 2 * 3  # instructions, layers, heads
        assert np.abs(sums - 1).max() < 1e-6


def test_the_record_says_what_was_run(result: Result) -> None:
    run = result.record.run
    assert run.seed == 5
    assert run.arguments["policies"] == [p.name for p in result.record.policies]
    assert run.arguments["instructions"]["left"].startswith("navigate to the left")
    assert {p.declared for p in result.record.policies} == {"image=0:64,text=64:+len"}
    assert {"python", "heedmap", "torch", "transformers"} <= set(run.versions)
    policy = policy_named(result, "random@sound")
    assert len(policy.weights_sha256 or "") == 64
    assert policy.attention_layers == tuple(f"decoder.model.layers.{i}.self_attn" for i in range(2))
    assert policy.outputs_unchanged


def test_an_audit_leaves_the_model_bit_for_bit_as_it_came(case: FrameCase) -> None:
    policy = random_policy("sound")
    policy.module.train()
    policy.module.get_submodule("head").eval()
    flags = [module.training for module in policy.module.modules()]
    weights = {k: v.clone() for k, v in policy.module.state_dict().items()}
    texts = list(case.instructions.values())
    before = policy([of_frame(case.frame)] * 3, texts)
    audit(policy, case.frame, case.instructions)
    assert torch.equal(before, policy([of_frame(case.frame)] * 3, texts))
    assert flags == [module.training for module in policy.module.modules()]
    assert all(torch.equal(v, weights[k]) for k, v in policy.module.state_dict().items())
    for module in policy.module.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_a_policy_that_changes_its_weights_is_refused(case: FrameCase) -> None:
    network = random_network("sound")

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        counter.data += 1
        return run_bare(network, frames, instructions)

    counter = torch.nn.Parameter(torch.zeros(1))
    network.register_parameter("counter", counter)
    policy = CallablePolicy("counting", run, network)
    with pytest.raises(PolicyError, match="changed while it was audited"):
        audit(policy, case.frame, case.instructions, until="exchange")


@pytest.mark.parametrize(
    ("begin", "message"),
    [(0, "is not deterministic"), (40, "different actions before, during and after")],
)
def test_a_policy_whose_action_drifts_is_refused(begin: int, message: str, case: FrameCase) -> None:
    network = random_network("sound")
    calls: list[int] = []

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        calls.append(1)
        return run_bare(network, frames, instructions) + max(0, len(calls) - begin) * 1e-3

    policy = CallablePolicy("drifting", run, network)
    with pytest.raises(PolicyError, match=message):
        audit(policy, case.frame, case.instructions, until="exchange")


def test_scores_that_are_not_finite_are_refused(case: FrameCase) -> None:
    network = random_network("sound")
    policy = CallablePolicy("nan", lambda f, i: run_bare(network, f, i) * float("nan"), network)
    with pytest.raises(PolicyError, match="not finite"):
        audit(policy, case.frame, case.instructions)


def test_continuous_actions_have_values_and_no_name(case: FrameCase) -> None:
    network = random_network("sound")
    policy = CallablePolicy("continuous", lambda f, i: run_bare(network, f, i), network)
    result = audit(policy, case.frame, case.instructions, until="exchange").record.policies[0]
    assert result.cases[0].action.name is None
    assert result.cases[0].action.probabilities is None
    assert len(result.cases[0].action.values) == 3
    assert all(pair.choice_identical is None for pair in result.facts.pairs)
    assert all(pair.action_distance_bits is None for pair in result.facts.pairs)
    assert "declared" not in result.cases[0].layouts


def test_several_frames_are_kept_apart(case: FrameCase) -> None:
    frames = {"one": case.frame, "two": 255 - case.frame}
    ticks: list[tuple[str, int, int]] = []
    result = audit(
        random_policy("sound"),
        frames,
        case.instructions,
        on_progress=lambda *tick: ticks.append(tick),
    )
    assert [(c.frame, c.instruction) for c in result.record.policies[0].cases] == [
        (frame, name) for frame in frames for name in case.instructions
    ]
    # Six cases, and three stages of the upper rungs.
    assert ticks == [("random@sound", n, 9) for n in range(1, 10)]


def test_what_cannot_be_audited_is_refused_before_any_work(case: FrameCase) -> None:
    policy, frame, texts = random_policy("sound"), case.frame, case.instructions
    with pytest.raises(InstructionError, match="at least two"):
        audit(policy, frame, {"left": "go left"})
    with pytest.raises(InstructionError, match="'a' and 'b' have the same text"):
        audit(policy, frame, {"a": "go left", "b": "go left"})
    with pytest.raises(InstructionError, match="258 tokens, .* at most 256"):
        audit(policy, frame, {"a": "go left", "b": "go " * 254})
    with pytest.raises(FrameError, match="56x56 px, got 20x10"):
        audit(policy, np.zeros((10, 20, 3), dtype=np.uint8), texts)
    with pytest.raises(FrameError, match="uint8"):
        audit(policy, np.zeros((10, 20)), texts)
    with pytest.raises(FrameError, match="No frame"):
        audit(policy, [], texts)
    with pytest.raises(RegionError, match="'text' ends at position 311"):
        audit(policy, frame, texts, declared="image=0:64,text=300:+len")
    with pytest.raises(PolicyError, match="none twice"):
        audit([policy, policy], frame, texts)
    with pytest.raises(InstructionError, match="expected for the instruction 'up'"):
        audit(policy, frame, texts, expected_actions={"up": "left"})


def test_many_frames_hold_no_more_tensors_than_few(case: FrameCase) -> None:
    """Attention calls keep queries, keys and values: those of earlier cases must be let go."""
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, case.frame.shape, dtype=np.uint8) for _ in range(5)]
    texts = {side: case.instructions[side] for side in ("left", "right")}
    alive: list[int] = []

    def count(*_: object) -> None:
        gc.collect()
        alive.append(sum(type(each) is FusedCall for each in gc.get_objects()))

    gc.collect()
    gc.freeze()  # what is there already is not gone through at every count
    try:
        audit(random_policy("sound"), frames, texts, trials=(), on_progress=count)
    finally:
        gc.unfreeze()
    assert len(alive) == 10
    assert max(alive[4:]) <= max(alive[:4]) > 0


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
def test_a_record_is_the_same_whatever_is_spoken(
    wiring: Wiring, case: FrameCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = []
    for language in ("en", "ko"):
        monkeypatch.setenv("HEEDMAP_LANG", language)
        found = audit(random_policy(wiring), case.frame, case.instructions, until="exchange")
        records.append(found.record.model_dump_json(exclude={"run"}))
    assert records[0] == records[1]
    assert not [letter for letter in records[1] if "가" <= letter <= "힣"]
