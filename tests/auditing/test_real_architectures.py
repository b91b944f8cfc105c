"""Small random real vision-language models, audited without an adapter."""

from __future__ import annotations

import copy

import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.data.observation import of_frame
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.observe import observe
from tests.real_models import Build, bare, kosmos2, paligemma


def audited(build: Build, case: FrameCase) -> PolicyResult:
    result = audit(bare(*build()), case.frame, case.instructions, until="cut").record.policies[0]
    assert result.verdict.cause == "none"
    assert result.verdict.bypass.status == "none"
    # Their towers attend over the whole image: a patch moves every image position.
    assert all(patches.mixes for patches in result.measurements.patches)
    return result


def test_paligemma_tower_and_decoder_are_told_apart(case: FrameCase) -> None:
    result = audited(paligemma, case)
    taken = {stack.pattern: stack.taken for stack in result.measurements.stacks}
    assert taken == {
        "model.vision_tower.encoder.layers.*.self_attn": False,
        "model.vision_tower.head.attention": False,
        "model.language_model.layers.*.self_attn": True,
    }
    regions = result.cases[0].layouts["measured"].regions
    assert regions["image"] == tuple(range(16))
    assert regions["instruction"] == tuple(range(17, 25))
    assert regions["action"] == (25,)


def test_kosmos2_with_its_own_tower_and_resampler(case: FrameCase) -> None:
    result = audited(kosmos2, case)
    taken = [stack.pattern for stack in result.measurements.stacks if stack.taken]
    assert taken == ["text_model.model.layers.*.self_attn"]
    regions = result.cases[0].layouts["measured"].regions
    assert regions["image"] == tuple(range(2, 10))
    assert regions["instruction"] == tuple(range(11, 19))
    assert regions["special"] == (0, 1, 10)  # the brackets' ids were given
    assert regions["action"] == (19,)


@pytest.mark.parametrize("build", [paligemma, kosmos2])
def test_the_recorded_attention_is_that_of_eager(build: Build, case: FrameCase) -> None:
    model, inputs = build()
    policy, text = bare(model, inputs), case.instructions["left"]
    pattern = next(
        stack.pattern for stack in audited(build, case).measurements.stacks if stack.taken
    )
    own = observe(policy, pattern, of_frame(case.frame), text).attention((-1,))
    twin = copy.deepcopy(model)
    twin.set_attn_implementation("eager")
    with torch.no_grad():
        expected = twin(**inputs([case.frame], [text]), output_attentions=True).attentions
    full = torch.stack([layer[0, :, [-1]] for layer in expected]).numpy()
    assert abs(own - full).max() <= 1e-5
