"""Trunks that share their prefix against a pass recorded for each instruction."""

from __future__ import annotations

import pytest
import torch

from heedmap.data.observation import of_frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS, FrameCase
from heedmap.testbed.specimens.zoo import load_specimen
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import (
    Edges,
    Knockout,
    KnockoutRun,
    act_under,
    edges_from_outside,
    visible_edges,
)
from heedmap.tracing.observe import only_stack, traced
from heedmap.tracing.shared_prefix import trunks
from heedmap.tracing.shared_prefix.attend import Together
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError
from heedmap.tracing.shared_prefix.trunk import record_trunk, tolerance
from heedmap.tracing.shared_prefix.trunks import share_trunk
from tests.conftest import run_bare
from tests.real_models import bare, kosmos2, llama, paligemma

TEXTS = ("go to the left", "go to the door", "take a red key")
"""Of four words each."""


def _specimen() -> tuple[Policy, str]:
    network = load_specimen("exp43_cross_attn_text@sound")
    policy = CallablePolicy(
        "specimen", lambda f, i: run_bare(network, f, i), network, action_names=ACTIONS
    )
    return policy, "decoder.model.layers.*.self_attn"


CAUSAL = {
    "kosmos2": lambda: (bare(*kosmos2()), "text_model.model.layers.*.self_attn"),
    "llama": lambda: (bare(*llama()), "model.layers.*.self_attn"),
    "specimen": _specimen,
}


@pytest.mark.parametrize("name", CAUSAL)
def test_each_is_as_it_is_recorded_alone(name: str, case: FrameCase) -> None:
    policy, pattern = CAUSAL[name]()
    seen = of_frame(case.frame)
    stack = only_stack(traced(policy, seen, TEXTS[0]), pattern)
    first = record_trunk(policy, stack, seen, TEXTS[0])
    copies = name == "specimen"  # its head looks at the words of every example
    shared = share_trunk(policy, first, TEXTS[1:], copies=copies)
    assert shared.sequences.prefix > 0
    for text in TEXTS:
        mine, alone = shared.of(text), record_trunk(policy, stack, seen, text)
        assert mine.instruction == text
        assert (mine.scores - alone.scores).abs().max() <= tolerance(alone.scores)
        for one, two in zip(mine.layers, alone.layers, strict=True):
            for kind in ("query", "key", "value"):
                a, b = getattr(one.call, kind), getattr(two.call, kind)
                assert a.shape == b.shape
                assert (a - b).abs().max() <= 1e-5 * max(1.0, float(b.abs().max()))
            assert (one.entering - two.entering).abs().max() <= 1e-5 * float(
                two.entering.abs().max()
            )
            rows = torch.arange(stack.length)
            biases = [layer.bias(rows) for layer in (one, two)]
            assert (biases[0] is None) == (biases[1] is None)
            if biases[0] is not None and biases[1] is not None:
                assert torch.equal(biases[0] == 0, biases[1] == 0)


def test_what_is_not_causal_or_of_another_length_is_not_shared(case: FrameCase) -> None:
    seen = of_frame(case.frame)
    policy = bare(*paligemma())
    stack = only_stack(traced(policy, seen, TEXTS[0]), "model.language_model.layers.*.self_attn")
    trunk = record_trunk(policy, stack, seen, TEXTS[0])
    with pytest.raises(NotShareableError, match="not causal"):
        share_trunk(policy, trunk, TEXTS[1:])
    policy, pattern = CAUSAL["llama"]()
    stack = only_stack(traced(policy, seen, TEXTS[0]), pattern)
    trunk = record_trunk(policy, stack, seen, TEXTS[0])
    with pytest.raises(NotShareableError, match="not of one length"):
        share_trunk(policy, trunk, ["go"])


def _cuts(stack: Stack, case: FrameCase) -> tuple[Edges, list[KnockoutRun]]:
    """The words cut out whole and by layer, and nothing cut, under every text."""
    seen, visible = of_frame(case.frame), visible_edges(stack)
    edges = edges_from_outside(stack.length, range(stack.length - 4, stack.length - 1))
    cuts = [None, Knockout(edges), *(Knockout(edges, (layer,)) for layer in range(2))]
    return visible, [KnockoutRun(seen, text, cut) for text in TEXTS for cut in cuts]


def test_knockouts_share_the_prefix_and_give_what_whole_passes_give(case: FrameCase) -> None:
    policy, pattern = CAUSAL["llama"]()
    stack = only_stack(traced(policy, of_frame(case.frame), TEXTS[0]), pattern)
    visible, runs = _cuts(stack, case)
    rows = (stack.length - 1,)
    expected = act_under(policy, stack, runs)
    alone = Knockouts(policy, 1).scores(stack, rows, visible, runs)
    together = Knockouts(policy, 1, Together(policy, stack))
    shared = together.scores(stack, rows, visible, runs)
    assert together.path().kind == "cached rows"
    assert (alone - expected).abs().max() <= 1e-5
    assert (shared - expected).abs().max() <= 1e-5
    assert (expected[0] - expected[1]).abs().max() > 1e-4  # a cut does something
    assert together.together is not None
    assert together.together.why_alone is None


@pytest.mark.parametrize("is_known", [False, True])
def test_shared_passes_that_differ_from_plain_ones_are_not_taken(
    case: FrameCase, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    policy, pattern = CAUSAL["llama"]()
    seen = of_frame(case.frame)
    stack = only_stack(traced(policy, seen, TEXTS[0]), pattern)
    visible, runs = _cuts(stack, case)
    real = trunks.keep_together

    def wrong(*args: object, **kwargs: bool):
        scores, layers = real(*args, **kwargs)  # pyright: ignore[reportArgumentType]
        scores = scores.clone()
        scores[1:] += 0.5
        return scores, [replaced._replace(value=replaced.value + 1) for replaced in layers]

    monkeypatch.setattr(trunks, "keep_together", wrong)
    known = {text: policy([seen], [text])[0].double().numpy() for text in TEXTS if is_known}
    knockouts = Knockouts(policy, 1, Together(policy, stack), lambda _, text: known.get(text))
    got = knockouts.scores(stack, (stack.length - 1,), visible, runs)
    assert (got - act_under(policy, stack, runs)).abs().max() <= 1e-5
    assert knockouts.path().kind == "cached rows"  # of passes that were recorded one by one
