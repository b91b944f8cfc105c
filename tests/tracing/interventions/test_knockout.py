"""Knockouts against the naive way: one eager forward pass each, with the edges in its mask."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.errors import CaptureError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS, FrameCase
from heedmap.testbed.specimens.zoo import SPECIMENS, load_specimen
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.interventions.knockout import (
    Knockout,
    KnockoutRun,
    act_under,
    edges_between,
    edges_from_outside,
    random_edges,
    visible_edges,
)
from heedmap.tracing.observe import only_stack, traced
from tests.conftest import run_bare
from tests.plain_policies import KINDS, Kind, PlainPolicy
from tests.real_models import Build, bare, kosmos2, llama, paligemma


@contextmanager
def masked(module: nn.Module, stack: Stack, knockout: Knockout) -> Iterator[None]:
    """The naive way: the edges go into the mask that eager attention is given."""

    def hook_for(layer: int) -> Any:
        def hook(_: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
            mask = kwargs["attention_mask"]
            heads = stack.calls[layer].head_count
            own = mask.expand(-1, heads, -1, -1).clone()
            chosen = list(range(heads)) if knockout.heads is None else list(knockout.heads)
            cut = torch.zeros(own.shape[1:], dtype=torch.bool)
            cut[chosen] = torch.from_numpy(knockout.edges)
            return args, {**kwargs, "attention_mask": own.masked_fill(cut, -torch.inf)}

        return hook

    layers = range(len(stack.calls)) if knockout.layers is None else knockout.layers
    handles = [
        module.get_submodule(stack.module_names[layer]).register_forward_pre_hook(
            hook_for(layer), with_kwargs=True
        )
        for layer in layers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def knockouts_for(stack: Stack, instruction: Sequence[int], seed: int = 0) -> list[Knockout]:
    """One of every kind: direct, from everywhere, by layer, by head, by window, random."""
    length, action = stack.length, stack.length - 1
    image = list(range(1, 9))
    direct = Knockout(edges_between(length, [action], instruction))
    everywhere = Knockout(edges_from_outside(length, instruction))
    last, heads = len(stack.calls) - 1, stack.calls[0].head_count
    rng = np.random.default_rng(seed)
    return [
        direct,
        everywhere,
        Knockout(edges_between(length, instruction, image)),
        Knockout(edges_between(length, [action], image)),
        direct.within(layers=[last]),
        direct.within(layers=[0, 1]),
        direct.within(heads=[heads - 1]),
        direct.within(layers=[0], heads=[0]),
        everywhere.within(layers=[last], heads=[0]),
        Knockout(random_edges(everywhere.edges, visible_edges(stack), instruction, rng)),
    ]


def check_against_naive(
    policy: Policy, naive: Policy, pattern: str, case: FrameCase, instruction: Sequence[int]
) -> None:
    text, observation = case.instructions["left"], of_frame(case.frame)
    stack = only_stack(traced(policy, observation, text), pattern)
    knockouts = knockouts_for(stack, instruction)
    runs = [KnockoutRun(observation, text, knockout) for knockout in [None, *knockouts]]
    batched = act_under(policy, stack, runs, batch=7)
    plain = naive([observation], [text])[0]
    assert (batched[0] - plain).abs().max() <= 1e-5
    moved = 0
    for knockout, got in zip(knockouts, batched[1:], strict=True):
        with masked(naive.module, stack, knockout):
            expected = naive([observation], [text])[0]
        assert (got - expected).abs().max() <= 1e-5
        moved += bool((expected - plain).abs().max() > 1e-4)
    assert moved >= 3  # the comparison is of something


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_specimen(name: str, case: FrameCase) -> None:
    network = load_specimen(name)
    naive = copy.deepcopy(network)
    naive.decoder.set_attn_implementation("eager")
    policies = [
        CallablePolicy(name, lambda f, i, n=n: run_bare(n, f, i), n, action_names=ACTIONS)
        for n in (network, naive)
    ]
    # In the published wiring the words are overwritten: cut the image tokens that are seen.
    instruction = range(67, 75) if name.endswith("@sound") else range(2, 10)
    check_against_naive(
        policies[0], policies[1], "decoder.model.layers.*.self_attn", case, instruction
    )


@pytest.mark.parametrize(
    ("build", "pattern", "instruction"),
    [
        (kosmos2, "text_model.model.layers.*.self_attn", range(11, 19)),
        (paligemma, "model.language_model.layers.*.self_attn", range(17, 25)),
        (llama, "model.layers.*.self_attn", range(16, 24)),
    ],
)
def test_real_decoders(build: Build, pattern: str, instruction: range, case: FrameCase) -> None:
    model, inputs = build()
    naive = copy.deepcopy(model)
    naive.set_attn_implementation("eager")
    check_against_naive(bare(model, inputs), bare(naive, inputs), pattern, case, instruction)


PLAIN_PATTERNS: dict[Kind, str] = {
    "sdpa": "blocks.*.attention",
    "softmax": "blocks.*.attention",
    "multihead": "blocks.*.attention",
    "encoder": "blocks.*.self_attn",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inference", [False, True])
def test_with_all_edges_from_the_words_cut_the_words_cannot_matter(
    kind: Kind, inference: bool, case: FrameCase
) -> None:
    """In plain PyTorch of every backend: patches 0..48, words 49..56, the action token last."""
    module = PlainPolicy(kind)
    policy = CallablePolicy("plain", module, module)
    observation = of_frame(case.frame)
    left, right = case.instructions["left"], case.instructions["right"]
    with one_attention_path(), torch.inference_mode(inference):
        stack = only_stack(traced(policy, observation, left), PLAIN_PATTERNS[kind])
        cut = Knockout(edges_from_outside(stack.length, range(49, 57)))
        runs = [KnockoutRun(observation, text, k) for k in (None, cut) for text in (left, right)]
        plain_left, plain_right, cut_left, cut_right = act_under(policy, stack, runs)
        again = policy([observation], [left])[0]
    assert (plain_left - plain_right).abs().max() > 1e-4
    assert (cut_left - cut_right).abs().max() <= 1e-5
    assert torch.allclose(again, plain_left, atol=1e-6)  # nothing stays behind


def test_heads_of_grouped_queries_are_the_query_heads(case: FrameCase) -> None:
    """Four query heads on two key heads: cutting all four one by one is cutting them all."""
    model, inputs = llama()
    policy, observation = bare(model, inputs), of_frame(case.frame)
    text = case.instructions["left"]
    stack = only_stack(traced(policy, observation, text), "model.layers.*.self_attn")
    edges = edges_between(stack.length, [stack.length - 1], range(16, 24))
    whole = Knockout(edges, layers=(2,))
    runs = [KnockoutRun(observation, text, k) for k in (whole, whole.within([2], [0, 1, 2, 3]))]
    one, two = act_under(policy, stack, runs)
    assert torch.allclose(one, two, atol=1e-6)


def test_a_row_without_anything_left_to_see_reads_zero(case: FrameCase) -> None:
    module = PlainPolicy("sdpa", blocks=1)
    policy, observation = CallablePolicy("plain", module, module), of_frame(case.frame)
    text = case.instructions["left"]
    stack = only_stack(traced(policy, observation, text), "blocks.*.attention")
    action = stack.length - 1
    nothing = Knockout(edges_between(stack.length, [action], range(stack.length)))
    (got,) = act_under(policy, stack, [KnockoutRun(observation, text, nothing)])
    attention = module.blocks[0].get_submodule("attention")
    bias = attention.get_submodule("out").get_parameter("bias")
    assert torch.allclose(got, module.head(module.action + bias), atol=1e-6)


def test_a_cut_that_does_not_take_place_is_an_error(case: FrameCase) -> None:
    """A sequence of another length must not pass for a cut without effect."""
    model, inputs = llama()
    policy, observation = bare(model, inputs), of_frame(case.frame)
    stack = only_stack(
        traced(policy, observation, case.instructions["left"]), "model.layers.*.self_attn"
    )
    cut = Knockout(edges_from_outside(stack.length, range(16, 24)))
    with pytest.raises(CaptureError, match="could not be cut"):
        act_under(policy, stack, [KnockoutRun(observation, case.instructions["forward"], cut)])


@given(length=st.integers(4, 12), causal=st.booleans(), seed=st.integers(0, 99), data=st.data())
def test_random_edges_are_as_many_and_as_visible(
    length: int, causal: bool, seed: int, data: st.DataObject
) -> None:
    keys = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=length - 1))
    visible = (
        np.tril(np.ones((length, length), bool)) if causal else np.ones((length, length), bool)
    )
    edges = edges_from_outside(length, keys)
    drawn = random_edges(edges, visible, keys, np.random.default_rng(seed))
    assert not drawn[:, sorted(keys)].any()
    assert not drawn.diagonal().any()
    assert not (drawn & ~visible).any()
    wanted = (edges & visible).sum(axis=1)
    eligible = visible & ~np.eye(length, dtype=bool)
    eligible[:, sorted(keys)] = False
    assert (drawn.sum(axis=1) == np.minimum(wanted, eligible.sum(axis=1))).all()
    # All rows that may choose freely take the same positions, in one order.
    again = random_edges(edges, visible, keys, np.random.default_rng(seed))
    assert (again == drawn).all()
