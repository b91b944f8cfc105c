"""The contract: every family of vision-language models is audited alike, by its own code.

No family is named here; `tests/families.py` builds them. The oracles are the processor's own
image tokens, transformers' eager attention, and the model's own `generate`.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.lower.discovery import action_rows
from heedmap.data.observation import Observation, of_frame
from heedmap.policies.action_tokens import word_tokens
from heedmap.policies.vlm import VlmPolicy
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.cases import frame_case
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.attention import capture_attention
from heedmap.tracing.observe import observe
from tests.families import ACTIONS, FAMILIES, INSTRUCTIONS, PROMPT, Family, family
from tests.families_page import check_page, is_complete, saw, saw_rungs

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
"""Eager attention in bfloat16 rounds its scores; ours takes queries and keys to float32."""


def policy_of(own: Family, steps: int = 1) -> VlmPolicy:
    tokens = word_tokens(ACTIONS, own.processor.tokenizer)
    if steps > 1:
        tokens = type(tokens)(tokens.ids, None, (-1.0, 0.0, 1.0), steps)
    return VlmPolicy("tiny", own.model, own.processor, tokens, prompt=PROMPT)


@cache
def audited(name: str) -> tuple[Family, VlmPolicy, PolicyResult]:
    own = family(name)
    policy = policy_of(own)
    case = frame_case(0)
    return own, policy, audit(policy, case.frame, INSTRUCTIONS, until="cut").record.policies[0]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_measured_layout_is_the_processors(name: str, case: FrameCase) -> None:
    own, policy, result = audited(name)
    text = INSTRUCTIONS["left"]
    inputs = policy.inputs([of_frame(case.frame)], [text])
    regions = result.cases[0].layouts["measured"].regions
    is_image = own.is_image(inputs)[0]
    image = set(torch.nonzero(is_image).flatten().tolist())
    assert set(regions["image"]) <= image
    assert_constant(own, policy, result, case, image - set(regions["image"]))
    ids = inputs["input_ids"][0].tolist()
    words = own.processor.tokenizer.convert_ids_to_tokens(ids)
    assert [words[p] for p in regions["instruction"]] == text.split()
    assert regions["action"] == (len(ids) - 1,)
    saw(name, "layout")


@pytest.mark.parametrize("name", FAMILIES)
def test_the_ladder_is_climbed_and_nothing_goes_around(name: str) -> None:
    _, _, result = audited(name)
    rungs = result.verdict.rungs
    assert {r: rungs[r].status for r in ("tokenised", "present", "visible", "attended")} == {
        "tokenised": "holds",
        "present": "holds",
        "visible": "holds",
        "attended": "holds",
    }
    assert result.verdict.bypass.status == "none"
    assert result.measurements.used is not None
    assert result.measurements.obeyed is not None
    assert result.outputs_unchanged
    saw_rungs(name, result)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", FAMILIES)
def test_captured_attention_is_eagers(name: str, dtype: torch.dtype, case: FrameCase) -> None:
    own = family(name, dtype)
    policy, observation = policy_of(own), of_frame(case.frame)
    text = INSTRUCTIONS["left"]
    pattern = next(s.pattern for s in audited(name)[2].measurements.stacks if s.taken)
    found = observe(policy, pattern, observation, text).attention((-1,))
    expected = eager_attention(own, policy.inputs([observation], [text]))
    assert found.shape == (len(expected), expected[0].shape[1], 1, expected[0].shape[-1])
    for layer, weights in zip(found, expected, strict=True):
        assert np.abs(layer[:, 0] - weights[0, :, -1].float().numpy()).max() <= TOLERANCE[dtype]
    saw(name, str(dtype).removeprefix("torch."))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_padded_batch_has_the_rows_of_each_alone(name: str, side: str, case: FrameCase) -> None:
    """Two instructions of unequal length: the shorter one's row, without its padding."""
    own = family(name)
    policy = policy_of(own)
    texts = [INSTRUCTIONS["left"], INSTRUCTIONS["ahead"]]
    observation = of_frame(case.frame)
    inputs = padded(policy, observation, texts, side)
    if inputs is None:
        saw(name, f"padded {side}", "not its processor's")
        pytest.skip(f"its processor does not pad on the {side}")
    mask = inputs["attention_mask"].bool()
    row = int(torch.nonzero(mask[1]).max())
    pattern = next(s.pattern for s in audited(name)[2].measurements.stacks if s.taken)
    layers = capture(own, pattern, inputs, row)
    alone = capture(own, pattern, policy.inputs([observation], texts[1:]), -1)
    assert len(layers) == len(alone) == 2
    for together, single in zip(layers, alone, strict=True):
        own_keys = together[1][:, 0][:, mask[1]]
        assert (own_keys - single[0][:, 0]).abs().max() <= 1e-5
        assert together[1][:, 0][:, ~mask[1]].abs().max() <= 1e-9
    saw(name, f"padded {side}")


