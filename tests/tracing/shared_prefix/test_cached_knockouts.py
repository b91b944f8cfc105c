"""Cached knockouts against whole passes, and where they must not be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from heedmap.data.observation import of_frame
from heedmap.ladder.evidence import KnockoutPath
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS, FrameCase
from heedmap.testbed.specimens.zoo import load_specimen
from heedmap.tracing.interventions.cached import Knockouts, rows_touched
from heedmap.tracing.interventions.knockout import (
    Knockout,
    KnockoutRun,
    act_under,
    edges_between,
    edges_from_outside,
    visible_edges,
)
from heedmap.tracing.observe import only_stack, traced
from tests.conftest import run_bare
from tests.plain_policies import KINDS, Kind, PlainPolicy
from tests.real_models import Build, bare, kosmos2, llama, paligemma


def every_head(length: int, layers: int, heads: int, keys: Sequence[int]) -> list[Knockout]:
    edges = edges_between(length, [length - 1], keys)
    return [
        Knockout(edges, layers=(layer,), heads=(head,))
        for layer in range(layers)
        for head in range(heads)
    ]


def check(policy: Policy, pattern: str, case: FrameCase, keys: Sequence[int]) -> KnockoutPath:
    """Every head, windows, cuts from everywhere: the same as one forward pass each.

    Gives how the cuts of the action row's own edges were run.
    """
    text, observation = case.instructions["left"], of_frame(case.frame)
    stack = only_stack(traced(policy, observation, text), pattern)
    length, layers = stack.length, len(stack.calls)
    cuts = [
        *every_head(length, layers, stack.calls[0].head_count, keys),
        Knockout(edges_between(length, [length - 1], keys)),
        Knockout(edges_between(length, [length - 1], range(length - 1))),
        Knockout(edges_between(length, [length - 1], range(length)), layers=(layers - 1,)),
    ]
    visible = visible_edges(stack)
    knockouts = Knockouts(policy, batch=8)
    for group in (cuts, [Knockout(edges_from_outside(length, keys)), cuts[-3]]):
        runs = [KnockoutRun(observation, text, cut) for cut in (None, *group)]
        expected = act_under(policy, stack, runs, batch=1)
        got = knockouts.scores(stack, (length - 1,), visible, runs)
        assert (got - expected).abs().max() <= 1e-5
        assert (expected[1:] - expected[:1]).abs().max() > 1e-4  # the comparison is of something
    return knockouts.path((length - 1,))


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("exp42_counterfactual_pta@sound", False),
        # Its cross-attention wants words for every state of the batch.
        ("exp43_cross_attn_text@monavla", True),
    ],
)
def test_specimens(name: str, copies: bool, case: FrameCase) -> None:
    network = load_specimen(name)
    policy = CallablePolicy(
        name, lambda f, i: run_bare(network, f, i), network, action_names=ACTIONS
    )
    keys = range(67, 75) if name.endswith("@sound") else range(2, 10)
    path = check(policy, "decoder.model.layers.*.self_attn", case, keys)
    assert path.kind == "cached rows"
    assert path.copies == copies


@pytest.mark.parametrize(
    ("build", "pattern", "keys", "kind"),
    [
        (kosmos2, "text_model.model.layers.*.self_attn", range(11, 19), "cached rows"),
        (llama, "model.layers.*.self_attn", range(16, 24), "cached rows"),
        # Its prefix sees the last position too: nothing may be cached.
        (paligemma, "model.language_model.layers.*.self_attn", range(17, 25), "forward passes"),
    ],
)
def test_real_decoders(build: Build, pattern: str, keys: range, kind: str, case: FrameCase) -> None:
    model, inputs = build()
    path = check(bare(model, inputs), pattern, case, keys)
    assert path.kind == kind
    assert path.why is None if kind == "cached rows" else "not causal" in str(path.why)


@pytest.mark.parametrize("kind", KINDS)
def test_where_everything_sees_everything_passes_are_whole(kind: Kind, case: FrameCase) -> None:
    module = PlainPolicy(kind)
    policy = CallablePolicy("plain", module, module)
    pattern = "blocks.*.self_attn" if kind == "encoder" else "blocks.*.attention"
    path = check(policy, pattern, case, range(49, 57))
    assert path.kind == "forward passes"


def test_a_head_that_reads_by_absolute_position_gets_whole_passes(case: FrameCase) -> None:
    """It would take another row, or none: that must be seen, not believed."""
    model, inputs = llama()

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        given = inputs(frames, texts)
        logits = model(**given).logits
        return (
            logits[:, min(given["input_ids"].shape[1] - 1, logits.shape[1] - 1), 20:23]
            + logits[:, 0, 20:23]
        )

    policy = CallablePolicy("absolute", run, model)
    path = check(policy, "model.layers.*.self_attn", case, range(16, 24))
    assert path.kind == "forward passes"
    assert "other scores" in str(path.why)


def test_nothing_is_left_on_the_network(case: FrameCase) -> None:
    model, inputs = llama()
    policy = bare(model, inputs)
    check(policy, "model.layers.*.self_attn", case, range(16, 24))
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert "forward" not in module.__dict__


def test_rows_touched_are_those_that_depend_on_the_cut() -> None:
    """Causal, six positions: cutting row 3 touches 3, 4, 5; cutting row 5 only itself."""
    visible = np.tril(np.ones((6, 6), dtype=bool))
    assert rows_touched(edges_between(6, [3], [1]), [5], visible) == (3, 4, 5)
    assert rows_touched(edges_between(6, [5], [1]), [5], visible) == (5,)
    # An edge that no mask lets through is no cut; a position that sees all depends on all.
    assert rows_touched(edges_between(6, [1], [4]), [5], visible) == (5,)
    visible[0, 5] = True
    assert rows_touched(edges_between(6, [5], [1]), [5], visible) == tuple(range(6))