@pytest.mark.parametrize("name", FAMILIES)
def test_several_steps_are_those_that_the_model_writes(name: str, case: FrameCase) -> None:
    """One pass over what was written gives the logits with which `generate` wrote it."""
    own = family(name)
    policy = policy_of(own, steps=3)
    observation, text = of_frame(case.frame), INSTRUCTIONS["left"]
    inputs = policy.inputs([observation], [text])
    written = own.model.generate(
        **inputs,
        max_new_tokens=3,
        min_new_tokens=3,
        do_sample=False,
        num_beams=1,
        output_logits=True,
        return_dict_in_generate=True,
        prefix_allowed_tokens_fn=lambda *_: list(policy._actions.ids),
        pad_token_id=1,
    )
    expected = policy._actions.scores(torch.stack(written.logits, dim=1))
    found = policy([observation], [text])
    assert found.shape == (1, 3)
    assert (found - expected).abs().max() <= 1e-5
    pattern = next(s.pattern for s in audited(name)[2].measurements.stacks if s.taken)
    stack = observe(policy, pattern, observation, text).stack
    length = inputs["input_ids"].shape[1]
    rows = action_rows(policy, stack, observation, text, seed=0)
    assert rows == (length - 1, length, length + 1)
    saw(name, "several steps")


def eager_attention(own: Family, inputs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
    twin = copy.deepcopy(own.model)
    twin.set_attn_implementation("eager")
    with torch.no_grad():
        return twin(**inputs, output_attentions=True).attentions


def capture(own: Family, pattern: str, inputs: dict[str, Any], row: int) -> list[torch.Tensor]:
    """Weights of one row in every layer of the language model, (batch, head, 1, key)."""
    decoder = own.model.get_submodule(pattern.split(".layers")[0])
    with torch.no_grad(), capture_attention(decoder, rows=(row,)) as seen:
        own.model(**inputs)
    return [layer.weights for layer in seen.layers()]


def assert_constant(
    own: Family, policy: VlmPolicy, result: PolicyResult, case: FrameCase, positions: set[int]
) -> None:
    """Image tokens that no pixel moves hold one learned vector: the end of a row of patches."""
    if not positions:
        return
    pattern = next(s.pattern for s in result.measurements.stacks if s.taken)
    sequence = observe(policy, pattern, of_frame(case.frame), INSTRUCTIONS["left"]).sequence[0]
    ends = sequence[sorted(positions)]
    learned = [p for n, p in own.model.named_parameters() if "newline" in n]
    assert learned
    assert torch.equal(ends, learned[0].expand_as(ends))


def padded(
    policy: VlmPolicy, observation: Observation, texts: list[str], side: str
) -> dict[str, Any] | None:
    """As the processor pads on that side; a few know one side only."""
    policy._tokenizer.padding_side = side
    together = policy.inputs([observation] * 2, texts)
    alone = policy.inputs([observation], texts[1:])
    of_text = together["attention_mask"][1].bool()
    for key, value in together.items():
        goes_along = value.shape == together["input_ids"].shape and key != "attention_mask"
        if goes_along and not torch.equal(value[1][of_text], alone[key][0]):
            return None
    return together


def test_the_page_of_families_says_what_was_seen() -> None:
    """Runs last in this file; the others that it needs stand in tests/policies."""
    others = {"kosmos2 (RoboVLMs, insert)", "kosmos2 (RoboVLMs, overwrite)", "pi0", "server"}
    if not is_complete({*FAMILIES, *others}):
        pytest.skip("not all families were tested in this run")
    check_page()
